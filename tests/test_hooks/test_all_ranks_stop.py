"""An error on one rank stops every rank with the same message."""

import json
import re
from unittest import mock

import pytest
import torch

from tests.ranks import run_ranks
from tests.test_hooks.test_finite_loss_hook import Infinite
from tests.test_hooks.test_safe_checkpoint_hook import Line, runner

LOSS = [dict(type='mmdet_msrcnn.FiniteLossHook', interval=1)]
FIT = [dict(type='mmdet_msrcnn.CheckpointFitHook')]


class WithStatistics(Line):
    """A model with a buffer, as of batch norm, that one rank may spoil."""

    def __init__(self, value):
        super().__init__()
        self.value = value
        self.register_buffer('mean', torch.zeros(()))

    def train_step(self, data, optim_wrapper):
        self.mean.fill_(self.value)
        return super().train_step(data, optim_wrapper)


def loss_of_rank_1(rank, folder):
    model = Infinite() if rank else Line()
    runner(folder, model=model, custom_hooks=LOSS).train()


def weights_of_rank_1(rank, folder):
    model = WithStatistics(float('nan') if rank else 0.0)
    runner(folder, model=model).train()


def disk_of_rank_0(rank, folder):
    with mock.patch(
        'mmengine.fileio.LocalBackend.put',
        side_effect=OSError(28, 'No space left on device'),
    ):
        runner(folder).train()


def file_read_by_rank_0(rank, folder):
    path = folder / 'cut.pth'
    path.write_bytes(b'PK' + bytes(100))
    run = runner(folder, custom_hooks=FIT, load_from=str(path))
    run.train()


CASES = {
    loss_of_rank_1: (
        'FloatingPointError: Losses are not finite in iteration 2: loss'
    ),
    weights_of_rank_1: 'FloatingPointError: Not saved, because .*: mean',
    disk_of_rank_0: 'OSError: .*epoch_1.pth could not be written .*No space',
    file_read_by_rank_0: 'ValueError: .*cut.pth was not loaded',
}


def work(rank, folder):
    for case in CASES:
        own = folder / case.__name__
        own.mkdir(exist_ok=True)
        try:
            case(rank, own)
            message = 'nothing'
        except Exception as error:
            message = f'{type(error).__name__}: {error}'
        (own / f'rank{rank}.json').write_text(json.dumps(message))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ranks')
    run_ranks(work, folder, 2)
    return folder


@pytest.mark.parametrize('case', CASES)
def test_both_ranks_stop_with_one_message(folder, case):
    first, second = (
        json.loads((folder / case.__name__ / f'rank{rank}.json').read_text())
        for rank in range(2)
    )
    assert first == second
    assert re.match(CASES[case], first), first
