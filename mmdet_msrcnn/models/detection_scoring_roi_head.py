"""RoI head whose mask scores are learned on its own detections."""

import torch
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.mask_scoring_roi_head import MaskScoringRoIHead
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class DetectionScoringRoIHead(MaskScoringRoIHead):
    """Standard RoI head with a :class:`MaskScoreHead`.

    Boxes and masks are trained as in Mask R-CNN. The MaskScoreHead is
    trained on what the detector, as it is, finds in the training images, by
    ``test_cfg``; its losses do not reach other parts.

    Arguments and errors are those of :class:`MaskScoringRoIHead`.
    """

    scores_detections = True

    def loss(
        self,
        x: tuple[Tensor],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of all heads.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.

        Returns:
            dict: As Mask R-CNN's, with ``loss_mask_iou``,
            ``loss_mask_score`` and statistics of their targets.
        """
        # Before mmdet's loss renames what the proposals hold.
        losses = self.mask_scoring_loss(
            x, rpn_results_list, batch_data_samples
        )
        losses.update(super().loss(x, rpn_results_list, batch_data_samples))
        return losses

    def _mask_iou_loss(self, *args) -> dict:
        """Positives do not train the head."""
        return {}

    def mask_scoring_loss(
        self,
        x: tuple[Tensor],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of the MaskScoreHead on the detections.

        Args:
            x (tuple[Tensor]): See :meth:`loss`.
            rpn_results_list (list[:obj:`InstanceData`]): See there.
            batch_data_samples (list[:obj:`DetDataSample`]): See there.

        Returns:
            dict: ``loss_mask_iou``, ``loss_mask_score`` and statistics of
            their targets.
        """
        gt_instances, ignored, metas = unpack_gt_instances(batch_data_samples)
        with torch.no_grad():
            detections = self.predict_bbox(
                x, metas, rpn_results_list, self.test_cfg, rescale=False
            )
            rois = bbox2roi([dets.bboxes for dets in detections])
            labels = torch.cat([dets.labels for dets in detections])
            mask_preds, mask_feats = self._stage_masks(x, rois)
        x = tuple(level.detach() for level in x)
        preds, mask_probs = self._mask_iou_forward(
            x,
            rois,
            mask_preds,
            mask_feats,
            labels,
            *self.mask_iou_head.context(detections),
        )
        losses = self.mask_iou_head.loss_and_target(
            preds,
            mask_probs,
            detections,
            gt_instances,
            ignored,
            self.mask_iou_train_cfg,
        )
        return losses['loss_mask_iou']
