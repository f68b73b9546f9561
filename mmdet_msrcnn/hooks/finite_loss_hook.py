"""Hook that stops a training whose losses are not finite."""

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmdet_msrcnn.registry import HOOKS

REMEDY = (
    'To clip gradients (optim_wrapper.clip_grad) or train without --amp, '
    'continue with --resume. To lower the learning rate '
    '(optim_wrapper.optimizer.lr; use --auto-scale-lr if there are fewer GPUs '
    'than the config is for), start in another --work-dir from the last '
    'checkpoint (load_from), because --resume keeps the old rate.'
)


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Hook that stops training if losses stay infinite or NaN.

    mmdet's ``CheckInvalidLossHook`` does not name the loss, and stops at the
    first bad one, although under fp16 the gradient scaler skips such a step.
    This hook names the losses, and stops if two checks in a row fail.
    :class:`SafeCheckpointHook` keeps bad weights out of the checkpoints that
    are saved until then.

    Args:
        interval (int): Iterations between two checks. There is another check
            at the end of each epoch. Defaults to 50.
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
        """Check the losses of an iteration.

        Args:
            runner (Runner): Runner of the training.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (dict, optional): Unused.
            outputs (dict, optional): Losses by name.

        Raises:
            FloatingPointError: On all ranks, if a loss on any rank is infinite
                or NaN, in this check and in the one before.
        """
        # After a bad loss check the next step too: it may be a skipped step.
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
        # A loss may be bad on only one rank, but all must check again or stop.
        wrong = sorted(set().union(*all_gather_object(wrong)))
        if wrong and self._was_wrong:
            raise FloatingPointError(
                f'Losses are not finite in iteration {runner.iter + 1}: '
                f'{", ".join(wrong)}. {REMEDY}'
            )
        self._was_wrong = bool(wrong)
