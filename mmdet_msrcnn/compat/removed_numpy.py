"""Copies of functions that call what NumPy has removed.

NumPy 1.24 removed ``np.float``, NumPy 2.4 removed ``np.in1d``
(https://numpy.org/doc/stable/release/2.4.0-notes.html). A copy of such a
function with another ``np`` works, and the other package is not changed.
Can go when no metric needs it.
"""

from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

NUMPY = SimpleNamespace(**{**vars(np), 'float': float, 'in1d': np.isin})


def with_globals(function: Callable, **names: Any) -> Callable:
    """Copy a function with other values for some of its globals.

    Args:
        function (Callable): A Python function.
        **names: Values by the names that the function looks up.

    Returns:
        Callable: The copy. Functions that it calls see their own globals.

    Raises:
        KeyError: If the function's module has no such global; the copy
            would then change nothing.
    """
    unknown = sorted(names.keys() - function.__globals__.keys())
    if unknown:
        raise KeyError(
            f'{function.__module__} has no global {unknown[0]!r} to replace'
        )
    copied = FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    copied.__doc__ = function.__doc__
    return copied
