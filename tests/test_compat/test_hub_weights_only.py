"""Checkpoints at URLs are read without executing code."""

import pickle

import pytest
import torch

from mmdet_msrcnn.compat.hub_weights_only import force_weights_only
from tests.helpers import Hostile


def test_forced_also_where_a_caller_asks_for_less(tmp_path, monkeypatch):
    # Set, so that what is forced is taken back.
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '0')
    path, trace = tmp_path / 'hostile.pth', tmp_path / 'trace'
    torch.save(dict(payload=Hostile(trace)), path)
    torch.load(path, weights_only=False)
    # It works where it is let through.
    trace.unlink()
    force_weights_only()
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=False)
    assert not trace.exists()
