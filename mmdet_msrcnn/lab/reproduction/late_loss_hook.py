"""Hook that starts the loss of a MaskIoU head late."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner


class LateLossHook(Hook):
    """Hook that gives the MaskIoU loss a weight of 0 in the first epochs.

    The weight decay of the head's parameters acts in these epochs too. The
    hook is not registered: configs name it by its path.

    Args:
        begin (int): Number of epochs without the loss.
    """

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self._weight = 1.0

    def before_train(self, runner: Runner) -> None:
        """Keep the weight of the loss."""
        self._weight = self._loss(runner).loss_weight

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the weight for an epoch."""
        is_on = runner.epoch >= self.begin
        self._loss(runner).loss_weight = self._weight if is_on else 0.0

    @staticmethod
    def _loss(runner: Runner):  # noqa: ANN205 - a loss of any type
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        return model.roi_head.mask_iou_head.loss_iou
