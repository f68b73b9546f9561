"""Clearing of weights that autocast caches without gradient.

Autocast caches the weights that it casts. Some versions of torch also cache
weights cast under ``no_grad``, and use them without gradient for later losses
(https://github.com/pytorch/pytorch/issues/112583). This file can go when no
supported version of torch does so.
"""

import torch


def clear_autocast_cache() -> None:
    """Remove all cast weights from the cache."""
    torch.clear_autocast_cache()
