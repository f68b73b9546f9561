"""The pass of a frozen detector that fills a feature cache."""

import time
from collections.abc import Iterator

from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from torch.utils.data import DataLoader

from mmdet_msrcnn.feature_cache.samples import to_fields
from mmdet_msrcnn.feature_cache.storage import GB, Writer
from mmdet_msrcnn.models.detectors.frozen_detector import FrozenDetector
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples

# Seconds between two lines in the log.
INTERVAL = 30


def check_detector(model: BaseModel) -> None:
    """Check that the scorer of a model can be trained from a cache.

    Args:
        model (BaseModel): The model.

    Raises:
        TypeError: If it is not a frozen detector, or its RoI head cannot give
            the samples of its scorer.
        ValueError: If its data preprocessor has batch augmentations.
    """
    if not isinstance(model, FrozenDetector):
        raise TypeError(
            f'The model is {type(model).__name__}. The feature cache needs a '
            'detector that stays as it is: '
            "model.type='mmdet_msrcnn.FrozenTwoStageDetector' or "
            "'mmdet_msrcnn.MaskScoredDetector'."
        )
    owner = model.get_submodule(model.scorer_name.rpartition('.')[0])
    if not hasattr(owner, 'scorer_samples'):
        raise TypeError(
            f'The RoI head is {type(owner).__name__}. The feature '
            'cache works with MaskScoringRoIHead, DetectionScoringRoIHead and '
            'CascadeDetectionScoringRoIHead of mmdet_msrcnn. Train other RoI '
            'heads directly with '
            "train_cfg.type='EpochBasedTrainLoop'."
        )
    augments = getattr(model.data_preprocessor, 'batch_augments', None)
    if augments:
        raise ValueError(
            'model.data_preprocessor.batch_augments changes images at random; '
            'remove it to use the feature cache'
        )


def samples_of(
    model: FrozenDetector, dataset: BaseDataset, num_workers: int
) -> Iterator[ScorerSamples]:
    """Run the detector on every image of a data set, one at a time.

    Args:
        model (FrozenDetector): The detector.
        dataset (BaseDataset): Images, in order.
        num_workers (int): Processes that load images.

    Yields:
        ScorerSamples: RoIs of the image.
    """
    loader = DataLoader(
        dataset, num_workers=num_workers, collate_fn=pseudo_collate
    )
    for data in loader:
        data = model.data_preprocessor(data, True)
        yield model.scorer_samples(data['inputs'], data['data_samples'])


def fill(
    writer: Writer,
    model: FrozenDetector,
    datasets: list[BaseDataset],
    num_workers: int,
) -> None:
    """Write the RoIs of all images in all views, and log the progress.

    Args:
        writer (Writer): The cache.
        model (FrozenDetector): The detector.
        datasets (list[BaseDataset]): One per view, of the same images.
        num_workers (int): Processes that load images.

    Raises:
        ValueError: If the cache becomes too large, or there are no RoIs.
    """
    logger = MMLogger.get_current_instance()
    total = sum(map(len, datasets))
    logger.info(
        f'Feature cache: the detector runs on {len(datasets[0])} images in '
        f'{len(datasets)} views; at most {writer.max_gb:g} GB in '
        f'{writer.folder}, which is renamed at the end'
    )
    model.train()
    start = shown = time.monotonic()
    for dataset in datasets:
        for samples in samples_of(model, dataset, num_workers):
            writer.add(to_fields(samples))
            done, now = len(writer.counts), time.monotonic()
            if now - shown > INTERVAL:
                shown = now
                left = (now - start) / done * (total - done)
                size = writer.size / GB
                logger.info(
                    f'Feature cache: {done} of {total}, {left:.0f} s left, '
                    f'{size:.2f} of about {size * total / done:.2f} GB'
                )
    if sum(writer.counts) == 0:
        raise ValueError(
            f'The detector finds nothing to train on in {total} images and '
            'views. Use the checkpoint of a trained detector, or lower the '
            'score_thr of its test_cfg.'
        )
    logger.info(
        f'Feature cache: {sum(writer.counts)} RoIs, '
        f'{writer.size / GB:.2f} GB, {time.monotonic() - start:.0f} s'
    )
