"""Weights that autocast keeps without their gradient."""

import torch
import torch.nn.functional as F

from mmdet_msrcnn.compat.autocast_cache import clear_autocast_cache


def test_a_weight_is_cast_anew():
    """Only a weight that is cast anew shows that it has changed."""
    x, weight = torch.ones(1, 2), torch.ones(1, 2, requires_grad=True)
    with torch.autocast('cpu', torch.bfloat16):
        assert F.linear(x, weight).item() == 2
        with torch.no_grad():
            weight.fill_(3)
        # The one that is kept.
        assert F.linear(x, weight).item() == 2
        clear_autocast_cache()
        product = F.linear(x, weight)
    assert product.item() == 6
    product.backward()
    assert weight.grad.tolist() == [[1, 1]]


def test_autocast_goes_on():
    x, weight = torch.ones(1, 2), torch.ones(1, 2, requires_grad=True)
    with torch.autocast('cpu', torch.bfloat16):
        clear_autocast_cache()
        assert F.linear(x, weight).dtype == torch.bfloat16
    clear_autocast_cache()
    assert F.linear(x, weight).dtype == torch.float32
