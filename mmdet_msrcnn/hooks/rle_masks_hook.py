"""Hook that spares the metrics masks of full size."""

from collections.abc import Iterator

from mmdet.evaluation import CocoMetric
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmengine.runner import BaseLoop, Runner
from torch import nn

from mmdet_msrcnn.evaluation import CamouflageMetric
from mmdet_msrcnn.models import FCNMaskHead, MaskScoredDetector
from mmdet_msrcnn.registry import HOOKS

# Metrics that read RLEs as well as tensors.
METRICS = (CocoMetric, CamouflageMetric)
# Models that read the masks of the model in them.
READERS = (BaseTTAModel, MaskScoredDetector)
# What a user has written may read masks.
KNOWN = ('torch', 'mmengine', 'mmdet', 'mmdet_msrcnn')


@HOOKS.register_module()
class RLEMasksHook(Hook):
    """Hook that lets the mask head return RLEs to the metrics.

    A tensor of 300 masks on an image of 4000 x 3000 pixels takes 3.6 GB, and
    COCO's metrics encode it anyway. During validation and test on the CPU,
    :class:`FCNMaskHead` encodes each mask within its box. The RLEs are the
    same.

    Masks stay tensors if something else may read them, which the log names: a
    metric (such as that of ``tools/test.py --out``), hook or RoI head that is
    not of mmengine, mmdet or this package, a hook that draws, test-time
    augmentation, or :class:`MaskScoredDetector`. Outside of the iterations of
    validation and test they are tensors, unless an iteration failed.
    """

    def __init__(self) -> None:
        self._heads: list[FCNMaskHead] = []

    def before_val(self, runner: Runner) -> None:
        """Find out who reads masks in the validation."""
        self._prepare(runner, runner.val_loop)

    def before_test(self, runner: Runner) -> None:
        """Find out who reads masks in the test."""
        self._prepare(runner, runner.test_loop)

    def _prepare(self, runner: Runner, loop: BaseLoop) -> None:
        readers = sorted(
            {type(one).__name__ for one in _readers(runner, loop)}
        )
        self._heads = [] if readers else _mask_heads(runner.model)
        if readers and _mask_heads(runner.model):
            runner.logger.info(
                f'Masks have full size, because {", ".join(readers)} may read '
                'them.'
            )

    def before_val_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Switch to RLEs."""
        self._switch(True)

    def after_val_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Switch back to tensors."""
        self._switch(False)

    def before_test_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Switch to RLEs."""
        self._switch(True)

    def after_test_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Switch back to tensors."""
        self._switch(False)

    def _switch(self, predict_rles: bool) -> None:
        for head in self._heads:
            head.predict_rles = predict_rles


def _mask_heads(model: nn.Module) -> list[FCNMaskHead]:
    return [one for one in model.modules() if isinstance(one, FCNMaskHead)]


def _readers(runner: Runner, loop: BaseLoop) -> Iterator[object]:
    """Yield what may read masks as tensors."""
    evaluator = getattr(loop, 'evaluator', None)
    # An evaluator without metrics of its own, or none at all.
    metrics = getattr(evaluator, 'metrics', None) or [loop]
    for metric in metrics:
        if not (isinstance(metric, METRICS) and _is_known(metric)):
            yield metric
    for hook in runner.hooks:
        # DetVisualizationHook has a switch.
        if not _is_known(hook) or getattr(hook, 'draw', False):
            yield hook
    for module in runner.model.modules():
        around = _mask_heads(module) and not _is_known(module)
        if around or isinstance(module, READERS):
            yield module


def _is_known(one: object) -> bool:
    """Return whether an object is of a library that this hook knows."""
    return type(one).__module__.partition('.')[0] in KNOWN
