"""Ground-truth masks of an image as tensors.

Shape shorthand: K RoIs, N ground-truth instances, (H, W) size of the image.
"""

from typing import NamedTuple

import numpy as np
import torch
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from pycocotools import mask as mask_utils
from torch import Tensor

from mmdet_msrcnn.models.rle import cut_columns


class GtMasks(NamedTuple):
    """Ground-truth masks of one image.

    Attributes:
        pixels (Tensor): uint8, foreground where not zero; of each instance
            all rows of some columns, one instance behind the other.
        origins (Tensor): Where in ``pixels`` the pixel (0, 0) of each
            instance is or would be, shape (N, ).
        columns (Tensor | None): First column of each instance that is there,
            and the one behind the last, shape (N, 2); what is not there is
            background. None if all are there.
        strides (tuple[int, int]): Steps in ``pixels`` from row to row and
            from column to column.
        areas (Tensor): float32 number of foreground pixels, shape (N, ).
        size (tuple[int, int]): (H, W).
    """

    pixels: Tensor
    origins: Tensor
    columns: Tensor | None
    strides: tuple[int, int]
    areas: Tensor
    size: tuple[int, int]

    def sample(self, inds: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Look pixels up.

        Args:
            inds (Tensor): Instance of each RoI, shape (K, ).
            rows (Tensor): Rows of each RoI, shape (K, Y).
            columns (Tensor): Columns of each RoI, shape (K, X).

        Returns:
            Tensor: bool of shape (K, Y, X).
        """
        inside = None
        if self.columns is not None:
            first, last = self.columns[inds, :, None].unbind(1)
            inside = (columns >= first) & (columns < last)
            columns = columns.maximum(first).minimum(last - 1)
        # One flat index: a quarter of the time of one for each axis.
        starts = self.origins[inds, None] + rows * self.strides[0]
        at = starts[:, :, None] + (columns * self.strides[1])[:, None, :]
        found = self.pixels.index_select(0, at.view(-1)).view(at.shape).bool()
        return found if inside is None else found & inside[:, None, :]


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
    size = height, width = gt_masks.height, gt_masks.width
    if isinstance(gt_masks, PolygonMasks) and len(gt_masks):
        pixels, origins, columns, areas = _rasterize(gt_masks)
        strides = 1, height
    else:
        masks = np.reshape(gt_masks.masks, (-1, height, width))
        if masks.dtype not in (np.uint8, bool):
            masks = masks != 0
        pixels = np.ascontiguousarray(masks).view(np.uint8).reshape(-1)
        origins = np.arange(len(masks)) * (height * width)
        columns, strides = None, (width, 1)
        # numpy counts a mask 100 times faster than torch sums it.
        areas = np.array([np.count_nonzero(mask) for mask in masks])

    def move(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device, non_blocking=True)

    return GtMasks(
        move(pixels),
        move(origins),
        None if columns is None else move(columns),
        strides,
        move(areas.astype(np.float32)),
        size,
    )


def _rasterize(polygons: PolygonMasks) -> tuple[np.ndarray, ...]:
    """Pixels as of mmdet's ``to_bitmap``, but of the columns in use alone.

    Returns:
        tuple[ndarray]: ``pixels``, ``origins``, ``columns`` and ``areas`` of
        :class:`GtMasks`.
    """
    height, width = polygons.height, polygons.width
    rles = [
        mask_utils.merge(mask_utils.frPyObjects(parts, height, width))
        for parts in polygons.masks
    ]
    areas = mask_utils.area(rles)
    x, _, columns_in_use, _ = mask_utils.toBbox(rles).astype(int).T
    columns = np.stack([x, x + columns_in_use], axis=1)
    # An empty mask is one column of background.
    columns[areas == 0] = 0, 1
    starts = np.cumsum([0, *(np.diff(columns)[:-1, 0] * height)])
    parts = []
    for rle, window, area in zip(rles, columns.tolist(), areas, strict=True):
        if area:
            part = mask_utils.decode(cut_columns(rle, *window))
        else:
            part = np.zeros((height, 1), np.uint8)
        parts.append(part.ravel(order='F'))
    origins = starts - columns[:, 0] * height
    return np.concatenate(parts), origins, columns, areas
