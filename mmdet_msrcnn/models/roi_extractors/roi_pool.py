"""RoIPool of Fast R-CNN for every device; mmcv's needs a GPU."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.utils import _pair

from mmdet_msrcnn.models.roi_extractors.quantised_boxes import quantise_boxes

EMPTY = -float('inf')


def roi_pool(
    feats: Tensor,
    rois: Tensor,
    output_size: tuple[int, int],
    spatial_scale: float,
) -> Tensor:
    """Max-pool the cells of each bin of each box.

    Box and bins are quantised as in Fast R-CNN
    (https://arxiv.org/abs/1504.08083): both ends of a box are rounded; a bin
    begins at the floor and ends at the ceiling of its position, so
    neighbours may share a row or a column. A bin outside the map is 0.

    Args:
        feats (Tensor): Features, shape (N, C, H, W).
        rois (Tensor): (image index, x1, y1, x2, y2), shape (K, 5). Boxes with
            NaN or infinity are treated as empty.
        output_size (tuple[int, int]): Bins along y and x, (h, w).
        spatial_scale (float): Cells per pixel.

    Returns:
        Tensor: Shape (K, C, h, w); 0 for empty boxes.
    """
    if len(rois) == 0:
        return feats[:0, :, :1, :1].expand(-1, -1, *output_size)
    boxes, valid = quantise_boxes(rois[:, 1:], spatial_scale, *feats.shape[2:])
    images = rois[:, 0].long().tolist()
    # Bins of adaptive pooling begin and end at the same cells.
    pooled = torch.stack(
        [
            F.adaptive_max_pool2d(_crop(feats[image], box), output_size)
            for image, box in zip(images, boxes.tolist(), strict=True)
        ]
    )
    return pooled.masked_fill(~valid[:, None, None, None], 0).masked_fill(
        pooled == EMPTY, 0
    )


def _crop(feat: Tensor, box: list[int]) -> Tensor:
    """Cut the cells of a box out; those outside the map are -inf.

    Args:
        feat (Tensor): Features of one image, shape (C, H, W).
        box (list[int]): From :func:`quantise_boxes`.

    Returns:
        Tensor: Shape (C, y2 - y1, x2 - x1).
    """
    x1, y1, x2, y2 = box
    left, top = max(x1, 0), max(y1, 0)
    right, bottom = min(x2, feat.shape[2]), min(y2, feat.shape[1])
    if left >= right or top >= bottom:
        return feat.new_full((len(feat), y2 - y1, x2 - x1), EMPTY)
    around = (left - x1, x2 - right, top - y1, y2 - bottom)
    return F.pad(feat[:, top:bottom, left:right], around, value=EMPTY)


class RoIPool(nn.Module):
    """Module of :func:`roi_pool`.

    Args:
        output_size (int or tuple[int, int]): Bins along y and x.
        spatial_scale (float): Cells per pixel. Defaults to 1.0.
    """

    def __init__(
        self, output_size: int | tuple[int, int], spatial_scale: float = 1.0
    ) -> None:
        super().__init__()
        self.output_size = _pair(output_size)
        self.spatial_scale = float(spatial_scale)

    def forward(self, feats: Tensor, rois: Tensor) -> Tensor:
        """Pool boxes; see :func:`roi_pool`."""
        return roi_pool(feats, rois, self.output_size, self.spatial_scale)
