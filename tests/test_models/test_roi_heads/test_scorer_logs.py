"""Losses that a scorer declares, and no others."""

import pytest

from mmdet_msrcnn.models import MaskIoUHead
from mmdet_msrcnn.models.roi_heads.scorer_logs import check_logs, own_losses


@pytest.fixture
def head():
    return MaskIoUHead(num_classes=1, in_channels=8, conv_out_channels=8)


def test_a_roi_head_that_does_not_train_its_scorer_is_named(head):
    with pytest.raises(RuntimeError, match='No loss of MaskIoUHead is in'):
        own_losses(head, dict(loss_mask=1, loss_cls=2))


def test_losses_of_the_scorer_are_selected_in_all_stages(head):
    found = {'s2.loss_mask_iou': 1, 's2.loss_mask': 2, 'loss_mask_iou': 3}
    expected = {'s2.loss_mask_iou': 1, 'loss_mask_iou': 3}
    assert own_losses(head, found) == expected


@pytest.mark.parametrize('change', [dict(loss_more=1), None])
def test_other_names_than_the_declared_ones_are_refused(head, change):
    losses = dict.fromkeys(head.logs, 0.0)
    assert check_logs(head, losses) is losses
    if change is None:
        del losses['mask_iou_target']
    else:
        losses |= change
    with pytest.raises(KeyError, match='MaskIoUHead.logs must name'):
        check_logs(head, losses)
