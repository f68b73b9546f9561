"""RoIWarp: a box in whole cells, sampled bilinearly."""

import torch
from torch import Tensor, nn
from torch.nn.modules.utils import _pair

from mmdet_msrcnn.compat.mmcv_ops import roi_align
from mmdet_msrcnn.models.checks import check_choice
from mmdet_msrcnn.models.roi_extractors.quantised_boxes import quantise_boxes

POOL_MODES = ('avg', 'max')


class RoIWarp(nn.Module):
    """RoIAlign of boxes that are quantised as in RoIPool.

    So it differs from RoIPool in the bins, which are sampled bilinearly, and
    from RoIAlign in the boxes. This is the layer that Mask R-CNN
    (https://arxiv.org/abs/1703.06870, table 2c) compares with; the original
    (https://arxiv.org/abs/1512.04412) also has a gradient with respect to the
    box.

    Args:
        output_size (int or tuple[int, int]): Bins along y and x.
        spatial_scale (float): Cells per pixel. Defaults to 1.0.
        sampling_ratio (int): Samples of a bin along each axis; 0 for one per
            cell. Defaults to 0.
        pool_mode (str): How to join the samples of a bin, 'avg' or 'max'.
            Defaults to 'avg'.

    Raises:
        ValueError: If ``pool_mode`` is unknown.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float = 1.0,
        sampling_ratio: int = 0,
        pool_mode: str = 'avg',
    ) -> None:
        super().__init__()
        check_choice('roi_layer.pool_mode', pool_mode, POOL_MODES)
        self.output_size = _pair(output_size)
        self.spatial_scale = float(spatial_scale)
        self.sampling_ratio = int(sampling_ratio)
        self.pool_mode = pool_mode

    def forward(self, feats: Tensor, rois: Tensor) -> Tensor:
        """Pool boxes.

        Args:
            feats (Tensor): Features, shape (N, C, H, W).
            rois (Tensor): (image index, x1, y1, x2, y2), shape (K, 5). Boxes
                with NaN or infinity are treated as empty.

        Returns:
            Tensor: Shape (K, C, h, w); 0 for empty boxes.
        """
        boxes, valid = quantise_boxes(
            rois[:, 1:], self.spatial_scale, *feats.shape[2:]
        )
        pooled = roi_align(
            feats,
            torch.cat([rois[:, :1], boxes.to(rois.dtype)], dim=1),
            self.output_size,
            1.0,
            self.sampling_ratio,
            self.pool_mode,
            True,
        )
        return pooled.masked_fill(~valid[:, None, None, None], 0)
