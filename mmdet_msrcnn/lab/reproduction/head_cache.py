"""Feature caches that the heads of a protocol share."""

from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.feature_cache.views import views_of

KINDS = {
    'mmdet_msrcnn.DetectionScoringRoIHead': 'detections',
    'mmdet_msrcnn.MaskScoringRoIHead': 'positives',
}


def cache_name(cfg: Config) -> str | None:
    """Name the feature cache that fits a config.

    Args:
        cfg (Config): Config that trains a head on a frozen detector.

    Returns:
        str | None: The same name for heads that can share a cache; None if
        the head must be trained directly: with random crops, with the heads
        of mmdet, or with a RoI extractor of its own, whose RoI features take
        four times the space.
    """
    roi_head = cfg.model.roi_head
    if roi_head.type not in KINDS or 'mask_iou_roi_extractor' in roi_head:
        return None
    try:
        views_of(cfg.train_dataloader.dataset)
    except ValueError:
        return None
    head = roi_head.mask_iou_head
    parts = [KINDS[roi_head.type]]
    if head.get('target_classes', 'true') != 'true':
        parts.append(f'target-{head.target_classes}')
    if head.get('fusion') == 'all_masks':
        parts.append('all-masks')
    return '_'.join(parts)


def use_cache(cfg: Config, folder: Path) -> None:
    """Train with a feature cache.

    Args:
        cfg (Config): Changed in place.
        folder (Path): Folder of the cache.
    """
    cfg.train_cfg.type = 'mmdet_msrcnn.CachedTrainLoop'
    cfg.train_cfg.cache_dir = str(folder)
