"""Test-time augmentation for models with masks."""

import torch
from mmdet.models.test_time_augs import DetTTAModel
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.compat.mmcv_ops import batched_nms
from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.rank_by import by_class_score, by_mask_score

# Dimensions of (n, H, W) masks that a flip reverses.
FLIPPED = {'horizontal': [2], 'vertical': [1], 'diagonal': [1, 2]}


def flip_back(masks: Tensor, metainfo: dict) -> Tensor:
    """Undo the flip of a view's masks.

    Args:
        masks (Tensor): In the size of the original image, shape (n, H, W).
        metainfo (dict): ``flip`` and ``flip_direction`` of the view.

    Returns:
        Tensor: The same shape.
    """
    if not metainfo['flip']:
        return masks
    return masks.flip(FLIPPED[metainfo['flip_direction']])


@MODELS.register_module()
class MaskScoringTTAModel(DetTTAModel):
    """Test-time augmentation by flips and resizes, for models with masks.

    mmdet's DetTTAModel refuses masks
    (https://github.com/open-mmlab/mmdetection/issues/10705). As in that
    class, the boxes of all views go through NMS. A detection that remains
    keeps the mask, the MaskIoU and the mask score of its own view. Soft-NMS
    lowers the mask score by the same factor as the class score. Views are
    merged by class score, also if the model ranks by mask score.

    Args:
        tta_cfg (dict): ``nms`` and ``max_per_img``. A ``max_per_img`` of 0 or
            less means no limit, as in mmdet's ``multiclass_nms``.
        **kwargs: Arguments of :class:`DetTTAModel`.
    """

    def _merge_single_sample(
        self, data_samples: list[DetDataSample]
    ) -> DetDataSample:
        preds = [by_class_score(s.pred_instances) for s in data_samples]
        metas = [sample.metainfo for sample in data_samples]
        boxes, scores = self.merge_aug_bboxes(
            [pred.bboxes for pred in preds],
            [pred.scores for pred in preds],
            metas,
        )
        if len(boxes) == 0:
            return data_samples[0]
        labels = torch.cat([pred.labels for pred in preds])
        kept, inds = batched_nms(boxes, scores, labels, self.tta_cfg.nms)
        limit = self.tta_cfg.max_per_img
        if limit > 0:
            kept, inds = kept[:limit], inds[:limit]
        merged = InstanceData(
            bboxes=kept[:, :4], scores=kept[:, 4], labels=labels[inds]
        )
        if 'masks' in preds[0]:
            masks = torch.cat(
                [
                    flip_back(pred.masks, meta)
                    for pred, meta in zip(preds, metas, strict=True)
                ]
            )
            merged.masks = masks[inds]
        if 'mask_ious' in preds[0]:
            for name in ('mask_ious', 'mask_scores'):
                merged[name] = torch.cat([p[name] for p in preds])[inds]
            # Soft-NMS lowers scores; a score of 0 stays 0.
            own = scores[inds]
            factor = torch.where(own > 0, merged.scores / own, 1)
            merged.mask_scores = merged.mask_scores * factor
        if 'class_scores' in data_samples[0].pred_instances:
            merged, _ = by_mask_score(merged)
        data_samples[0].pred_instances = merged
        return data_samples[0]
