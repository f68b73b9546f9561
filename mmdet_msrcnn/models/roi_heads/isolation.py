"""What keeps the training of a scorer from the detector."""

import contextlib
from collections.abc import Iterator

from torch import Tensor, nn


def scale_gradient(x: Tensor, factor: float) -> Tensor:
    """Return the same values, and pass back only a part of the gradient.

    Args:
        x (Tensor): Any tensor.
        factor (float): The part, in [0, 1].

    Returns:
        Tensor: ``x`` itself for 1, detached for 0.
    """
    if factor == 0:
        return x.detach()
    if factor == 1 or not x.requires_grad:
        return x
    # A hook on x would also scale the gradient of other paths.
    path = x.view_as(x)
    path.register_hook(lambda gradient: gradient * factor)
    return path


@contextlib.contextmanager
def eval_mode(module: nn.Module) -> Iterator[None]:
    """Set a module and its parts to eval mode, then restore their modes."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
