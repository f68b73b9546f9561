"""Generators go on where they were."""

import random

import numpy as np
import pytest
import torch

from mmdet_msrcnn.utils.random_state import get_random_state, set_random_state


def draw() -> list[float]:
    # A normal number keeps a second one for the next call.
    return [
        random.random(),
        random.gauss(0, 1),
        np.random.rand(),
        np.random.randn(),
        torch.rand(()).item(),
        torch.randn(()).item(),
    ]


@pytest.mark.parametrize('saved', [False, True])
def test_draws_the_same_again(tmp_path, saved):
    draw()
    state = get_random_state()
    if saved:
        torch.save(state, tmp_path / 'state.pth')
    expected = [draw(), draw()]
    if saved:
        state = torch.load(tmp_path / 'state.pth', weights_only=True)
    set_random_state(state)
    assert [draw(), draw()] == expected
    assert draw() not in expected
