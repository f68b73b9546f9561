"""Fusion of the predicted mask with the RoI feature."""

import torch
from torch.nn import functional as F

from mmdet_msrcnn.models.mask_fusion import concat_target_mask


def test_concatenates_the_max_pooled_mask():
    feats, probs = torch.randn(3, 5, 14, 14), torch.rand(3, 28, 28)
    fused = concat_target_mask(feats, probs)
    assert torch.equal(fused[:, :5], feats)
    assert torch.equal(fused[:, 5], F.max_pool2d(probs, 2))


def test_hand_worked_case():
    probs = torch.tensor([[[0.1, 0.9, 0.0, 0.2],
                           [0.3, 0.2, 0.1, 0.0]]])  # fmt: skip
    fused = concat_target_mask(torch.zeros(1, 1, 1, 2), probs)
    torch.testing.assert_close(fused[0, 1], torch.tensor([[0.9, 0.2]]))
