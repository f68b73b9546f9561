"""RoI head of Mask Scoring R-CNN: Mask R-CNN's plus a MaskIoU head."""

from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.positives_loss import positives_loss
from mmdet_msrcnn.models.roi_heads.standard_mask_scoring_roi_head import (
    StandardMaskScoringRoIHead,
)
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskScoringRoIHead(StandardMaskScoringRoIHead):
    """Standard RoI head that also predicts the quality of its masks.

    The scorer, such as a :class:`MaskIoUHead`, is trained on the positives.

    Arguments and errors are those of :class:`BaseMaskScoringRoIHead` and
    :class:`StandardRoIHead`.
    """

    def mask_loss(
        self,
        x: tuple[Tensor],
        sampling_results: list[SamplingResult],
        bbox_feats: Tensor,
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Compute the losses of the mask head and of the scorer.

        Args:
            x (tuple[Tensor]): Multi-level features.
            sampling_results (list[:obj:`SamplingResult`]): Sampling results
                of each image.
            bbox_feats (Tensor): RoI features of the box head.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.

        Returns:
            dict: As :meth:`StandardRoIHead.mask_loss`; ``loss_mask`` also
            holds ``loss_mask_iou`` and the statistics of its targets.
        """
        mask_results = super().mask_loss(
            x, sampling_results, bbox_feats, batch_gt_instances
        )
        scorer_losses = positives_loss(
            self,
            x,
            [mask_results['mask_preds']],
            mask_results['mask_feats'],
            sampling_results,
            batch_gt_instances,
        )
        mask_results['loss_mask'].update(scorer_losses)
        return mask_results
