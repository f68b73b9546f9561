"""RoIs of a cache as samples to train on.

Shape shorthand: K RoIs of an image, or of a batch.
"""

import torch
from torch import Tensor
from torch.utils.data import Dataset

from mmdet_msrcnn.feature_cache.storage import Storage
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples

TARGET = 'target.'
HALF = ('mask_feats', 'mask_probs')


def to_fields(samples: ScorerSamples) -> dict[str, Tensor]:
    """Convert samples to the fields of a cache.

    Args:
        samples (ScorerSamples): RoIs of one image.

    Returns:
        dict[str, Tensor]: RoI features and masks in half precision, the
        others as they are.

    Raises:
        ValueError: If a RoI feature is too large for half precision.
    """
    fields = {
        name: value
        for name, value in samples._asdict().items()
        if name != 'targets' and value is not None
    }
    for name in HALF:
        fields[name] = fields[name].half()
        if not fields[name].isfinite().all():
            raise ValueError(
                f'{name} has values that are not finite, or too large for '
                'half precision. Train directly with '
                "train_cfg.type='EpochBasedTrainLoop'."
            )
    for name, value in samples.targets.items():
        fields[TARGET + name] = value
    return fields


def from_fields(fields: dict[str, Tensor]) -> ScorerSamples:
    """Invert :func:`to_fields`, up to rounding.

    Args:
        fields (dict[str, Tensor]): Fields of the RoIs of a batch.

    Returns:
        ScorerSamples: The samples, in single precision.
    """
    return ScorerSamples(
        fields['mask_feats'].float(),
        fields['mask_probs'].float(),
        fields['labels'],
        fields.get('context'),
        {
            name.removeprefix(TARGET): value
            for name, value in fields.items()
            if name.startswith(TARGET)
        },
    )


class CachedSamples(Dataset):
    """RoIs of the images of a cache, each image in a random view.

    Args:
        storage (Storage): The cache, one view of all images after the other.
        probs (list[float]): Probability of each view.
        max_rois (int | None): Number of RoIs to draw at random from an image
            that has more. None for all.
        metainfo (dict): Of the training data set, for checkpoints.
    """

    def __init__(
        self,
        storage: Storage,
        probs: list[float],
        max_rois: int | None,
        metainfo: dict,
    ) -> None:
        self.metainfo = metainfo
        self.storage = storage
        self.probs = torch.tensor(probs)
        self.max_rois = max_rois

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.storage) // len(self.probs)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Read one image.

        Args:
            index (int): Index of the image in the training data set.

        Returns:
            dict[str, Tensor]: Fields of its RoIs.
        """
        view = int(torch.multinomial(self.probs, 1))
        fields = self.storage.read(view * len(self) + index)
        num = len(fields['labels'])
        if self.max_rois is None or num <= self.max_rois:
            return fields
        chosen = torch.randperm(num)[: self.max_rois]
        return {name: value[chosen] for name, value in fields.items()}


def collate(images: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Put the RoIs of a batch of images together."""
    return {
        name: torch.cat([image[name] for image in images])
        for name in images[0]
    }
