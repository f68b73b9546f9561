"""Hook that saves checkpoints safely, even if the process is killed."""

import os
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmdet_msrcnn.checkpoints.fit import few
from mmdet_msrcnn.compat.resumed_randomness import ResumedRandomness
from mmdet_msrcnn.hooks.finite_loss_hook import REMEDY
from mmdet_msrcnn.registry import HOOKS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks
from mmdet_msrcnn.utils.io import write_text


def check_finite(model: nn.Module) -> None:
    """Refuse to save weights that are not finite.

    Args:
        model (nn.Module): The model; each rank checks its own.

    Raises:
        FloatingPointError: On all ranks, if a weight on any rank is infinite
            or NaN.
    """
    wrong = [
        name
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor) and not value.isfinite().all()
    ]
    error = None
    if wrong:
        error = FloatingPointError(
            f'Not saved, because weights are not finite: {few(wrong)}. The '
            f'existing checkpoints are from before. {REMEDY}'
        )
    raise_on_all_ranks(error)


@HOOKS.register_module()
class SafeCheckpointHook(ResumedRandomness, CheckpointHook):
    """mmengine's CheckpointHook, safe for interrupted trainings.

    mmengine 0.10.7 deletes the oldest checkpoint, then writes the new one
    and ``last_checkpoint`` in place
    (https://github.com/open-mmlab/mmengine/blob/v0.10.7/mmengine/hooks/checkpoint_hook.py),
    so a kill or a full disk can leave a file that does not load and no earlier
    one. Here both are written to temporary files and renamed, and only then is
    the oldest checkpoint deleted. Weights that are not finite are not saved. A
    best checkpoint (``save_best``) is written as in mmengine.

    A resumed training continues with the random numbers of the interrupted
    one, see :class:`ResumedRandomness`.

    Arguments are those of :class:`CheckpointHook`.
    """

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        check_finite(runner.model)
        self.gather_random_states(runner)
        # This is the same on all ranks; whether the folder exists is not.
        if not isinstance(self.file_backend, LocalBackend):
            # A remote backend has its own way of writing.
            super()._save_checkpoint_with_step(runner, step, meta)
            return
        os.makedirs(self.out_dir, exist_ok=True)
        outdated = self._add_step(runner, step)
        path = Path(self.out_dir, self.filename_tmpl.format(step))
        self.last_ckpt = str(path)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        error = None
        try:
            self._write(runner, path, meta)
        except OSError as reason:
            error = OSError(
                f'{path} could not be written ({reason}). Earlier checkpoints '
                'are intact: free disk space and start again with --resume.'
            )
        raise_on_all_ranks(error)
        if is_main_process():
            for old in outdated:
                Path(self.out_dir, self.filename_tmpl.format(old)).unlink(
                    missing_ok=True
                )

    def _write(self, runner: Runner, path: Path, meta: dict) -> None:
        """Write a temporary file, rename it and note it as the last one."""
        temporary = path.with_name(f'.{path.name}')
        try:
            runner.save_checkpoint(
                self.out_dir,
                temporary.name,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                by_epoch=self.by_epoch,
                backend_args=self.backend_args,
                **self.args,
            )
            if is_main_process():
                os.replace(temporary, path)
                last = Path(runner.work_dir, 'last_checkpoint')
                write_text(last, self.last_ckpt)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _add_step(self, runner: Runner, step: int) -> list[int]:
        """Add a step to the list of kept checkpoints.

        Returns:
            list[int]: Steps whose checkpoints are no longer kept.
        """
        if self.max_keep_ckpts <= 0 or step in self.keep_ckpt_ids:
            return []
        steps = [*self.keep_ckpt_ids, step]
        self.keep_ckpt_ids.append(step)
        runner.message_hub.update_info(
            'keep_ckpt_ids', list(self.keep_ckpt_ids)
        )
        return steps[: -self.max_keep_ckpts]
