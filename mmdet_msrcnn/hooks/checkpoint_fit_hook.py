"""Hook that reports where a checkpoint does not fit the model."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint

from mmdet_msrcnn.checkpoints.fit import (
    check_loaded,
    compare,
    few,
    shapes_of,
)
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.models.detectors.frozen_detector import FrozenDetector
from mmdet_msrcnn.registry import HOOKS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks


def latest_checkpoint(work_dir: Path) -> str | None:
    """Find the checkpoint for ``--resume``, even if the folder was moved.

    mmengine stores the full path of the last checkpoint.

    Args:
        work_dir (Path): Work directory of the training.

    Returns:
        str | None: Path of the checkpoint; None if there is none.
    """
    last = find_latest_checkpoint(str(work_dir))
    if last is not None and not Path(last).exists():
        moved = work_dir / Path(last).name
        if moved.is_file():
            return str(moved)
    return last


@HOOKS.register_module()
class CheckpointFitHook(Hook):
    """Hook that refuses to test a model that was only partly loaded.

    mmengine loads the tensors that fit and prints the rest, so a checkpoint
    with other classes, or of a Mask R-CNN, would be tested with random heads.
    Here that is an error. If training starts from such a checkpoint, the hook
    logs which tensors are kept and which are initialized. A file that is not a
    checkpoint is an error too.
    """

    def __init__(self) -> None:
        self._loaded: dict | None = None
        self._expected: dict = {}

    def before_run(self, runner: Runner) -> None:
        """Find and read the checkpoint; no code in it is executed.

        Args:
            runner (Runner): Runner of the training or test.

        Raises:
            ValueError: On all ranks, if the file is incomplete, is not a
                checkpoint or contains more than tensors and plain data.
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
        """Compare the checkpoint with the model.

        Args:
            runner (Runner): Runner of the training or test.
            checkpoint (dict): Content of the checkpoint.

        Raises:
            ValueError: If training resumes from a checkpoint of another
                model.
        """
        model = runner.model
        # Unwrap distributed training and test-time augmentation.
        while hasattr(model, 'module'):
            model = model.module
        state_dict = checkpoint.get('state_dict', checkpoint)
        if isinstance(model, FrozenDetector):
            state_dict = model.own_state_dict(state_dict)
        self._loaded = shapes_of(state_dict)
        self._expected = shapes_of(model.state_dict())
        if runner._resume:
            self._check()

    def before_train(self, runner: Runner) -> None:
        """Log which tensors are initialized, not loaded.

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
            f'Loaded {kept} of {len(self._expected)} tensors from '
            f'{runner._load_from}.',
            'Not in the checkpoint, so initialized: '
            f'{few(fit.missing) or "none"}.',
            'Of another shape in the checkpoint, so initialized: '
            f'{few(fit.unfit) or "none"}.',
            'In the checkpoint, but not in the model: '
            f'{few(fit.unknown) or "none"}.',
        ]
        runner.logger.warning('\n'.join(lines))

    def before_val(self, runner: Runner) -> None:
        """Do as :meth:`before_test`, unless this is part of a training.

        Args:
            runner (Runner): Runner of the validation.

        Raises:
            ValueError: See :meth:`before_test`.
        """
        self._check()

    def before_test(self, runner: Runner) -> None:
        """Refuse to test a model that was only partly loaded.

        Args:
            runner (Runner): Runner of the test.

        Raises:
            ValueError: If a tensor is missing from the checkpoint or has
                another shape there.
        """
        self._check()

    def _check(self) -> None:
        if self._loaded is not None:
            check_loaded(self._loaded, self._expected)
