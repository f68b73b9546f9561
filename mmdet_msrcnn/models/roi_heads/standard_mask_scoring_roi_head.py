"""Base class of the RoI heads with one stage that score their masks."""

from mmdet.models.roi_heads import StandardRoIHead
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.compat.uint8_indices import to_bool
from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.score_rois import score_rois


class StandardMaskScoringRoIHead(BaseMaskScoringRoIHead, StandardRoIHead):
    """Base class of the RoI heads with one stage that score their masks.

    Arguments and errors are those of :class:`BaseMaskScoringRoIHead` and
    :class:`StandardRoIHead`.
    """

    def forward(
        self,
        x: tuple[Tensor, ...],
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
            output of the scorer, the last two only for the first 100 RoIs.
        """
        rois = bbox2roi([res.bboxes for res in rpn_results_list])
        bbox_results = self._bbox_forward(x, rois)
        cls_score = bbox_results['cls_score']
        mask_preds, preds = score_rois(self, x, rois[:100], cls_score[:100])
        return cls_score, bbox_results['bbox_pred'], mask_preds[0], preds

    def _mask_forward(
        self,
        x: tuple[Tensor, ...],
        rois: Tensor | None = None,
        pos_inds: Tensor | None = None,
        bbox_feats: Tensor | None = None,
    ) -> dict:
        """Run the mask head on RoIs, or on selected RoI features."""
        return super()._mask_forward(x, rois, to_bool(pos_inds), bbox_feats)

    def _stage_masks(
        self, x: tuple[Tensor, ...], rois: Tensor
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
