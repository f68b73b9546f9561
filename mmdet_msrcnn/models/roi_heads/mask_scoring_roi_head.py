"""RoI head of Mask Scoring R-CNN: Mask R-CNN's plus a MaskIoU head."""

from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.mask_scoring_mixin import MaskScoringMixin
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskScoringRoIHead(MaskScoringMixin, StandardRoIHead):
    """Standard RoI head that also predicts how good its masks are.

    Arguments and errors are those of :class:`MaskScoringMixin` and
    :class:`StandardRoIHead`.
    """

    def forward(
        self,
        x: tuple[Tensor],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList | None = None,
    ) -> tuple:
        """Run the heads without post-processing, as ``mode='tensor'`` does.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`], optional): Unused.

        Returns:
            tuple[Tensor]: ``cls_score``, ``bbox_pred``, ``mask_preds`` and
            ``mask_iou_preds``, the last two of the first 100 RoIs.
        """
        rois = bbox2roi([res.bboxes for res in rpn_results_list])
        bbox_results = self._bbox_forward(x, rois)
        cls_score = bbox_results['cls_score']
        rois = rois[:100]
        mask_preds, mask_feats = self._stage_masks(x, rois)
        labels = cls_score[:100, : self.bbox_head.num_classes].argmax(dim=1)
        mask_iou_preds, _ = self._mask_iou_forward(
            x,
            rois,
            mask_preds,
            mask_feats,
            labels,
            *self._roi_context(rois, cls_score[:100], labels),
        )
        return (
            cls_score,
            bbox_results['bbox_pred'],
            mask_preds[0],
            mask_iou_preds,
        )

    def _mask_forward(
        self,
        x: tuple[Tensor],
        rois: Tensor | None = None,
        pos_inds: Tensor | None = None,
        bbox_feats: Tensor | None = None,
    ) -> dict:
        """Run the mask head on RoIs, or on chosen RoI features."""
        if pos_inds is not None:
            # mmdet chooses by uint8, which torch is about to drop.
            pos_inds = pos_inds.bool()
        return super()._mask_forward(x, rois, pos_inds, bbox_feats)

    def mask_loss(
        self,
        x: tuple[Tensor],
        sampling_results: list[SamplingResult],
        bbox_feats: Tensor,
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Compute the losses of the mask head and of the MaskIoU head.

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
        loss_mask_iou = self._mask_iou_loss(
            x,
            [mask_results['mask_preds']],
            mask_results['mask_feats'],
            sampling_results,
            batch_gt_instances,
        )
        mask_results['loss_mask'].update(loss_mask_iou)
        return mask_results

    def _stage_masks(
        self, x: tuple[Tensor], rois: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        mask_results = self._mask_forward(x, rois)
        return [mask_results['mask_preds']], mask_results['mask_feats']

    def _paste_masks(
        self,
        mask_preds: list[Tensor],
        num_rois: list[int],
        results_list: InstanceList,
        **kwargs,
    ) -> InstanceList:
        return self.mask_head.predict_by_feat(
            mask_preds=mask_preds[0].split(num_rois),
            results_list=results_list,
            **kwargs,
        )
