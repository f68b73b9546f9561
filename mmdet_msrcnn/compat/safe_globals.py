"""Classes that torch may unpickle from mmengine's checkpoints.

mmengine 0.10.7 calls ``torch.load`` without ``weights_only``. torch >= 2.6
uses ``True`` then, and refuses mmengine's own message hub
(https://github.com/open-mmlab/mmengine/issues/1655). Can go when mmengine
allows its own classes.
"""

import pickle
from typing import Any

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

NUMPY_DTYPES = {type(np.dtype(c)) for c in np.typecodes['AllInteger'] + '?efd'}
HISTORY_METHODS = ('min', 'max', 'mean', 'current')
# NumPy 1 and 2 have these in different modules.
NUMPY_RECONSTRUCT: Any = np.empty(0).__reduce__()[0]
NUMPY_SCALAR: Any = np.float64(0).__reduce__()[0]


def restricted_getattr(owner: Any, name: str) -> Any:
    """Get a statistics method of ``HistoryBuffer``; refuse all else.

    mmengine pickles these methods by reference, which needs
    ``builtins.getattr``. The real ``getattr`` would let a file call anything.

    Args:
        owner (Any): Must be :class:`HistoryBuffer`.
        name (str): One of ``min``, ``max``, ``mean`` and ``current``.

    Returns:
        Callable: The method.

    Raises:
        pickle.UnpicklingError: For anything else.
    """
    if owner is HistoryBuffer and name in HISTORY_METHODS:
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(
        f'The checkpoint asks for attribute {name!r} of {owner!r}. Only '
        f'{HISTORY_METHODS} of HistoryBuffer are allowed; do not load a file '
        'that you do not trust.'
    )


def named(cls: type) -> tuple[type, str]:
    """Pair a class with its name.

    onedl-mmengine removes the bare classes after each checkpoint that it
    loads, not the pairs.
    """
    return cls, f'{cls.__module__}.{cls.__qualname__}'


def allow_checkpoint_globals() -> None:
    """Let ``torch.load(weights_only=True)`` read mmengine's checkpoints.

    The message hub may hold NumPy numbers of any size, such as the best score
    of a metric.
    """
    torch.serialization.add_safe_globals(
        [
            (restricted_getattr, 'builtins.getattr'),
            *map(named, (HistoryBuffer, np.ndarray, np.dtype, *NUMPY_DTYPES)),
            (NUMPY_RECONSTRUCT, 'numpy._core.multiarray._reconstruct'),
            (NUMPY_RECONSTRUCT, 'numpy.core.multiarray._reconstruct'),
            (NUMPY_SCALAR, 'numpy._core.multiarray.scalar'),
            (NUMPY_SCALAR, 'numpy.core.multiarray.scalar'),
        ]
    )
