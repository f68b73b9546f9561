"""Agreement of an exported detector with the model."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from mmcv.transforms import Compose
from mmdet.apis import init_detector
from mmdet.structures.bbox import bbox_overlaps
from mmdet.utils import get_test_pipeline_cfg
from mmengine.dataset import pseudo_collate
from torch import Tensor

# Detections below are not compared.
MIN_SCORE = 0.05
MIN_BOX_IOU = 0.99
MAX_DIFFERENCE = 1e-3
# Of the detections; one may differ in any case, since rounding can change
# which of two boxes NMS keeps.
MIN_SHARE = 0.99


class Agreement(NamedTuple):
    """Numbers of detections with a class score of at least ``MIN_SCORE``.

    Attributes:
        expected (int): Detections of the model.
        found (int): Detections of the exported file.
        matched (int): Pairs of them, one to one, of the same class, with a
            box IoU of at least ``MIN_BOX_IOU`` and scores that
            differ by at most ``MAX_DIFFERENCE``.
    """

    expected: int
    found: int
    matched: int

    def check(self) -> None:
        """Raise a ValueError if too few detections are matched."""
        most = max(self.expected, self.found)
        if self.matched < min(MIN_SHARE * most, most - 1):
            raise ValueError(
                f'onnxruntime and the model differ: {self}. At least '
                f'{MIN_SHARE:.0%} must be the same. Please report this with '
                'the versions of torch, onnx, onnxscript and onnxruntime.'
            )

    def __str__(self) -> str:
        return (
            f'{self.matched} detections are the same, of {self.expected} of '
            f'the model and {self.found} of the file'
        )


def agreement(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> Agreement:
    """Match the detections of two runs on an image, one to one.

    Args:
        found (Mapping[str, Tensor]): ``boxes`` of shape (n, 4), ``labels``,
            ``scores``, and any other scores, of shape (n, ).
        expected (Mapping[str, Tensor]): The same names, for m detections.

    Returns:
        Agreement: Numbers of detections.
    """
    found, expected = (above(dets, MIN_SCORE) for dets in (found, expected))
    same = bbox_overlaps(expected['boxes'], found['boxes']) >= MIN_BOX_IOU
    same &= expected['labels'][:, None] == found['labels']
    for name in expected.keys() - {'boxes', 'labels'}:
        differences = expected[name][:, None] - found[name]
        same &= differences.abs() <= MAX_DIFFERENCE
    free = torch.ones(same.shape[1], dtype=torch.bool)
    matched = 0
    for row in same:
        partners = (row & free).nonzero()[:, 0]
        if len(partners):
            free[partners[0]] = False
            matched += 1
    return Agreement(len(same), same.shape[1], matched)


def above(dets: Mapping[str, Tensor], score: float) -> dict[str, Tensor]:
    """Select the detections with at least a class score."""
    kept = dets['scores'] >= score
    return {name: values[kept] for name, values in dets.items()}


@torch.no_grad()
def image_agreement(
    session: Any,
    config: str | os.PathLike,
    checkpoint: str | os.PathLike,
    image: str | os.PathLike,
) -> Agreement:
    """Compare an exported detector with the model on an image, on the CPU.

    Args:
        session (onnxruntime.InferenceSession): The exported detector.
        config (str or PathLike): Config of the model.
        checkpoint (str or PathLike): Its checkpoint.
        image (str or PathLike): Image file.

    Returns:
        Agreement: Numbers of detections.
    """
    model = init_detector(str(config), str(checkpoint), device='cpu')
    pipeline = Compose(get_test_pipeline_cfg(model.cfg))
    data = pipeline(dict(img_path=str(image), img_id=0))
    inputs = data['inputs'][None].numpy().astype(np.float32)
    names = [output.name for output in session.get_outputs()]
    values = session.run(None, dict(image=inputs))
    found = dict(zip(names, map(torch.from_numpy, values), strict=True))
    batch = model.data_preprocessor(pseudo_collate([data]))
    (sample,) = model.predict(
        batch['inputs'], batch['data_samples'], rescale=False
    )
    pred = sample.pred_instances
    scores = [name for name in names if name in pred and name != 'mask_probs']
    expected = {'boxes': pred.bboxes} | {name: pred[name] for name in scores}
    return agreement({name: found[name] for name in expected}, expected)
