"""mmdet's mask head with faster targets and faster pasting."""

import numpy as np
import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetFCNMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmdet.utils import ConfigType, InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.mask_paste import (
    paste_masks,
    paste_rles,
)
from mmdet_msrcnn.models.targets.gt_masks import packed_masks
from mmdet_msrcnn.models.targets.mask_target import mask_targets
from mmdet_msrcnn.models.targets.polygon_target import (
    are_polygons,
    polygon_targets,
)
from mmdet_msrcnn.registry import MODELS


def _is_binary(masks: BitmapMasks | PolygonMasks) -> bool:
    """Return whether masks are bitmaps of bytes, as LoadAnnotations gives."""
    is_bitmap = isinstance(masks, BitmapMasks)
    return is_bitmap and masks.masks.dtype in (np.uint8, bool)


@MODELS.register_module()
class FCNMaskHead(MMDetFCNMaskHead):
    """Faster version of mmdet's FCNMaskHead.

    Parameters, targets and pasted masks are exactly the same. Arguments are
    those of mmdet's FCNMaskHead.

    Attributes:
        predict_rles (bool): Whether to return the masks of an image as a list
            of RLEs, which a metric reads, and not as a tensor. Only on the
            CPU. :class:`RLEMasksHook` sets it.
    """

    predict_rles = False

    def get_targets(
        self,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
        rcnn_train_cfg: ConfigType,
    ) -> Tensor:
        """Resample the ground-truth masks inside the positives.

        Args:
            sampling_results (list[:obj:`SamplingResult`]): Sampling results
                of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``masks``.
            rcnn_train_cfg (:obj:`ConfigDict` or dict): ``train_cfg`` of the
                RoI head, with ``mask_size``.

        Returns:
            Tensor: Targets, shape (K, mask_size, mask_size).
        """
        size = rcnn_train_cfg['mask_size']
        if (
            not isinstance(size, int)
            or rcnn_train_cfg.get('soft_mask_target', False)
            or not all(
                _is_binary(gt.masks) or are_polygons(gt.masks)
                for gt in batch_gt_instances
            )
        ):
            return super().get_targets(
                sampling_results, batch_gt_instances, rcnn_train_cfg
            )
        return torch.cat(
            [
                self._image_targets(gt, res, size)
                for gt, res in zip(
                    batch_gt_instances, sampling_results, strict=True
                )
            ]
        )

    @staticmethod
    def _image_targets(
        gt: InstanceData, res: SamplingResult, size: int
    ) -> Tensor:
        """Compute the targets of one image."""
        boxes, inds = res.pos_priors, res.pos_assigned_gt_inds
        if isinstance(gt.masks, PolygonMasks):
            return polygon_targets(gt.masks, boxes, inds, size)
        return mask_targets(packed_masks(gt, boxes.device), boxes, inds, size)

    def _predict_by_feat_single(
        self,
        mask_preds: Tensor,
        bboxes: Tensor,
        labels: Tensor,
        img_meta: dict,
        rcnn_test_cfg: ConfigType,
        rescale: bool = False,
        activate_map: bool = False,
    ) -> Tensor | list[dict]:
        """Paste the masks of one image; arguments are those of mmdet."""
        thr = rcnn_test_cfg['mask_thr_binary']
        # mmdet pastes differently on other devices. A negative threshold asks
        # for soft masks.
        if bboxes.device.type != 'cpu' or thr < 0:
            return super()._predict_by_feat_single(
                mask_preds,
                bboxes,
                labels,
                img_meta,
                rcnn_test_cfg,
                rescale,
                activate_map,
            )
        scale = bboxes.new_tensor(img_meta['scale_factor']).repeat(2)
        height, width = img_meta['ori_shape'][:2]
        if rescale:
            # In place, because the caller reads the rescaled boxes.
            bboxes /= scale
        else:
            x_scale, y_scale = scale[:2].tolist()
            height = np.round(height * y_scale)
            width = np.round(width * x_scale)
        mask_preds = torch.as_tensor(mask_preds)
        if not activate_map:
            mask_preds = mask_preds.sigmoid()
        if self.class_agnostic:
            labels = torch.zeros_like(labels)
        mask_probs = mask_preds[torch.arange(len(labels)), labels]
        paste = paste_rles if self.predict_rles else paste_masks
        return paste(mask_probs, bboxes, int(height), int(width), thr)
