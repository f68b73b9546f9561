"""RoI head whose mask scores are learned on its own detections."""

import contextlib
from collections.abc import Iterator

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmdet_msrcnn.models.roi_heads.mask_scoring_roi_head import (
    MaskScoringRoIHead,
)
from mmdet_msrcnn.registry import MODELS


@contextlib.contextmanager
def eval_mode(module: nn.Module) -> Iterator[None]:
    """Put a module and its parts into eval mode, and back as they were."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


@MODELS.register_module()
class DetectionScoringRoIHead(MaskScoringRoIHead):
    """Standard RoI head with a :class:`MaskScoreHead`.

    Boxes and masks are trained as in Mask R-CNN. The MaskScoreHead is
    trained on what the box head, as it is, detects among the proposals by
    ``test_cfg``; its losses have no gradient into other parts.

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
            dict: As Mask R-CNN's, and those of :meth:`detection_loss`.
        """
        # Before mmdet's loss renames what the proposals hold.
        losses = self.detection_loss(x, rpn_results_list, batch_data_samples)
        losses.update(super().loss(x, rpn_results_list, batch_data_samples))
        return losses

    def mask_loss(
        self,
        x: tuple[Tensor],
        sampling_results: list[SamplingResult],
        bbox_feats: Tensor,
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Compute the loss of the mask head, which positives train."""
        return StandardRoIHead.mask_loss(
            self, x, sampling_results, bbox_feats, batch_gt_instances
        )

    def detection_loss(
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
        with torch.no_grad(), eval_mode(self):
            detections = self.predict_bbox(
                x, metas, rpn_results_list, self.test_cfg, rescale=False
            )
            rois = bbox2roi([dets.bboxes for dets in detections])
            labels = torch.cat([dets.labels for dets in detections])
            mask_preds, mask_feats = self._stage_masks(x, rois)
        # Autocast keeps weights that it cast; some versions of torch keep
        # these without gradient for the losses of boxes and masks
        # (https://github.com/pytorch/pytorch/issues/112583).
        torch.clear_autocast_cache()
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

    def _roi_context(
        self, rois: Tensor, cls_score: Tensor, labels: Tensor
    ) -> tuple[Tensor, ...]:
        scores = cls_score.softmax(dim=1).gather(1, labels[:, None])[:, 0]
        images = [rois[:, 0] == i for i in rois[:, 0].unique()]
        return self.mask_iou_head.context(
            [
                InstanceData(
                    bboxes=rois[own, 1:],
                    scores=scores[own],
                    labels=labels[own],
                )
                for own in images
            ]
        )
