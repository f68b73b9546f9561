"""Protocols to train and evaluate the models of the tables.

- ``coco``: every variant has its own config, with the paper's recipe.
- ``nuclei`` and ``demo``: the R-18 variants at small scale. One Mask R-CNN is
  trained. Each variant's MaskIoU head is trained on top of it while the
  detector is frozen. So differences between detectors do not add noise.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

DETECTOR = 'mask-rcnn_r18_fpn'
MS_RCNN = 'ms-rcnn_r18_fpn'
MS_RCNN_PLUS = 'ms-rcnn-plus_r18_fpn'
# The paper's head with the recipe of MS_RCNN_PLUS.
SAME_RECIPE = f'{MS_RCNN}_plus-recipe'
MASKNESS = f'{DETECTOR}_maskness'
MMDET_TARGET = f'{MS_RCNN}_target-mmdet'
END_TO_END = '_end-to-end'
# Variants that differ only in the classes other than the true one.
OTHER_CLASSES = tuple(
    f'{MS_RCNN}_{name}'
    for name in ('fusion-all-masks', 'target-all', 'target-present')
)
# Keys of the MaskIoU head that an ablation changes.
ABLATED = ('fusion', 'target_classes', 'loss_iou')


class Recipe(NamedTuple):
    """Recipe to train and test a variant.

    Attributes:
        source (Path): Config that defines the variant.
        train (Config | None): Config to train; None to test the shared
            detector without training.
        test (Config): Config to test.
        starts_from_detector (bool): Whether training starts from the
            protocol's ``detector``.
        head (Path | None): Config of the MaskIoU head, if it is not
            ``source``.
    """

    source: Path
    train: Config | None
    test: Config
    starts_from_detector: bool = False
    head: Path | None = None


class CocoProtocol:
    """Protocol in which every variant has its own config.

    Args:
        configs (Path): Folder of the configs.
    """

    detector = DETECTOR
    # Every seed trains its own detector.
    detector_is_shared = False

    def __init__(self, configs: Path) -> None:
        self.configs = configs

    def recipe(self, variant: str) -> Recipe | None:
        """Find the recipe of a variant; None if it has no config."""
        if variant == MASKNESS:
            recipe = self.recipe(MS_RCNN)
            if recipe is None:
                return None
            use_maskness(recipe.test)
            return recipe._replace(train=None, starts_from_detector=True)
        path = next(self.configs.glob(f'*/{variant}_18e_coco.py'), None)
        if path is None:
            return None
        cfg = Config.fromfile(path)
        return Recipe(path, cfg, cfg)


class SmallProtocol:
    """Protocol of the R-18 variants on one frozen detector.

    Args:
        configs (Path): Folder of the configs.
        folder (str): Name of the subfolder for the data set.
    """

    detector = DETECTOR
    detector_is_shared = True

    def __init__(self, configs: Path, folder: str) -> None:
        self.configs = configs
        self.folder = folder

    def _path(self, name: str) -> Path | None:
        found = (self.configs / self.folder).glob(f'{name}*_{self.folder}.py')
        return next((p for p in sorted(found) if _is_model(p, name)), None)

    def recipe(self, variant: str) -> Recipe | None:
        """Find the recipe of a variant.

        None if it is not R-18 FPN. Also None if the data has one class and
        the variant differs only in the other classes.
        """
        if variant == DETECTOR or variant.endswith(END_TO_END):
            return self._end_to_end(variant.removesuffix(END_TO_END))
        plus = variant in (MS_RCNN_PLUS, SAME_RECIPE)
        path = self._path(f'{MS_RCNN_PLUS if plus else MS_RCNN}_freeze')
        if path is None:
            return None
        cfg = Config.fromfile(path)
        if variant == SAME_RECIPE:
            use_faithful_head(cfg)
        if plus or variant == MS_RCNN:
            return Recipe(path, cfg, cfg, True)
        num_classes = cfg.model.roi_head.bbox_head.num_classes
        if variant in OTHER_CLASSES and num_classes == 1:
            return None
        if variant == MASKNESS:
            use_maskness(cfg)
            return Recipe(path, None, cfg, True)
        if variant == MMDET_TARGET:
            train = Config.fromfile(path)
            use_mmdet_head(train)
            return Recipe(path, train, cfg, True)
        coco = CocoProtocol(self.configs).recipe(variant)
        if coco is None or not f'{variant}_'.startswith(f'{MS_RCNN}_'):
            return None
        ablate(cfg, coco.train)
        return Recipe(path, cfg, cfg, True, coco.source)

    def _end_to_end(self, name: str) -> Recipe | None:
        path = self._path(name)
        if path is None:
            return None
        cfg = Config.fromfile(path)
        if not name.startswith('mmdet-'):
            return Recipe(path, cfg, cfg)
        # mmdet's weights fit our modules, which return both scores.
        ours = Config.fromfile(self._path(name.removeprefix('mmdet-')))
        return Recipe(path, cfg, ours)


def _is_model(path: Path, name: str) -> bool:
    """Check that a config is the model itself, not a variant of it."""
    return ('freeze' in path.name) == ('freeze' in name)


def ablate(cfg: Config, ablation: Config) -> None:
    """Set the MaskIoU head of an ablation in a config; keep the width.

    Args:
        cfg (Config): Changed in place.
        ablation (Config): Config of the ablation, of the same family.
    """
    roi_head, other = cfg.model.roi_head, ablation.model.roi_head
    head = roi_head.mask_iou_head
    for key in ABLATED:
        if key in other.mask_iou_head:
            head[key] = other.mask_iou_head[key]
    extractor = other.get('mask_iou_roi_extractor')
    if extractor is not None:
        head.roi_feat_size = other.mask_iou_head.roi_feat_size
        extractor = dict(extractor, out_channels=head.in_channels)
        roi_head.mask_iou_roi_extractor = extractor


def use_maskness(cfg: Config) -> None:
    """Replace the MaskIoU head by maskness, which costs nothing."""
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head = dict(
        type='mmdet_msrcnn.MasknessHead',
        in_channels=roi_head.mask_iou_head.in_channels,
    )


def use_faithful_head(cfg: Config) -> None:
    """Use the paper's head: class score x MaskIoU, trained on positives."""
    roi_head = cfg.model.roi_head
    roi_head.type = 'mmdet_msrcnn.MaskScoringRoIHead'
    roi_head.mask_iou_head.type = 'mmdet_msrcnn.MaskIoUHead'


def use_mmdet_head(cfg: Config) -> None:
    """Use mmdet's own heads, with their targets, instead of ours."""
    use_mmdet_mask_head(cfg)
    roi_head = cfg.model.roi_head
    roi_head.type = 'MaskScoringRoIHead'
    head = roi_head.mask_iou_head
    head.type = 'MaskIoUHead'
    head.num_classes = roi_head.mask_head.num_classes
    # mmdet's default is the same loss: MSELoss with weight 0.5.
    del head['loss_iou']


def use_mmdet_mask_head(cfg: Config) -> None:
    """Use mmdet's own mask head instead of ours."""
    cfg.model.roi_head.mask_head.type = 'FCNMaskHead'


Protocol = CocoProtocol | SmallProtocol
PROTOCOLS: dict[str, Callable[[Path], Protocol]] = {
    'coco': CocoProtocol,
    'nuclei': lambda configs: SmallProtocol(configs, 'nuclei'),
    'demo': lambda configs: SmallProtocol(configs, 'demo'),
}
