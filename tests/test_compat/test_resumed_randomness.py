"""A resumed training draws what an uninterrupted one draws."""

import random

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner

from tests.ranks import run_ranks
from tests.test_hooks.test_safe_checkpoint_hook import Line, Numbers, runner


class Augmented(Numbers):
    """Numbers with noise of every generator."""

    def get_data_info(self, index):
        # Of two shapes, which AspectRatioBatchSampler keeps apart.
        return dict(width=1 + index % 2 * 2, height=2)

    def __getitem__(self, index):
        noise = torch.rand(1) + np.random.rand() + random.random()
        return super().__getitem__(index) + 10 * noise.float()


class Dropping(Line):
    """A model that draws itself, and takes part in a validation."""

    def forward(self, inputs, mode):
        return super().forward(inputs * torch.rand_like(inputs), mode)

    def val_step(self, data):
        return torch.rand(3).tolist()


class Nothing(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(draws=np.random.rand() + random.random())


def training(folder, num_workers=0, val=False, **kwargs) -> Runner:
    loader = dict(
        dataset=Augmented(),
        batch_size=4,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        collate_fn=dict(type='default_collate'),
    )
    sampler = dict(type='DefaultSampler', shuffle=True)
    sampler |= kwargs.pop('sampler', {})
    batches = kwargs.pop('batch_sampler', {})
    kwargs['train_dataloader'] = dict(loader, sampler=sampler, **batches)
    if val:
        kwargs.update(
            val_dataloader=dict(
                loader, sampler=dict(type='DefaultSampler', shuffle=False)
            ),
            val_evaluator=[Nothing()],
            val_cfg={},
        )
    torch.manual_seed(0)
    return runner(folder, model=Dropping(), **kwargs)


@pytest.mark.parametrize('val', [False, True])
@pytest.mark.parametrize('num_workers', [0, 2])
def test_resumed_ends_with_the_same_weights(tmp_path, num_workers, val):
    whole = training(tmp_path / 'whole', num_workers, val, epochs=4)
    whole.train()
    part = training(
        tmp_path / 'part',
        num_workers,
        val,
        epochs=2,
        randomness=dict(seed=whole.seed),
    )
    part.train()
    # Anything that the next start draws before it resumes.
    random.random(), np.random.rand(), torch.rand(())
    rest = training(tmp_path / 'part', num_workers, val, epochs=4, resume=True)
    rest.train()
    assert part.model.seen + rest.model.seen == whole.model.seen
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, rest.model.state_dict()[name]), name


def test_order_of_the_images_goes_on_with_a_batch_sampler(tmp_path):
    kind = dict(type='mmdet.AspectRatioBatchSampler')
    batches = dict(batch_sampler=dict(batch_sampler=kind))
    whole = training(tmp_path / 'whole', epochs=4, **batches)
    whole.train()
    part = training(
        tmp_path / 'part',
        epochs=2,
        randomness=dict(seed=whole.seed),
        **batches,
    )
    part.train()
    # The next start draws another seed.
    rest = training(
        tmp_path / 'part',
        epochs=4,
        resume=True,
        randomness=dict(seed=whole.seed + 1),
        **batches,
    )
    rest.train()
    assert part.model.seen + rest.model.seen == whole.model.seen


def test_epochs_differ_with_persistent_workers(tmp_path):
    run = training(tmp_path, 2, epochs=3)
    run.train()
    epochs = torch.tensor(run.model.seen).view(3, 8).sort(dim=1).values
    assert not torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[1], epochs[2])


def test_validation_does_not_matter_to_the_training(tmp_path):
    seen = []
    for val in (False, True):
        run = training(tmp_path / f'{val}', 0, val, randomness=dict(seed=3))
        run.train()
        seen.append(run.model.seen)
    assert seen[0] == seen[1]


@pytest.mark.parametrize('broken', ['none', 'other number of ranks'])
def test_old_checkpoint_resumes_with_one_line(tmp_path, broken):
    part = training(tmp_path, epochs=2)
    part.train()
    path = tmp_path / 'epoch_2.pth'
    checkpoint = torch.load(path, weights_only=True)
    states = checkpoint.pop('random_states')
    if broken != 'none':
        checkpoint['random_states'] = states * 2
    torch.save(checkpoint, path)
    rest = training(tmp_path, resume=True)
    lines = []
    rest.logger.info = lines.append
    rest.train()
    num = 0 if broken == 'none' else 2
    (line,) = [line for line in lines if 'random states' in str(line)]
    assert f'random states of {num} processes, not of 1' in line
    # The order of the images goes on all the same.
    assert rest.train_dataloader.sampler.seed == part.seed


def test_seed_of_the_sampler_in_the_config_is_kept(tmp_path):
    # Also where it changes with a resume.
    for epochs, seed in ((1, 123), (2, 321)):
        run = training(
            tmp_path,
            epochs=epochs,
            resume=epochs > 1,
            sampler=dict(seed=seed),
            randomness=dict(seed=7),
        )
        run.train()
        assert run.train_dataloader.sampler.seed == seed


def test_fresh_training_has_the_sampler_of_mmengine(tmp_path):
    ours = training(tmp_path / 'a', randomness=dict(seed=5))
    ours.train()
    mmengine = dict(type='mmengine.CheckpointHook')
    theirs = training(tmp_path / 'b', hook=mmengine, randomness=dict(seed=5))
    theirs.train()
    assert ours.train_dataloader.sampler.seed == 5
    assert ours.model.seen == theirs.model.seen


class Sixteen(Numbers):
    def __len__(self):
        return 16


RANKS = 4
CASES = {
    'same seed': dict(seed=7),
    'drawn seed': dict(seed=None),
    'seed of each rank': dict(seed=7, diff_rank_seed=True),
    'drawn seed of each rank': dict(seed=None, diff_rank_seed=True),
}


def train_on_ranks(rank, folder):
    for case, randomness in CASES.items():
        seen = []
        # Two epochs, and two more after a resume.
        for epochs in (2, 4):
            run = runner(
                folder / case,
                epochs=epochs,
                resume=epochs > 2,
                randomness=dict(randomness),
                dataset=Sixteen(),
            )
            run.train()
            seen += run.model.seen
        torch.save(seen, folder / f'{case}-{rank}.pth')


@pytest.fixture(scope='module')
def seen(tmp_path_factory):
    """Numbers that each rank saw, by case: shape (epochs, ranks, 4)."""
    folder = tmp_path_factory.mktemp('ranks')
    run_ranks(train_on_ranks, folder, RANKS)
    return {
        case: torch.tensor(
            [
                torch.load(folder / f'{case}-{rank}.pth', weights_only=True)
                for rank in range(RANKS)
            ]
        )
        .view(RANKS, 4, 4)
        .transpose(0, 1)
        for case in CASES
    }


@pytest.mark.parametrize('case', CASES)
def test_every_image_once_in_each_epoch_over_the_ranks(seen, case):
    for epoch in seen[case]:
        assert epoch.flatten().sort().values.tolist() == list(range(16))
    orders = [epoch.flatten().tolist() for epoch in seen[case]]
    assert len({tuple(order) for order in orders}) == len(orders)
