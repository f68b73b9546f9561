"""Loss of the MaskIoU head (paper, section 3.3)."""

import torch
from torch import Tensor, nn

from mmdet_msrcnn.models.checks import check_range
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskIoULoss(nn.Module):
    """Halved squared error over the samples whose target exceeds tau.

    Equals the authors' L2 loss, and mmdet's ``MSELoss`` with
    ``loss_weight=0.5``.

    Args:
        tau (float): Threshold in [0, 1). Samples whose target is at most tau
            are left out. The paper's best value is 0. Defaults to 0.
        loss_weight (float): Weight of the loss, at least 0. Defaults to 1.

    Raises:
        ValueError: If ``tau`` or ``loss_weight`` is out of range.
    """

    def __init__(self, tau: float = 0.0, loss_weight: float = 1.0) -> None:
        super().__init__()
        check_range('loss_iou.tau', tau, 0, 1)
        check_range('loss_iou.loss_weight', loss_weight, 0)
        self.tau = tau
        self.loss_weight = loss_weight

    def forward(
        self,
        mask_iou_preds: Tensor,
        mask_iou_targets: Tensor,
        weight: Tensor | None = None,
        avg_factor: Tensor | None = None,
    ) -> Tensor:
        """Compute the loss in float32.

        Args:
            mask_iou_preds (Tensor): Predicted MaskIoU, any shape.
            mask_iou_targets (Tensor): Targets in [0, 1], the same shape.
            weight (Tensor, optional): bool, which samples count. By default
                those with a target above tau.
            avg_factor (Tensor, optional): Scalar to divide the sum by. By
                default the number of samples that count.

        Returns:
            Tensor: Scalar. If no sample counts it is 0 with a gradient of 0,
            so that every rank of a distributed run has the same graph.
        """
        if weight is None:
            weight = mask_iou_targets > self.tau
        if avg_factor is None:
            avg_factor = weight.sum()
        errors = mask_iou_preds.float() - mask_iou_targets.float()
        errors = torch.where(weight, errors, 0.0)
        total = errors.square().sum() / avg_factor.clamp(min=1)
        return self.loss_weight * 0.5 * total
