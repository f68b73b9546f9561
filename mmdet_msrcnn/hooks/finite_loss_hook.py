"""Stopping a training that has come to nothing."""

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmdet_msrcnn.registry import HOOKS

REMEDY = (
    'To go on with clipped gradients (optim_wrapper.clip_grad) or without '
    '--amp, start again with --resume. To go on with a lower learning rate '
    '(optim_wrapper.optimizer.lr; --auto-scale-lr if there are fewer GPUs '
    'than the config is for), start in another --work-dir from the last '
    'checkpoint (load_from), for --resume keeps the old rate.'
)


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stop where losses stay infinite or are not numbers, and say which.

    mmdet's ``CheckInvalidLossHook`` does not say which loss it was, and stops
    at a single one: under fp16 the gradient scaler skips such a step. Two in
    a row that are looked at are taken for the end. What is saved until then
    is guarded by :class:`SafeCheckpointHook`.

    Args:
        interval (int): Iterations between two looks; there is one more at
            the end of each epoch. Defaults to 50.
    """

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval
        self._was_wrong = False

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
            FloatingPointError: On all ranks, if one of a rank is infinite or
                not a number, as at the look before.
        """
        # After a wrong one, the next: it tells a skipped step from the end.
        if not (
            self._was_wrong
            or self.every_n_train_iters(runner, self.interval)
            or self.end_of_epoch(runner.train_dataloader, batch_idx)
        ):
            return
        wrong = [
            name
            for name, value in (outputs or {}).items()
            if 'loss' in name and not torch.as_tensor(value).isfinite().all()
        ]
        # A loss may be wrong on one rank alone: all look again, all stop.
        wrong = sorted(set().union(*all_gather_object(wrong)))
        if wrong and self._was_wrong:
            raise FloatingPointError(
                f'Not finite in iteration {runner.iter + 1}: '
                f'{", ".join(wrong)}. {REMEDY}'
            )
        self._was_wrong = bool(wrong)
