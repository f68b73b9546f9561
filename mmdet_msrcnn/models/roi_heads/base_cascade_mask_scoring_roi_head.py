"""Base class of the Cascade RoI heads that score their masks."""

import torch
from mmdet.models.roi_heads import CascadeRoIHead
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.score_rois import score_rois
from mmdet_msrcnn.models.roi_heads.stage_outputs import mean_probs


class BaseCascadeMaskScoringRoIHead(BaseMaskScoringRoIHead, CascadeRoIHead):
    """Base class of the Cascade RoI heads that score their masks.

    One scorer reads the last stage's RoI features and the mean of the mask
    probabilities of all stages. The same mean is pasted.

    Arguments and errors are those of :class:`BaseMaskScoringRoIHead` and
    :class:`CascadeRoIHead`.
    """

    def forward(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> tuple:
        """Run the heads without post-processing, as ``mode='tensor'`` does.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Meta information
                of each image.

        Returns:
            tuple[Tensor]: ``cls_score`` averaged over stages, ``bbox_pred``
            of the last stage, ``mask_preds`` (probabilities averaged over
            stages) and the output of the scorer.
        """
        proposals = [res.bboxes for res in rpn_results_list]
        rois, cls_scores, bbox_preds = self._refine_roi(
            x,
            bbox2roi(proposals),
            [sample.metainfo for sample in batch_data_samples],
            tuple(map(len, proposals)),
        )
        rois, cls_score = torch.cat(rois), torch.cat(cls_scores)
        mask_preds, preds = score_rois(self, x, rois, cls_score)
        return cls_score, torch.cat(bbox_preds), mean_probs(mask_preds), preds

    def _mask_forward(
        self, stage: int, x: tuple[Tensor, ...], rois: Tensor
    ) -> dict:
        """Run a stage's mask head; unlike mmdet, keep the RoI features."""
        extractor = self.mask_roi_extractor[stage]
        mask_feats = extractor(x[: extractor.num_inputs], rois)
        mask_preds = self.mask_head[stage](mask_feats)
        return dict(mask_preds=mask_preds, mask_feats=mask_feats)

    def _stage_masks(
        self, x: tuple[Tensor, ...], rois: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        results = [
            self._mask_forward(stage, x, rois)
            for stage in range(self.num_stages)
        ]
        return [r['mask_preds'] for r in results], results[-1]['mask_feats']

    def _paste_masks(
        self,
        mask_preds: list[Tensor],
        num_rois: list[int],
        results_list: InstanceList,
        **kwargs,
    ) -> InstanceList:
        return self.mask_head[-1].predict_by_feat(
            mask_preds=mean_probs(mask_preds).split(num_rois),
            results_list=results_list,
            activate_map=True,
            **kwargs,
        )
