"""Loss of masks that compete over the classes (Mask R-CNN, table 2b)."""

from torch import Tensor, nn

from mmdet_msrcnn.models.checks import check_range
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MultinomialMaskLoss(nn.Module):
    """Cross-entropy of each pixel over the classes and the background.

    For :class:`MultinomialMaskHead`.

    Args:
        loss_weight (float): Weight of the loss, at least 0. Defaults to 1.

    Raises:
        ValueError: If ``loss_weight`` is out of range.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        check_range('loss_mask.loss_weight', loss_weight, 0)
        self.loss_weight = loss_weight

    def forward(
        self, mask_preds: Tensor, mask_targets: Tensor, labels: Tensor
    ) -> Tensor:
        """Compute the mean over the pixels of all RoIs, in float32.

        Args:
            mask_preds (Tensor): Scores, the background last, shape
                (K, num_classes + 1, h, w).
            mask_targets (Tensor): Share of the foreground in [0, 1], shape
                (K, h, w).
            labels (Tensor): Class of each RoI, shape (K, ).

        Returns:
            Tensor: Scalar.
        """
        log_probs = mask_preds.float().log_softmax(1)
        index = labels[:, None, None, None].expand(
            -1, 1, *mask_targets.shape[1:]
        )
        own = log_probs.gather(1, index)[:, 0]
        losses = mask_targets * own + (1 - mask_targets) * log_probs[:, -1]
        return -self.loss_weight * losses.mean()
