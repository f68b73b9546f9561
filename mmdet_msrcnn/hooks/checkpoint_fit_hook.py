"""Saying where a checkpoint does not fit."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint
from torch import nn

from mmdet_msrcnn.checkpoints.fit import (
    check_loaded,
    compare,
    few,
    shapes_of,
)
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.registry import HOOKS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks


def latest_checkpoint(work_dir: Path) -> str | None:
    """Find what ``--resume`` goes on from, in a folder that was moved, too.

    mmengine keeps the whole path of the last checkpoint.

    Args:
        work_dir (Path): Work dir of the training.

    Returns:
        str | None: Path of the checkpoint, None if there is none.
    """
    last = find_latest_checkpoint(str(work_dir))
    if last is not None and not Path(last).exists():
        moved = work_dir / Path(last).name
        if moved.is_file():
            return str(moved)
    return last


@HOOKS.register_module()
class CheckpointFitHook(Hook):
    """Refuses to test a model of which a part was not in the checkpoint.

    mmengine loads what fits and prints the rest, so that a checkpoint of
    other classes, or a Mask R-CNN, is tested with random heads. Here that is
    an error; where training begins from such a checkpoint, it is said what
    was kept and what is trained anew. Files that are no checkpoint are named.
    """

    def __init__(self) -> None:
        self._loaded = self._expected = None

    def before_run(self, runner: Runner) -> None:
        """Find the checkpoint and read it; nothing in it is executed.

        Args:
            runner (Runner): Runner of the training or test.

        Raises:
            ValueError: On all ranks, if it was cut off, is no checkpoint or
                asks for more than tensors and plain data.
        """
        if runner._resume and runner._load_from is None:
            runner._load_from = latest_checkpoint(Path(runner.work_dir))
        path = runner._load_from
        error = None
        if is_main_process() and path and Path(path).is_file():
            try:
                read_checkpoint(path)
            except ValueError as found:
                error = found
        raise_on_all_ranks(error)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare it with the model.

        Args:
            runner (Runner): Runner of the training or test.
            checkpoint (dict): Its content.

        Raises:
            ValueError: If a training is resumed from a checkpoint of another
                model.
        """
        model: nn.Module = runner.model
        # Of several processes, of test-time augmentation
        while hasattr(model, 'module'):
            model = model.module
        self._loaded = shapes_of(checkpoint.get('state_dict', checkpoint))
        self._expected = shapes_of(model.state_dict())
        if runner._resume:
            self._check()

    def before_train(self, runner: Runner) -> None:
        """Say what is trained anew.

        Args:
            runner (Runner): Runner of the training.
        """
        if self._loaded is None:
            return
        fit = compare(self._loaded, self._expected)
        self._loaded = None
        anew = [*fit.missing, *fit.unfit]
        if not anew and not fit.unknown:
            return
        kept = len(self._expected) - len(anew)
        lines = [
            f'{kept} of {len(self._expected)} tensors are those of '
            f'{runner._load_from}.',
            f'Not in it, so initialized: {few(fit.missing) or "none"}.',
            'Of another shape there, so initialized: '
            f'{few(fit.unfit) or "none"}.',
            f'In it, but not in the model: {few(fit.unknown) or "none"}.',
        ]
        runner.logger.warning('\n'.join(lines))

    def before_val(self, runner: Runner) -> None:
        """As :meth:`before_test`; not where it follows a training.

        Args:
            runner (Runner): Runner of the validation.

        Raises:
            ValueError: See there.
        """
        self._check()

    def before_test(self, runner: Runner) -> None:
        """Refuse to test what was not loaded.

        Args:
            runner (Runner): Runner of the test.

        Raises:
            ValueError: If a tensor is missing in the checkpoint or has
                another shape there.
        """
        self._check()

    def _check(self) -> None:
        if self._loaded is not None:
            check_loaded(self._loaded, self._expected)
