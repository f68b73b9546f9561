"""A training whose loss is no number stops before that is saved."""

import pytest
import torch
from mmengine.runner import find_latest_checkpoint

from tests.test_hooks.test_safe_checkpoint_hook import Line, runner


class Overflowing(Line):
    """A model whose loss is infinite from its fourth step on."""

    def train_step(self, data, optim_wrapper):
        if len(self.seen) >= 12:
            with torch.no_grad():
                self.layer.weight.fill_(float('inf'))
        return super().train_step(data, optim_wrapper)


def run(folder, **hook):
    hooks = [dict(type='mmdet_msrcnn.FiniteLossHook', **hook)]
    training = runner(folder, model=Overflowing(), custom_hooks=hooks)
    training.train()


# Two iterations an epoch: the fourth is the last of the second epoch.
@pytest.mark.parametrize('interval', [1, 50])
def test_stops_before_the_weights_are_saved(tmp_path, interval):
    with pytest.raises(FloatingPointError) as error:
        run(tmp_path, interval=interval)
    message = str(error.value)
    assert 'Not finite in iteration 4: loss. Lower the' in message
    assert str(tmp_path) in message
    last = find_latest_checkpoint(str(tmp_path))
    assert last.endswith('epoch_1.pth')
    weights = torch.load(last, weights_only=True)['state_dict']
    assert all(value.isfinite().all() for value in weights.values())


def test_finite_losses_pass(tmp_path):
    hooks = [dict(type='mmdet_msrcnn.FiniteLossHook', interval=1)]
    runner(tmp_path, custom_hooks=hooks).train()
    assert (tmp_path / 'epoch_3.pth').is_file()
