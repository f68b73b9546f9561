"""The configs of the project and how they belong together."""

from pathlib import Path

from mmdet_msrcnn.lab.reproduction.protocols import load_config
from tests.helpers import ROOT

FOLDER = ROOT / 'configs'
# Mask scores for models of mmdet
ANY_MODEL = sorted(FOLDER.glob('any_model/*_scored_*.py'))
MS_RCNNS = sorted({*FOLDER.glob('*/*ms-rcnn[_-]*.py')} - {*ANY_MODEL})
# mmdet's head under our recipe, to compare with.
PEERS = [path for path in MS_RCNNS if path.name.startswith('mmdet-')]
MS_RCNNS = [path for path in MS_RCNNS if path not in PEERS]
MASK_RCNNS = sorted(
    path
    for pattern in ('mask-rcnn_*.py', 'cascade-mask-rcnn_*.py')
    for path in FOLDER.glob(f'[!_]*/{pattern}')
    if path not in ANY_MODEL and path.parent.name != 'mask_rcnn_ablations'
)
# Mask R-CNNs that no MS R-CNN adds a head to.
MASK_RCNN_ABLATIONS = sorted(FOLDER.glob('mask_rcnn_ablations/mask-rcnn_*.py'))
ABLATIONS = [path for path in MS_RCNNS if path.parent.name == 'ablations']
CONFIGS = MS_RCNNS + PEERS + MASK_RCNNS + MASK_RCNN_ABLATIONS


def name_of(path: Path) -> str:
    return path.stem


def twin_of(path: Path) -> Path:
    """The Mask R-CNN that a config adds a MaskIoU head to."""
    if path in ABLATIONS:
        return FOLDER / 'mask_rcnn/mask-rcnn_r18_fpn_18e_coco.py'
    if '_freeze_' in path.name:
        # The detector that has been trained before.
        trained = Path(load_config(path).load_from).parent.name
        (twin,) = FOLDER.glob(f'*/{trained}.py')
        return twin
    name = path.name.replace('ms-rcnn-plus', 'ms-rcnn')
    name = name.replace('ms-rcnn', 'mask-rcnn')
    folder = path.parent.name
    folder = 'mask_rcnn' if folder.startswith('ms_rcnn') else folder
    return FOLDER / folder / name


def flatten(value: object, prefix: str = '') -> dict:
    """Values of a config by their path, such as ``model.roi_head.type``."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        return {prefix: value}
    flat = {}
    for key, child in items:
        flat |= flatten(child, f'{prefix}.{key}' if prefix else str(key))
    return flat
