"""Names and colours of the classes of a checkpoint."""

from collections.abc import Sequence

from mmdet.registry import DATASETS
from mmengine.config import Config


def dataset_meta(meta: dict, cfg: Config, classes: int | None) -> dict:
    """Find the names and colours of the classes.

    Args:
        meta (dict): Meta information of the checkpoint: ``dataset_meta`` of
            mmdet 3.x, ``CLASSES`` and ``PALETTE`` of 2.x, or none of them.
        cfg (:obj:`Config`): Its data set supplies values that ``meta`` lacks.
        classes (int, optional): Number of classes.

    Returns:
        dict: ``classes`` (tuple[str]) and ``palette`` (list), if known.
    """
    stored = {**meta, **(meta.get('dataset_meta') or {})}
    stored = {str(k).lower(): v for k, v in stored.items() if v}
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    own = dataset.get('metainfo') or {}
    if not own and 'type' in dataset:
        own = getattr(DATASETS.get(dataset['type']), 'METAINFO', {})
    names = tuple(stored.get('classes', own.get('classes', ())))
    if len(names) != classes:
        return {}
    found: dict[str, Sequence] = dict(classes=names)
    same = names == tuple(own.get('classes', ()))
    palette = stored.get('palette') or (same and own.get('palette'))
    if palette:
        found['palette'] = [tuple(colour) for colour in palette]
    return found
