"""State of the random generators that training uses."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


def get_random_state() -> dict:
    """Read the state of this process's Python, NumPy and torch generators.

    Returns:
        dict: Tensors and plain data, which ``torch.load`` reads with
        ``weights_only=True``. ``cuda`` is included if a GPU is in use.
    """
    name, keys, *rest = np.random.get_state()
    state = dict(
        python=random.getstate(),
        numpy=(name, np.asarray(keys).tolist(), *rest),
        torch=torch.get_rng_state(),
    )
    # Reading the state would use memory of a GPU that is not in use.
    if torch.cuda.is_initialized():
        state['cuda'] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict) -> None:
    """Restore the state from :func:`get_random_state`.

    Args:
        state (dict): The state. ``cuda`` is ignored without a GPU.
    """
    version, internal, gauss = state['python']
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = state['numpy']
    np.random.set_state((name, np.array(keys, np.uint32), *rest))
    torch.set_rng_state(state['torch'].cpu())
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Restore the state at the end, as if no numbers were drawn within."""
    state = get_random_state()
    try:
        yield
    finally:
        set_random_state(state)
