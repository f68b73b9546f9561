"""Hook that spares the metric masks of full size."""

from mmdet.evaluation import CocoMetric
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.model import BaseTTAModel
from mmengine.runner import Runner

from mmdet_msrcnn.evaluation import CamouflageMetric
from mmdet_msrcnn.models import FCNMaskHead
from mmdet_msrcnn.registry import HOOKS

# Those that read RLEs as well as tensors.
METRICS = (CocoMetric, CamouflageMetric)
# Their hooks read no masks, unless they draw.
KNOWN = ('mmengine', 'mmdet', 'mmdet_msrcnn')


@HOOKS.register_module()
class RLEMasksHook(Hook):
    """Hook that lets the mask head return RLEs to the metrics.

    A tensor of 300 masks on an image of 4000 x 3000 pixels takes 3.6 GB, and
    COCO's metrics encode it anyway. During validation and test on the CPU,
    :class:`FCNMaskHead` encodes each mask within its box. The RLEs are the
    same.

    Masks stay tensors if something else may read them: another metric (such
    as ``tools/test.py --out``), a hook that draws or is not of mmengine, mmdet
    or this package, or test-time augmentation. Outside of validation and test
    they are always tensors.
    """

    def before_val(self, runner: Runner) -> None:
        """Switch to RLEs."""
        _switch(runner, runner.val_loop.evaluator)

    def after_val(self, runner: Runner) -> None:
        """Switch back to tensors."""
        _set(runner, False)

    def before_test(self, runner: Runner) -> None:
        """Switch to RLEs."""
        _switch(runner, runner.test_loop.evaluator)

    def after_test(self, runner: Runner) -> None:
        """Switch back to tensors."""
        _set(runner, False)


def _switch(runner: Runner, evaluator: Evaluator) -> None:
    _set(
        runner,
        not isinstance(runner.model, BaseTTAModel)
        and all(isinstance(one, METRICS) for one in evaluator.metrics)
        and not any(map(_reads_masks, runner.hooks)),
    )


def _reads_masks(hook: Hook) -> bool:
    """Return whether a hook may look at predicted masks."""
    package = type(hook).__module__.partition('.')[0]
    # DetVisualizationHook has a switch.
    return package not in KNOWN or getattr(hook, 'draw', False)


def _set(runner: Runner, predict_rles: bool) -> None:
    for module in runner.model.modules():
        if isinstance(module, FCNMaskHead):
            module.predict_rles = predict_rles
