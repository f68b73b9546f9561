"""Functions that call what NumPy has removed."""

import numpy as np
import pytest

from mmdet_msrcnn.compat.removed_numpy import NUMPY, with_globals


def calls_removed(values, cast=True):
    """Say what is removed."""
    found = np.in1d(values, [1, 2])
    return found.astype(np.float) if cast else found


def test_a_copy_works_and_the_function_stays():
    copied = with_globals(calls_removed, np=NUMPY)
    assert copied([1, 3]).tolist() == [1.0, 0.0]
    assert copied([1, 3], cast=False).dtype == bool
    assert copied.__doc__ == calls_removed.__doc__
    with pytest.raises(AttributeError):
        calls_removed([1, 3])


def test_a_global_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="no global 'torch'"):
        with_globals(calls_removed, torch=NUMPY)
