"""Protocols to train and evaluate the models of the tables.

- ``coco``: every variant has its own config, with the paper's recipe.
  ``cod10k`` is the same on COD10K, for the table of camouflaged objects.
- The others: the R-18 variants at small scale, ``animals`` and ``car-parts``
  with another backbone. One Mask R-CNN is trained. Each variant's MaskIoU head
  is trained on top of it while the detector is frozen. So differences between
  detectors do not add noise.
"""

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.coupling_changes import COUPLING_CHANGES
from mmdet_msrcnn.lab.reproduction.head_cache import cache_name
from mmdet_msrcnn.lab.reproduction.head_changes import (
    ablate,
    use_faithful_head,
    use_maskness,
    use_mmdet_head,
)
from mmdet_msrcnn.lab.reproduction.mask_rcnn_changes import (
    CLASS_AGNOSTIC,
    MASK_RCNN_CHANGES,
)

R18 = 'r18_fpn'
DETECTOR = f'mask-rcnn_{R18}'
MS_RCNN = f'ms-rcnn_{R18}'
MS_RCNN_PLUS = f'ms-rcnn-plus_{R18}'
# The paper's head with the recipe of MS_RCNN_PLUS.
SAME_RECIPE = f'{MS_RCNN}_plus-recipe'
MASKNESS = f'{DETECTOR}_maskness'
MMDET_TARGET = f'{MS_RCNN}_target-mmdet'
END_TO_END = '_end-to-end'
CITYSCAPES, FROM_COCO = '_cityscapes', '_from-coco'
CHANGES = COUPLING_CHANGES | MASK_RCNN_CHANGES
COD10K = 'cod10k'
CAMOUFLAGE = 'camouflage'
# Variants that differ only in the classes other than the true one.
OTHER_CLASSES = tuple(
    f'{MS_RCNN}_{name}'
    for name in ('fusion-all-masks', 'target-all', 'target-present')
)


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
        cache (str | None): Name of the feature cache to train with; None to
            train directly.
        start (str | None): Another variant that training starts from.
    """

    source: Path
    train: Config | None
    test: Config
    starts_from_detector: bool = False
    head: Path | None = None
    cache: str | None = None
    start: str | None = None


@functools.cache
def _parsed(path: Path) -> Config:
    return Config.fromfile(path)


def load_config(path: Path) -> Config:
    """Load a config; parsing it is slow, so each file is parsed once."""
    return copy.deepcopy(_parsed(path))


class CocoProtocol:
    """Protocol in which every variant has its own config.

    Args:
        configs (Path): Folder of the configs.
        data (str): Data set in the names of configs. Defaults to 'coco'.
        backbone (str): Backbone and neck of the detector. Defaults to
            'r18_fpn'.
    """

    # Every seed trains its own detector.
    detector_is_shared = False

    def __init__(
        self, configs: Path, data: str = 'coco', backbone: str = R18
    ) -> None:
        self.configs = configs
        self.data = data
        self.detector = DETECTOR.replace(R18, backbone)

    def recipe(self, variant: str) -> Recipe | None:
        """Find the recipe of a variant; None if it has no config."""
        if variant == MASKNESS:
            recipe = self.recipe(MS_RCNN)
            if recipe is None:
                return None
            use_maskness(recipe.test)
            return recipe._replace(train=None, starts_from_detector=True)
        name, on_cityscapes, _ = variant.partition(CITYSCAPES)
        ending = '[0-9]*e_cityscapes' if on_cityscapes else f'18e_{self.data}'
        path = next(self.configs.glob(f'*/{name}_{ending}.py'), None)
        if path is None:
            return None
        cfg = load_config(path)
        if on_cityscapes:
            # The first is ours; the other is for the scripts of Cityscapes.
            cfg.test_evaluator = cfg.test_evaluator[0]
        start = name.removesuffix(FROM_COCO)
        return Recipe(path, cfg, cfg, start=start if start != name else None)


class SmallProtocol:
    """Protocol of the R-18 variants on one frozen detector.

    Args:
        configs (Path): Folder of the configs.
        folder (str): Name of the subfolder for the data set.
        backbone (str): Backbone and neck in the names of configs and
            variants. Defaults to 'r18_fpn'.
    """

    detector_is_shared = True

    def __init__(
        self, configs: Path, folder: str, backbone: str = R18
    ) -> None:
        self.configs = configs
        self.folder = folder
        self.backbone = backbone
        self.detector = DETECTOR.replace(R18, backbone)

    def _path(self, name: str) -> Path | None:
        name = name.replace(R18, self.backbone)
        data = self.folder.replace('_', '-')
        found = (self.configs / self.folder).glob(f'{name}*_{data}.py')
        return next((p for p in sorted(found) if _is_model(p, name)), None)

    def _load(self, name: str) -> Config:
        path = self._path(name)
        assert path is not None  # every data set has it
        return load_config(path)

    def recipe(self, variant: str) -> Recipe | None:
        """Find the recipe of a variant.

        None if it has another backbone. Also None if the data has one class
        and the variant differs only in the number of masks, and for the recipe
        of MS R-CNN+ if it is that of MS R-CNN.
        """
        if self.backbone not in variant:
            return None
        recipe = self._recipe(variant.replace(self.backbone, R18))
        if recipe and recipe.starts_from_detector and recipe.train:
            return recipe._replace(cache=cache_name(recipe.train))
        return recipe

    def _recipe(self, variant: str) -> Recipe | None:
        if variant == DETECTOR or variant.endswith(END_TO_END):
            return self._end_to_end(variant.removesuffix(END_TO_END))
        plus = variant in (MS_RCNN_PLUS, SAME_RECIPE)
        path = self._path(f'{MS_RCNN_PLUS if plus else MS_RCNN}_freeze')
        if path is None:
            return None
        cfg = load_config(path)
        if variant == SAME_RECIPE:
            own = self._load(f'{MS_RCNN}_freeze')
            if own.train_dataloader == cfg.train_dataloader:
                return None
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
            train = load_config(path)
            use_mmdet_head(train)
            return Recipe(path, train, cfg, True)
        coco = CocoProtocol(self.configs).recipe(variant)
        if coco is None or not f'{variant}_'.startswith(f'{MS_RCNN}_'):
            return None
        ablate(cfg, coco.train)
        return Recipe(path, cfg, cfg, True, coco.source)

    def _end_to_end(self, name: str) -> Recipe | None:
        ending = next(filter(name.endswith, CHANGES), '')
        path = self._path(name.removesuffix(ending))
        if path is None:
            return None
        cfg = load_config(path)
        if (
            ending == CLASS_AGNOSTIC
            and cfg.model.roi_head.mask_head.num_classes == 1
        ):
            return None
        if ending:
            CHANGES[ending](cfg)
        if not name.startswith('mmdet-'):
            return Recipe(path, cfg, cfg)
        # mmdet's weights fit our modules, which return both scores.
        ours = self._load(name.removeprefix('mmdet-'))
        return Recipe(path, cfg, ours)


def _is_model(path: Path, name: str) -> bool:
    """Check that a config is the model itself, not a variant of it."""
    return ('freeze' in path.name) == ('freeze' in name)


Protocol = CocoProtocol | SmallProtocol
EFFLITE0 = 'efflite0_fpn'
R50 = 'r50_fpn'
PROTOCOLS: dict[str, Callable[[Path], Protocol]] = {
    'coco': CocoProtocol,
    COD10K: lambda configs: CocoProtocol(configs, COD10K, R50),
    'nuclei': lambda configs: SmallProtocol(configs, 'nuclei'),
    'demo': lambda configs: SmallProtocol(configs, 'demo'),
    CAMOUFLAGE: lambda configs: SmallProtocol(configs, CAMOUFLAGE),
    'animals': lambda configs: SmallProtocol(configs, 'animals', EFFLITE0),
    'car-parts': lambda configs: SmallProtocol(configs, 'car_parts', EFFLITE0),
}
# Protocols with another backbone than the R-18 of the tables: its name in
# variants, and in words.
BACKBONES = dict.fromkeys(
    ('animals', 'car-parts'), (EFFLITE0, 'EfficientNet-Lite0')
) | {COD10K: (R50, 'R-50')}
