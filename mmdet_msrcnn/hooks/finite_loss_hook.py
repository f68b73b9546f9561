"""Stopping a training that has come to nothing."""

import math

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmdet_msrcnn.registry import HOOKS


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stop where a loss is infinite or not a number, before it is saved.

    Weights that a step of such a loss has reached stay so; every later
    checkpoint would hold them, and push the last good ones out of the kept.
    mmdet's ``CheckInvalidLossHook`` does not look at the end of an epoch and
    does not say which loss it was.

    Args:
        interval (int): Iterations between two looks; there is one more at
            the end of each epoch. Defaults to 50.
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Look at the losses of an iteration.

        Args:
            runner (Runner): Runner of the training.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): Unused.
            outputs (dict, optional): Losses by name.

        Raises:
            FloatingPointError: If one is infinite or not a number.
        """
        if not (
            self.every_n_train_iters(runner, self.interval)
            or self.end_of_epoch(runner.train_dataloader, batch_idx)
        ):
            return
        wrong = [
            name
            for name, value in (outputs or {}).items()
            if 'loss' in name and not math.isfinite(value)
        ]
        if wrong:
            raise FloatingPointError(
                f'Not finite in iteration {runner.iter + 1}: '
                f'{", ".join(wrong)}. Lower the learning rate '
                '(optim_wrapper.optimizer.lr; --auto-scale-lr if there are '
                'fewer GPUs than the config is for), clip gradients '
                '(optim_wrapper.clip_grad), or go without --amp. Checkpoints '
                f'in {runner.work_dir} are from before: --resume goes on '
                'from the last.'
            )
