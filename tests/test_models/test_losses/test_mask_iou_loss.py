"""The MaskIoU loss against mmdet's MSELoss and finite differences."""

import pytest
import torch
from mmdet.models.losses import MSELoss

from mmdet_msrcnn.models import MaskIoULoss


@pytest.mark.parametrize('tau', [0.0, 0.3, 0.7])
def test_equals_mse_of_weight_one_half_over_targets_above_tau(tau):
    preds, targets = torch.randn(50), torch.rand(50)
    targets[:10] = 0
    chosen = targets > tau
    expected = MSELoss(loss_weight=0.5)(preds[chosen], targets[chosen])
    loss = MaskIoULoss(tau=tau)(preds, targets)
    torch.testing.assert_close(loss, expected)


def test_gradient_by_finite_differences():
    preds = torch.randn(8, dtype=torch.double, requires_grad=True)
    targets = torch.rand(8, dtype=torch.double)
    loss = MaskIoULoss(loss_weight=2.0)(preds, targets)
    (gradient,) = torch.autograd.grad(loss, preds)
    for i in range(8):
        step = torch.zeros(8, dtype=torch.double)
        step[i] = 1e-2
        up, down = (
            MaskIoULoss(loss_weight=2.0)(preds.detach() + s, targets)
            for s in (step, -step)
        )
        # float32 inside, hence the tolerance
        assert gradient[i].item() == pytest.approx(
            (up - down).item() / 2e-2, abs=1e-4
        )


# all below tau; no sample at all
@pytest.mark.parametrize('num', [4, 0])
def test_nothing_above_tau_gives_zero_with_a_graph(num):
    preds = torch.randn(num, requires_grad=True)
    loss = MaskIoULoss(tau=0.5)(preds, torch.full((num,), 0.5))
    loss.backward()
    assert loss.item() == 0
    assert preds.grad.tolist() == [0.0] * num


def test_float32_under_autocast():
    preds = torch.randn(5, dtype=torch.bfloat16)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = MaskIoULoss()(preds, torch.rand(5))
    assert loss.dtype == torch.float32


@pytest.mark.parametrize(
    ('argument', 'value'), [('tau', 1.0), ('tau', -0.1), ('loss_weight', -1)]
)
def test_bad_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f'{argument} must be .* got {value}'):
        MaskIoULoss(**{argument: value})


def test_weight_and_avg_factor_choose_and_divide():
    preds, targets = torch.randn(3, 4), torch.rand(3, 4)
    weight = torch.zeros(3, 4, dtype=torch.bool)
    weight[0, 1] = weight[2, 3] = True
    loss = MaskIoULoss()(preds, targets, weight, torch.tensor(5))
    errors = (preds - targets)[weight]
    torch.testing.assert_close(loss, 0.5 * errors.square().sum() / 5)
