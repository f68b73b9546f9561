"""RoI head of Cascade Mask R-CNN with mask scoring."""

from contextlib import nullcontext

import torch
from mmdet.models.roi_heads import CascadeRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.isolation import eval_mode
from mmdet_msrcnn.models.roi_heads.positives_loss import positives_loss
from mmdet_msrcnn.models.roi_heads.score_rois import score_rois
from mmdet_msrcnn.models.roi_heads.stage_outputs import mean_probs
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class CascadeMaskScoringRoIHead(BaseMaskScoringRoIHead, CascadeRoIHead):
    """Cascade RoI head that also predicts the quality of its masks.

    One MaskIoU head reads the last stage's RoI features and the mean of the
    mask probabilities of all stages. The same mean is pasted. The head is
    trained on the last stage's positives, with that stage's loss weight.
    Requested in https://github.com/open-mmlab/mmdetection/issues/2715.

    Arguments and errors are those of :class:`BaseMaskScoringRoIHead` and
    :class:`CascadeRoIHead`.
    """

    def forward(
        self,
        x: tuple[Tensor],
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
        self, stage: int, x: tuple[Tensor], rois: Tensor
    ) -> dict:
        """Run a stage's mask head; unlike mmdet, keep the RoI features."""
        extractor = self.mask_roi_extractor[stage]
        mask_feats = extractor(x[: extractor.num_inputs], rois)
        mask_preds = self.mask_head[stage](mask_feats)
        return dict(mask_preds=mask_preds, mask_feats=mask_feats)

    def mask_loss(
        self,
        stage: int,
        x: tuple[Tensor],
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Compute a stage's losses; the last stage adds those of the scorer.

        Args:
            stage (int): Stage of the cascade, from 0.
            x (tuple[Tensor]): Multi-level features.
            sampling_results (list[:obj:`SamplingResult`]): Sampling results
                of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.

        Returns:
            dict: As :meth:`CascadeRoIHead.mask_loss`; ``loss_mask`` of the
            last stage also holds ``loss_mask_iou`` and the statistics of its
            targets.
        """
        mask_results = super().mask_loss(
            stage, x, sampling_results, batch_gt_instances
        )
        if stage == self.num_stages - 1:
            rois = bbox2roi([res.pos_priors for res in sampling_results])
            earlier = self._earlier_masks(stage, x, rois)
            scorer_losses = positives_loss(
                self,
                x,
                [*earlier, mask_results['mask_preds']],
                mask_results['mask_feats'],
                sampling_results,
                batch_gt_instances,
            )
            mask_results['loss_mask'].update(scorer_losses)
        return mask_results

    def _earlier_masks(
        self, stage: int, x: tuple[Tensor], rois: Tensor
    ) -> list[Tensor]:
        """Compute the mask logits of the stages before one."""
        # Without gradient, they also leave the statistics of batch norm.
        apart = self.mask_grad == 0
        with (
            torch.set_grad_enabled(not apart),
            eval_mode(self.mask_head) if apart else nullcontext(),
        ):
            return [
                self._mask_forward(s, x, rois)['mask_preds']
                for s in range(stage)
            ]

    def _stage_masks(
        self, x: tuple[Tensor], rois: Tensor
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
