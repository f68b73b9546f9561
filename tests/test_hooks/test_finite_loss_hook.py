"""A training with a NaN or infinite loss stops before it is saved."""

import pytest
import torch
from mmengine.runner import find_latest_checkpoint

from tests.test_hooks.test_safe_checkpoint_hook import Line, runner


class Overflowing(Line):
    """A model whose weights are infinite from one of its steps on."""

    def __init__(self, step):
        super().__init__()
        self.steps, self.step = 0, step

    def train_step(self, data, optim_wrapper):
        self.steps += 1
        if self.steps >= self.step:
            with torch.no_grad():
                self.layer.weight.fill_(float('inf'))
        return super().train_step(data, optim_wrapper)


# Two iterations an epoch. First infinite step, interval, what stops it
@pytest.mark.parametrize(
    ('step', 'interval', 'message'),
    [
        (3, 1, 'not finite in iteration 4: loss. To clip gradients'),
        # The step before the checkpoint: its weights are seen.
        (
            4,
            1,
            'Not saved, because weights are not finite: layer.bias, layer.w',
        ),
        (3, 50, 'Not saved, because weights are not finite'),
    ],
)
def test_stops_before_the_weights_are_saved(tmp_path, step, interval, message):
    hooks = [dict(type='mmdet_msrcnn.FiniteLossHook', interval=interval)]
    training = runner(tmp_path, model=Overflowing(step), custom_hooks=hooks)
    with pytest.raises(FloatingPointError, match=message):
        training.train()
    last = find_latest_checkpoint(str(tmp_path))
    assert last.endswith('epoch_1.pth')
    weights = torch.load(last, weights_only=True)['state_dict']
    assert all(value.isfinite().all() for value in weights.values())


class Infinite(Line):
    """A model whose loss is infinite, and its weights are not."""

    def train_step(self, data, optim_wrapper):
        super().train_step(data, optim_wrapper)
        return dict(loss=torch.tensor(float('inf')))


def test_looks_at_the_end_of_an_epoch(tmp_path):
    """Two iterations an epoch; the interval is longer than the training."""
    hooks = [dict(type='mmdet_msrcnn.FiniteLossHook', interval=50)]
    training = runner(tmp_path, model=Infinite(), custom_hooks=hooks)
    # Seen in iteration 2, at the end of the epoch, and again in the next.
    with pytest.raises(FloatingPointError, match='in iteration 3: loss'):
        training.train()


class Skipping(Line):
    """A model one of whose steps a gradient scaler would skip."""

    def train_step(self, data, optim_wrapper):
        if len(self.seen) == 8:
            self.seen += data.flatten().tolist()
            return dict(loss=torch.tensor(float('inf')))
        return super().train_step(data, optim_wrapper)


def test_a_single_step_may_be_skipped(tmp_path):
    hooks = [dict(type='mmdet_msrcnn.FiniteLossHook', interval=1)]
    runner(tmp_path, model=Skipping(), custom_hooks=hooks).train()
    assert (tmp_path / 'epoch_3.pth').is_file()


def test_finite_losses_pass(tmp_path):
    hooks = [dict(type='mmdet_msrcnn.FiniteLossHook', interval=1)]
    runner(tmp_path, custom_hooks=hooks).train()
    assert (tmp_path / 'epoch_3.pth').is_file()
