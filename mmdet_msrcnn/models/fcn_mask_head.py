"""mmdet's mask head with faster targets."""

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetFCNMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.mask import BitmapMasks
from mmdet.utils import ConfigType, InstanceList
from torch import Tensor

from mmdet_msrcnn.models.mask_target import mask_targets
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class FCNMaskHead(MMDetFCNMaskHead):
    """mmdet's FCNMaskHead, whose targets of bitmap masks cost less.

    Parameters, outputs and the bits of the targets are the same. Arguments
    are those of mmdet's.
    """

    def get_targets(
        self,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
        rcnn_train_cfg: ConfigType,
    ) -> Tensor:
        """Resample the ground truth inside the positives.

        Args:
            sampling_results (list[:obj:`SamplingResult`]): Of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``masks``.
            rcnn_train_cfg (:obj:`ConfigDict` or dict): With ``mask_size``.

        Returns:
            Tensor: Targets, shape (K, mask_size, mask_size).
        """
        size = rcnn_train_cfg['mask_size']
        gt_masks = [gt.masks for gt in batch_gt_instances]
        if (
            not isinstance(size, int)
            or rcnn_train_cfg.get('soft_mask_target', False)
            or not all(isinstance(masks, BitmapMasks) for masks in gt_masks)
        ):
            return super().get_targets(
                sampling_results, batch_gt_instances, rcnn_train_cfg
            )
        return torch.cat(
            [
                mask_targets(
                    masks, res.pos_priors, res.pos_assigned_gt_inds, size
                )
                for masks, res in zip(gt_masks, sampling_results, strict=True)
            ]
        )
