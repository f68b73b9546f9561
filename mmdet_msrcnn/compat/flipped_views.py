"""Prediction on flipped images with the cascades of mmdet.

mmdet's ``merge_aug_masks`` flips the masks of a cascade's stages if the image
is flipped, with a negative step, which torch refuses; and the masks in the
boxes of a flipped image need no flip
(https://github.com/open-mmlab/mmdetection/issues/1466). This file can go when
``merge_aug_masks`` of mmdet does not flip.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from mmdet.structures import SampleList


@contextmanager
def as_unflipped(batch_data_samples: SampleList) -> Iterator[None]:
    """Let images count as not flipped.

    Args:
        batch_data_samples (list[:obj:`DetDataSample`]): Their ``flip`` is
            False inside the context.
    """
    flips = [sample.metainfo.get('flip') for sample in batch_data_samples]
    for sample in batch_data_samples:
        sample.set_metainfo(dict(flip=False))
    try:
        yield
    finally:
        for sample, flip in zip(batch_data_samples, flips, strict=True):
            if flip is None:
                sample.pop('flip')
            else:
                sample.set_metainfo(dict(flip=flip))
