"""RoI head of Cascade Mask R-CNN with mask scoring."""

from contextlib import nullcontext

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.base_cascade_mask_scoring_roi_head import (
    BaseCascadeMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.isolation import eval_mode
from mmdet_msrcnn.models.roi_heads.positives_loss import (
    positives_loss,
    positives_loss_from_features,
)
from mmdet_msrcnn.models.roi_heads.sample_proposals import sample_proposals
from mmdet_msrcnn.models.targets.gt_masks import pack_samples
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class CascadeMaskScoringRoIHead(BaseCascadeMaskScoringRoIHead):
    """Cascade RoI head that also predicts the quality of its masks.

    The scorer, such as a :class:`MaskIoUHead`, is trained on the last stage's
    positives, with that stage's loss weight. Requested in
    https://github.com/open-mmlab/mmdetection/issues/2715.

    Arguments and errors are those of :class:`BaseMaskScoringRoIHead` and
    :class:`CascadeRoIHead`.
    """

    def mask_loss(
        self,
        stage: int,
        x: tuple[Tensor, ...],
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

    def scorer_loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of the scorer without those of other heads.

        There are no mask targets, and the last box head does not run. The
        positives are those that :meth:`loss` draws.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.

        Returns:
            dict: Losses and statistics of the scorer, with the name and the
            weight of the last stage.
        """
        samples = pack_samples(batch_data_samples, x[0].device)
        gt_instances, ignored, metas = unpack_gt_instances(samples)
        proposals, last = rpn_results_list, self.num_stages - 1
        for stage in range(self.num_stages):
            self.current_stage = stage
            drawn = sample_proposals(
                self.bbox_assigner[stage],
                self.bbox_sampler[stage],
                x,
                proposals,
                gt_instances,
                ignored,
            )
            if stage < last:
                with torch.no_grad():
                    refined = self.bbox_head[stage].refine_bboxes(
                        drawn, self.bbox_loss(stage, x, drawn), metas
                    )
                # None if there are no boxes to refine.
                proposals = refined or proposals
        losses = positives_loss_from_features(self, x, drawn, gt_instances)
        weight = self.stage_loss_weights[last]
        return {
            f's{last}.{name}': value * weight if 'loss' in name else value
            for name, value in losses.items()
        }

    def _earlier_masks(
        self, stage: int, x: tuple[Tensor, ...], rois: Tensor
    ) -> list[Tensor]:
        """Compute the mask logits of the stages before one."""
        # Without gradient, they also leave the statistics of batch norm.
        apart = self.mask_grad == 0
        with (
            torch.no_grad() if apart else nullcontext(),
            eval_mode(self) if apart else nullcontext(),
        ):
            return [
                self._mask_forward(s, x, rois)['mask_preds']
                for s in range(stage)
            ]
