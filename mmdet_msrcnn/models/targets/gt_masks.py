"""Ground-truth masks of an image as tensors.

Shape shorthand: K RoIs, N ground-truth instances, (H, W) size of the image.
"""

import copy
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from mmdet.structures import SampleList
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils
from torch import Tensor

# pycocotools rasterises polygons in steps of a fifth of a pixel.
FIFTHS = 5


@dataclass(frozen=True)
class GtMasks:
    """Ground-truth masks of one image, packed once for all targets.

    Attributes:
        pixels (Tensor): uint8, foreground is not zero. The pixels of each
            instance's window, one instance after the other.
        windows (Tensor): (x1, y1, x2, y2) of the stored pixels, x2 and y2
            not included, shape (N, 4). Pixels outside the window are
            background. So are the border pixels of a window, except at the
            border of the image.
        origins (Tensor): Index in ``pixels`` that the pixel (0, 0) of each
            instance has, or would have if it were stored, shape (N, ).
        steps (Tensor): Distance in ``pixels`` between neighbouring columns and
            between neighbouring rows of each instance, shape (N, 2).
        areas (Tensor): float32 number of foreground pixels, shape (N, ).
        size (tuple[int, int]): (H, W).
        whole (bool): Whether every window is the whole image, row by row.
    """

    pixels: Tensor
    windows: Tensor
    origins: Tensor
    steps: Tensor
    areas: Tensor
    size: tuple[int, int]
    whole: bool

    def __len__(self) -> int:
        """Return the number of instances, N."""
        return len(self.areas)

    def bitmaps(self) -> Tensor:
        """Return the masks as bitmaps.

        Returns:
            Tensor: uint8 of shape (N, H, W), without a copy.

        Raises:
            ValueError: If they are windows, as polygons are.
        """
        if not self.whole:
            raise ValueError(
                'Packed polygons are windows of the image, not bitmaps. Set '
                'poly2mask=True in LoadAnnotations.'
            )
        return self.pixels.view(len(self), *self.size)

    def sample(self, inds: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Look up the pixels at the given rows and columns.

        Args:
            inds (Tensor): Instance of each RoI, shape (K, ).
            rows (Tensor): Rows of each RoI in [0, H), shape (K, Y).
            columns (Tensor): Columns of each RoI in [0, W), shape (K, X).

        Returns:
            Tensor: bool of shape (K, Y, X).
        """
        x1, y1, x2, y2 = self.windows[inds, :, None].unbind(1)
        step_x, step_y = self.steps[inds, :, None].unbind(1)
        # A pixel outside the window equals the nearest border pixel.
        columns = columns.maximum(x1).minimum(x2 - 1) * step_x
        rows = rows.maximum(y1).minimum(y2 - 1) * step_y
        # One flat index takes a quarter of the time of one index per axis.
        starts = self.origins[inds, None] + rows
        at = starts[:, :, None] + columns[:, None, :]
        return self.pixels.index_select(0, at.view(-1)).view(at.shape).bool()


def pack_gt_masks(
    gt_masks: BitmapMasks | PolygonMasks, device: torch.device
) -> GtMasks:
    """Convert bitmap or polygon masks to tensors.

    Args:
        gt_masks (:obj:`BitmapMasks` or :obj:`PolygonMasks`): N instances.
        device (torch.device): Device of the tensors.

    Returns:
        GtMasks: The packed masks.
    """
    whole = not (isinstance(gt_masks, PolygonMasks) and len(gt_masks))
    arrays = _stack(gt_masks) if whole else _rasterize(gt_masks)
    pixels, windows, origins, steps, areas = (
        torch.from_numpy(array).to(device, non_blocking=True)
        for array in arrays
    )
    size = gt_masks.height, gt_masks.width
    return GtMasks(pixels, windows, origins, steps, areas, size, whole)


def packed_masks(gt_instances: InstanceData, device: torch.device) -> GtMasks:
    """Return the masks that :func:`pack_samples` packed, or pack them.

    Args:
        gt_instances (:obj:`InstanceData`): Ground truth of an image, with
            ``masks``.
        device (torch.device): Device of the tensors.

    Returns:
        GtMasks: The packed masks.
    """
    # Selected or resized masks are new objects without this attribute.
    packed = vars(gt_instances.masks).get('packed')
    if packed is None or packed.pixels.device != torch.device(device):
        packed = pack_gt_masks(gt_instances.masks, device)
    return packed


def pack_samples(
    batch_data_samples: SampleList, device: torch.device
) -> SampleList:
    """Pack the ground-truth masks of a batch once for all targets.

    Args:
        batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.
        device (torch.device): Device of the tensors.

    Returns:
        list[:obj:`DetDataSample`]: Shallow copies. ``gt_instances.masks``
        remembers its packed masks for :func:`packed_masks`. Masks that are
        already packed are kept.
    """
    samples = []
    for sample in batch_data_samples:
        gt = sample.gt_instances
        packed = packed_masks(gt, device)
        # Copied later, because packing can decode the masks.
        masks = copy.copy(gt.masks)
        masks.packed = packed
        sample = copy.copy(sample)
        sample.gt_instances = InstanceData(metainfo=gt.metainfo)
        for name, value in gt.items():
            sample.gt_instances[name] = masks if name == 'masks' else value
        samples.append(sample)
    return samples


def _stack(bitmaps: BitmapMasks) -> tuple[np.ndarray, ...]:
    """Build the arrays of :class:`GtMasks` from bitmaps: whole images."""
    height, width = bitmaps.height, bitmaps.width
    masks = np.reshape(bitmaps.masks, (-1, height, width))
    if masks.dtype not in (np.uint8, bool):
        masks = masks != 0
    num = len(masks)
    return (
        np.ascontiguousarray(masks).view(np.uint8).reshape(-1),
        np.tile([0, 0, width, height], (num, 1)),
        np.arange(num) * (height * width),
        np.tile([1, width], (num, 1)),
        # numpy counts a mask 100 times faster than torch sums it.
        np.array([np.count_nonzero(mask) for mask in masks], np.float32),
    )


def _rasterize(polygons: PolygonMasks) -> tuple[np.ndarray, ...]:
    """Build the arrays of :class:`GtMasks` from polygons: windows.

    The pixels are those of mmdet's ``to_bitmap``, except at most one in a
    million for random polygons (none in 51 million for COCO's): moving a line
    can change a tie between two points.
    """
    windows, moved = _move_to_windows(polygons)
    sizes = windows[:, 2:] - windows[:, :2]
    rles = [
        mask_utils.merge(mask_utils.frPyObjects(parts, height, width))
        for parts, (width, height) in zip(moved, sizes.tolist(), strict=True)
    ]
    # Column-major, because pycocotools decodes column by column.
    steps = np.stack([sizes[:, 1], np.ones_like(sizes[:, 1])], axis=1)
    num_pixels = sizes.prod(axis=1)
    starts = num_pixels.cumsum() - num_pixels
    return (
        np.concatenate([mask_utils.decode(rle).ravel('F') for rle in rles]),
        windows,
        starts - (windows[:, :2] * steps).sum(axis=1),
        steps,
        mask_utils.area(rles).astype(np.float32),
    )


def _move_to_windows(
    polygons: PolygonMasks,
) -> tuple[np.ndarray, list[list[np.ndarray]]]:
    """Cut out a window for each instance, with a margin of one pixel.

    Returns:
        tuple[ndarray, list[list[ndarray]]]: (x1, y1, x2, y2) of the windows,
        shape (N, 4), and the polygons of each instance within its window.
    """
    parts = [part for parts in polygons.masks for part in parts]
    points = np.concatenate(parts, dtype=float).reshape(-1, 2)
    num_parts = [len(parts) for parts in polygons.masks]
    num_points = [sum(map(len, parts)) // 2 for parts in polygons.masks]
    firsts = np.cumsum([0, *num_points[:-1]])
    image = np.array([polygons.width, polygons.height])
    low = np.floor(np.minimum.reduceat(points, firsts)).astype(int) - 1
    high = np.ceil(np.maximum.reduceat(points, firsts)).astype(int) + 1
    low = low.clip(0, image - 1)
    high = high.clip(low + 1, image)

    # pycocotools rounds to fifths of a pixel. Round before moving, not after,
    # so that the points are where they are in the image.
    origins = low.repeat(num_points, axis=0)
    fifths = np.trunc(FIFTHS * points + 0.5) - FIFTHS * origins
    flat = np.where(origins > 0, fifths / FIFTHS, points).ravel()
    ends = np.cumsum([len(part) for part in parts[:-1]])
    moved = iter(np.split(flat, ends))
    return (
        np.concatenate([low, high], axis=1),
        [list(islice(moved, num)) for num in num_parts],
    )
