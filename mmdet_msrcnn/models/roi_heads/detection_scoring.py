"""Training of a scorer on the detections of its own RoI head."""

import torch
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.compat.autocast_cache import clear_autocast_cache
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import DETECTIONS
from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.isolation import eval_mode
from mmdet_msrcnn.models.roi_heads.scorer_samples import (
    ScorerSamples,
    scorer_loss,
)
from mmdet_msrcnn.models.targets.gt_masks import pack_samples
from mmdet_msrcnn.utils.random_state import kept_random_state


class DetectionScoring(BaseMaskScoringRoIHead):
    """Base class of RoI heads that train their scorer on their detections.

    Boxes and masks are trained as in Mask R-CNN. The scorer, such as a
    :class:`MaskScoreHead`, is trained on the detections that the current box
    head makes from the proposals with ``test_cfg``. Its losses do not
    back-propagate into other parts.

    Args:
        roi_feat_grad (float): Must be 0. Defaults to 0.0.
        mask_grad (float): Must be 0. Defaults to 0.0.
        **kwargs: Arguments of :class:`BaseMaskScoringRoIHead`, and of the RoI
            head of mmdet.

    Raises:
        ValueError: If ``roi_feat_grad`` or ``mask_grad`` is not 0.
    """

    trained_on = DETECTIONS

    def __init__(
        self,
        roi_feat_grad: float = 0.0,
        mask_grad: float = 0.0,
        **kwargs,
    ) -> None:
        if roi_feat_grad != 0 or mask_grad != 0:
            raise ValueError(
                f'{type(self).__name__} trains its scorer apart from the '
                'detector: roi_feat_grad and mask_grad must be 0, got '
                f'{roi_feat_grad} and {mask_grad}. Leave them out.'
            )
        super().__init__(
            roi_feat_grad=roi_feat_grad, mask_grad=mask_grad, **kwargs
        )

    def loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of all heads.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.

        Returns:
            dict: Losses of Mask R-CNN and of :meth:`scorer_loss`.
        """
        samples = pack_samples(batch_data_samples, x[0].device)
        # First, because mmdet's loss renames fields of the proposals.
        with kept_random_state():
            losses = self.scorer_loss(x, rpn_results_list, samples)
        losses.update(super().loss(x, rpn_results_list, samples))
        return losses

    def scorer_loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of the scorer on the detections.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.

        Returns:
            dict: Losses and statistics of the scorer.
        """
        samples = self.scorer_samples(x, rpn_results_list, batch_data_samples)
        return scorer_loss(self.mask_iou_head, samples)

    def scorer_samples(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> ScorerSamples:
        """Compute the detections that the scorer is trained on.

        Arguments are those of :meth:`scorer_loss`.

        Returns:
            ScorerSamples: All detections. Only an extractor of the scorer's
            own has a gradient.
        """
        gt_instances, ignored, metas = unpack_gt_instances(batch_data_samples)
        head = self.mask_iou_head
        with torch.no_grad(), eval_mode(self):
            detections = self.predict_bbox(
                x, metas, rpn_results_list, self.test_cfg, rescale=False
            )
            rois = bbox2roi([dets.bboxes for dets in detections])
            labels = torch.cat([dets.labels for dets in detections])
            mask_preds, mask_feats = self._stage_masks(x, rois)
            context = head.context(detections)
        clear_autocast_cache()
        # An extractor of the scorer's own is trained with it.
        feats, probs = self.scorer_inputs(
            x, rois, mask_preds, mask_feats, labels
        )
        targets = head.get_targets(
            probs, detections, gt_instances, ignored, self.mask_iou_train_cfg
        )
        return ScorerSamples(feats, probs, labels, context, targets)
