"""What torch may unpickle from a checkpoint that mmengine wrote."""

import os
import pickle
from typing import Any

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

HISTORY_METHODS = ('min', 'max', 'mean', 'current')
# Spelled by name: numpy 1 and 2 keep these in different modules.
NUMPY_RECONSTRUCT = np.empty(0).__reduce__()[0]
NUMPY_SCALAR = np.float64(0).__reduce__()[0]


def restricted_getattr(owner: Any, name: str) -> Any:
    """``getattr`` for the statistics methods of ``HistoryBuffer`` alone.

    mmengine pickles these methods by reference, which asks for
    ``builtins.getattr``; the real one would let a file call anything.

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


def allow_checkpoint_globals() -> None:
    """Let ``torch.load(weights_only=True)`` read mmengine's checkpoints.

    mmengine 0.10.7 calls ``torch.load`` without ``weights_only``, which
    torch >= 2.6 takes as ``True`` and then refuses mmengine's own message hub
    (https://github.com/open-mmlab/mmengine/issues/1655).
    """
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (restricted_getattr, 'builtins.getattr'),
            np.ndarray,
            np.dtype,
            type(np.dtype(np.float64)),
            type(np.dtype(np.int64)),
            (NUMPY_RECONSTRUCT, 'numpy._core.multiarray._reconstruct'),
            (NUMPY_RECONSTRUCT, 'numpy.core.multiarray._reconstruct'),
            (NUMPY_SCALAR, 'numpy._core.multiarray.scalar'),
            (NUMPY_SCALAR, 'numpy.core.multiarray.scalar'),
        ]
    )


def force_weights_only() -> None:
    """Have this process read all checkpoints with ``weights_only=True``.

    torch's hub, through which mmengine loads ``http://`` and
    ``torchvision://`` addresses, unpickles them without it
    (https://github.com/pytorch/pytorch/blob/v2.13.0/torch/hub.py). For
    programs of ours; a library must not decide that for others.
    """
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'
