"""Weights that autocast keeps without their gradient.

Autocast keeps the weights that it casts. Some versions of torch also keep
those cast under ``no_grad``, and use them, without gradient, for later losses
(https://github.com/pytorch/pytorch/issues/112583). Can go when no supported
version of torch does.
"""

import torch


def clear_autocast_cache() -> None:
    """Forget the weights that were cast so far."""
    torch.clear_autocast_cache()
