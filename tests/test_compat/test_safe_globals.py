"""What torch may unpickle from a checkpoint that mmengine wrote."""

import builtins
import io
import pickle
import re

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from mmdet_msrcnn.compat.safe_globals import (
    HISTORY_METHODS,
    restricted_getattr,
)


def loaded(content):
    """Write as torch does, and read with ``weights_only=True``."""
    file = io.BytesIO()
    torch.save(content, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_a_message_hub_of_mmengine_comes_back():
    hub = MessageHub('a_hub_of_a_test')
    for value in (1.0, 2.0, 6.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('index', np.int64(3))
    hub.update_info('scores', np.array([0.5, 0.25]))
    found = loaded(hub.state_dict())
    history = found['log_scalars']['train/loss']
    assert type(history) is HistoryBuffer
    assert (history.mean(), history.min(), history.max()) == (3, 1, 6)
    assert history.current() == 6
    assert found['runtime_info']['index'] == 3
    scores = found['runtime_info']['scores']
    assert scores.dtype == np.float64
    assert scores.tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    'kind',
    [np.bool_, np.int8, np.uint8, np.int32, np.int64, np.uint64]
    + [np.float16, np.float32, np.float64],
)
def test_numbers_of_any_size_come_back(kind):
    """Such as the best score of a metric that computes in float32."""
    found = loaded(dict(best_score=kind(1), scores=np.ones(2, kind)))
    assert type(found['best_score']) is kind
    assert found['scores'].dtype == kind


@pytest.mark.parametrize('module', [b'numpy._core', b'numpy.core'])
def test_arrays_of_numpy_1_and_2(module):
    """They name the module of their functions differently."""
    file = io.BytesIO()
    content = dict(array=np.arange(3), scalar=np.float64(0.5))
    # One pickle, without checksums.
    torch.save(content, file, _use_new_zipfile_serialization=False)
    written = file.getvalue()
    assert written.count(b'.multiarray\n') == 2
    changed = re.sub(rb'numpy\._?core(?=\.multiarray\n)', module, written)
    found = torch.load(io.BytesIO(changed), weights_only=True)
    assert found['array'].tolist() == [0, 1, 2]
    assert found['scalar'] == 0.5


class _Hostile:
    """Asks for another attribute of an allowed class."""

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


def test_other_attributes_are_refused(tmp_path):
    """The raw getattr would let a file call anything."""
    torch.save(dict(state_dict=_Hostile()), tmp_path / 'hostile.pth')
    with pytest.raises(pickle.UnpicklingError, match="attribute '__init__'"):
        torch.load(tmp_path / 'hostile.pth', weights_only=True)


@pytest.mark.parametrize('name', ['min', 'max', 'mean', 'current'])
def test_statistics_of_a_history_are_allowed(name):
    assert restricted_getattr(HistoryBuffer, name) is getattr(
        HistoryBuffer, name
    )
    assert name in HISTORY_METHODS


class Heir(HistoryBuffer):
    """A class of a file's own."""


@pytest.mark.parametrize(
    ('owner', 'name'),
    [
        (HistoryBuffer, '__init__'),
        (HistoryBuffer, '_statistics_methods'),
        (HistoryBuffer, 'min.__globals__'),
        (builtins, 'eval'),
        (builtins, 'min'),
        (Heir, 'mean'),
        (HistoryBuffer([1.0], [1]), 'mean'),
    ],
)
def test_anything_else_is_refused(owner, name):
    with pytest.raises(pickle.UnpicklingError, match='do not load a file'):
        restricted_getattr(owner, name)


def test_classes_stay_allowed_after_another_loader_allows_them_for_itself():
    """onedl-mmengine does so for each checkpoint, and then removes them."""
    dtypes = [type(np.dtype(name)) for name in ('u4', 'f8', 'i8')]
    with torch.serialization.safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype, *dtypes]
    ):
        pass
    content = dict(history=HistoryBuffer([1.0], [1]), index=np.int64(3))
    found = loaded(content)
    assert found['index'] == 3
    assert found['history'].mean() == 1
