"""Random numbers of a resumed training.

mmengine 0.10.7 saves the seed, but not the state of the generators, and builds
the sampler before it reads the seed
(https://github.com/open-mmlab/mmengine/blob/v0.10.7/mmengine/runner/runner.py).
Can go when its checkpoints hold the state.
"""

from functools import partial

import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from mmdet_msrcnn.utils.random_state import get_random_state, set_random_state
from mmdet_msrcnn.utils.samplers import image_sampler

KEY = 'random_states'


class ResumedRandomness(Hook):
    """Hook that continues with the interrupted training's random numbers.

    A checkpoint contains the state of the generators of every rank and
    the seed of the sampler. Validation does not change the state, so it does
    not affect training. Worker processes restart in each epoch, with seeds
    drawn from the state.

    This is a base class. A subclass calls :meth:`gather_random_states` on all
    ranks before it saves a checkpoint.
    """

    _to_save = _to_restore = None
    _before_val: dict | None = None

    def gather_random_states(self, runner: Runner) -> None:
        """Collect the states of all ranks for the next checkpoint.

        Args:
            runner (Runner): Runner of the training.
        """
        sampler = image_sampler(runner.train_dataloader)
        state = dict(
            get_random_state(), sampler_seed=getattr(sampler, 'seed', None)
        )
        self._to_save = all_gather_object(state)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the states that were gathered last to the checkpoint.

        Args:
            runner (Runner): Runner of the training.
            checkpoint (dict): Content to save.
        """
        if self._to_save is not None:
            checkpoint[KEY], self._to_save = self._to_save, None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Read the states if training is resumed.

        Args:
            runner (Runner): Runner of the training.
            checkpoint (dict): Content of the file.
        """
        if not runner._resume:
            return
        states = checkpoint.get(KEY, [])
        if len(states) == get_world_size():
            self._to_restore = states[get_rank()]
            sampler_seed = self._to_restore['sampler_seed']
        else:
            runner.logger.info(
                f'The checkpoint has random states of {len(states)} '
                f'processes, not of {get_world_size()}: training continues '
                'with other random numbers than without the interruption.'
            )
            sampler_seed = checkpoint['meta'].get('seed')
            if runner._randomness_cfg.get('diff_rank_seed'):
                # This is the seed of one rank; the sampler needs a common one.
                sampler_seed = None
        sampler = image_sampler(runner.train_dataloader)
        told = runner._train_dataloader
        explicit = isinstance(told, dict) and 'seed' in told.get('sampler', {})
        if sampler_seed is not None and hasattr(sampler, 'seed'):
            sampler.seed = sampler.seed if explicit else sampler_seed

    def before_train_epoch(self, runner: Runner) -> None:
        """Restore the state before the epoch starts to load data.

        Args:
            runner (Runner): Runner of the training.
        """
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            # This loop first loads the earlier batches again, which draws
            # random numbers.
            return
        self._restore()
        reseed_workers(runner.train_dataloader)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Restore the state in a loop without epochs.

        Args:
            runner (Runner): Runner of the training.
            batch_idx (int): Index of the batch.
            data_batch (dict, optional): Unused.
        """
        self._restore()

    def _restore(self) -> None:
        if self._to_restore is not None:
            set_random_state(self._to_restore)
            self._to_restore = None

    def before_val(self, runner: Runner) -> None:
        """Save the state of the training.

        Args:
            runner (Runner): Runner of the training.
        """
        self._before_val = get_random_state()

    def after_val(self, runner: Runner) -> None:
        """Restore the state of the training.

        Args:
            runner (Runner): Runner of the training.
        """
        if self._before_val is not None:
            set_random_state(self._before_val)


def reseed_workers(loader: DataLoader) -> None:
    """Restart the worker processes for the next epoch, with a drawn seed.

    The state of running processes cannot be read. mmengine's
    ``worker_init_fn`` gives a worker the same seed each time it starts.

    Args:
        loader (DataLoader): Loader, changed in place.
    """
    if loader.num_workers == 0:
        return
    init = loader.worker_init_fn
    if isinstance(init, partial) and 'seed' in init.keywords:
        # Leave room: mmengine adds numbers for rank and worker.
        seed = int(torch.randint(2**31, ()))
        loader.worker_init_fn = partial(init, seed=seed)
    # Drop persistent workers.
    loader._iterator = None
