"""Registries of the scope ``mmdet_msrcnn``.

Configs name our types with the scope, such as ``mmdet_msrcnn.MaskIoUHead``.
Without it, ``MaskIoUHead`` is mmdet's own class.
"""

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import (
    OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
)
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import Registry

MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.models'],
)
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.datasets'],
)
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.hooks'],
)
LOOPS = Registry(
    'loop',
    parent=MMENGINE_LOOPS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.feature_cache'],
)
METRICS = Registry(
    'metric',
    parent=MMENGINE_METRICS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.evaluation'],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.optimizers'],
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.datasets'],
)
VISUALIZERS = Registry(
    'visualizer',
    parent=MMENGINE_VISUALIZERS,
    scope='mmdet_msrcnn',
    locations=['mmdet_msrcnn.visualization'],
)
