"""RoI head of Mask Scoring R-CNN: Mask R-CNN's plus a MaskIoU head."""

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.all_positives import all_positives
from mmdet_msrcnn.models.roi_heads.positives_loss import (
    positives_loss,
    positives_loss_from_features,
)
from mmdet_msrcnn.models.roi_heads.sample_proposals import sample_proposals
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples
from mmdet_msrcnn.models.roi_heads.standard_mask_scoring_roi_head import (
    StandardMaskScoringRoIHead,
)
from mmdet_msrcnn.models.targets.gt_masks import pack_samples
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
        x: tuple[Tensor, ...],
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

    def scorer_loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of the scorer without those of other heads.

        The box head does not run, and there are no mask targets. The
        positives are those that :meth:`loss` draws.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.

        Returns:
            dict: Losses and statistics of the scorer.
        """
        samples = pack_samples(batch_data_samples, x[0].device)
        gt_instances, ignored, _ = unpack_gt_instances(samples)
        drawn = sample_proposals(
            self.bbox_assigner,
            self.bbox_sampler,
            x,
            rpn_results_list,
            gt_instances,
            ignored,
        )
        return positives_loss_from_features(self, x, drawn, gt_instances)

    @torch.no_grad()
    def scorer_samples(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> ScorerSamples:
        """Compute all positives that training can draw for the scorer.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.

        Returns:
            ScorerSamples: All positives, without gradient.
        """
        samples = pack_samples(batch_data_samples, x[0].device)
        gt_instances, ignored, _ = unpack_gt_instances(samples)
        positives = all_positives(
            self, rpn_results_list, gt_instances, ignored
        )
        head = self.mask_iou_head
        rois = bbox2roi([res.pos_priors for res in positives])
        labels = head.labels_of(positives)
        mask_preds, mask_feats = self._stage_masks(x, rois)
        feats, probs = self.scorer_inputs(
            x, rois, mask_preds, mask_feats, labels
        )
        targets = head.get_targets(
            probs, positives, gt_instances, ignored, self.mask_iou_train_cfg
        )
        return ScorerSamples(feats, probs, labels, None, targets)
