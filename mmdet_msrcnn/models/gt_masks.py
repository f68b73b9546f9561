"""Ground-truth masks of an image as tensors.

Shape shorthand: K RoIs, N ground-truth instances, (H, W) size of the image.
"""

from typing import NamedTuple

import numpy as np
import torch
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from pycocotools import mask as mask_utils
from torch import Tensor


class GtMasks(NamedTuple):
    """Ground-truth masks of one image.

    Attributes:
        masks (Tensor): uint8, foreground where not zero, shape (N, H, W);
            without gaps in memory, in any order of its axes.
        areas (Tensor): float32 number of foreground pixels, shape (N, ).
    """

    masks: Tensor
    areas: Tensor

    def sample(self, inds: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Look pixels up.

        Args:
            inds (Tensor): Instance of each RoI, shape (K, ).
            rows (Tensor): Rows of each RoI, shape (K, Y).
            columns (Tensor): Columns of each RoI, shape (K, X).

        Returns:
            Tensor: bool of shape (K, Y, X).
        """
        # A quarter of the time of an index for each axis.
        of_instance, of_row, of_column = self.masks.stride()
        starts = inds[:, None] * of_instance + rows * of_row
        at = starts[:, :, None] + (columns * of_column)[:, None, :]
        flat = self.masks.as_strided((self.masks.numel(),), (1,))
        return flat.index_select(0, at.view(-1)).view(at.shape).bool()


def stack_gt_masks(
    gt_masks: BitmapMasks | PolygonMasks, device: torch.device
) -> GtMasks:
    """Turn ground-truth masks of either form into tensors.

    Args:
        gt_masks (:obj:`BitmapMasks` or :obj:`PolygonMasks`): N instances.
        device (torch.device): Where the tensors go.

    Returns:
        GtMasks: See there.
    """
    if isinstance(gt_masks, PolygonMasks):
        masks, areas = _rasterize(gt_masks)
    else:
        masks = gt_masks.masks
        # numpy counts a mask 100 times faster than torch sums it.
        areas = [np.count_nonzero(mask) for mask in masks]
    areas = torch.tensor(areas, dtype=torch.float32)
    return GtMasks(
        torch.from_numpy(masks).to(device, non_blocking=True),
        areas.to(device, non_blocking=True),
    )


def _rasterize(polygons: PolygonMasks) -> tuple[np.ndarray, np.ndarray]:
    """Masks as of mmdet's ``to_bitmap``, column by column, and areas."""
    height, width = polygons.height, polygons.width
    if len(polygons) == 0:
        return np.zeros((0, height, width), np.uint8), np.zeros(0)
    rles = [
        mask_utils.merge(mask_utils.frPyObjects(parts, height, width))
        for parts in polygons.masks
    ]
    return mask_utils.decode(rles).transpose(2, 0, 1), mask_utils.area(rles)
