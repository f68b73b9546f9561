"""Functions of other packages that call what NumPy has removed.

``np.float`` went with NumPy 1.24, ``np.in1d`` with NumPy 2.4
(https://numpy.org/doc/stable/release/2.4.0-notes.html). A copy of such a
function that sees another ``np`` works, and leaves the package as it is.
"""

from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

NUMPY = SimpleNamespace(**{**vars(np), 'float': float, 'in1d': np.isin})


def with_globals(function: Callable, **names: Any) -> Callable:
    """Copy a function, with other values for some of its globals.

    Args:
        function (Callable): A Python function.
        **names: Values by the name that the function looks up.

    Returns:
        Callable: The copy. Functions that it calls see their own globals.

    Raises:
        KeyError: If the function's module has no such global, so that the
            copy would change nothing.
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
