"""Bitmap masks that stay run lengths until somebody reads their pixels."""

from collections.abc import Callable, Sequence
from functools import partial

import cv2
import mmcv
import numpy as np
from mmdet.structures.mask import BitmapMasks
from pycocotools import mask as mask_utils


class RleMasks(BitmapMasks):
    """Masks of an image as run lengths (RLEs), and steps for after decoding.

    Each transform of :class:`BitmapMasks` that loading uses adds a step; the
    first read of :attr:`masks` takes all steps, mask by mask. So masks that
    are cropped away or never read are not decoded, and no step copies the
    masks of all instances. Pixels are those of :class:`BitmapMasks`.

    Args:
        rles (Sequence[dict]): Compressed RLEs, N of one size.
        height (int): Height of the masks after all steps.
        width (int): Width of the masks after all steps.
        steps (tuple[Callable]): Functions from a mask to a mask, of shapes
            (h, w).
    """

    def __init__(
        self,
        rles: Sequence[dict],
        height: int,
        width: int,
        steps: tuple[Callable, ...] = (),
    ) -> None:
        self.rles = rles
        self.height = height
        self.width = width
        self.steps = steps
        self._masks: np.ndarray | None = None

    @property
    def masks(self) -> np.ndarray:
        """uint8 masks, shape (N, H, W). From here on they are bitmaps."""
        if self._masks is None:
            shape = len(self.rles), self.height, self.width
            self._masks = np.empty(shape, np.uint8)
            for pixels, rle in zip(self._masks, self.rles, strict=True):
                # pycocotools decodes column by column. This is faster than
                # numpy's copy to rows.
                mask = cv2.transpose(mask_utils.decode(rle).T)
                for step in self.steps:
                    mask = step(mask)
                pixels[...] = mask
        return self._masks

    @masks.setter
    def masks(self, masks: np.ndarray) -> None:
        self._masks = masks

    def __len__(self) -> int:
        """Return the number of masks, N."""
        return len(self.rles if self._masks is None else self._masks)

    def __repr__(self) -> str:
        """Describe the masks without decoding them."""
        return (
            f'{type(self).__name__}(num_masks={len(self)}, '
            f'height={self.height}, width={self.width})'
        )

    def __getitem__(self, index: int | np.ndarray) -> BitmapMasks:
        """Select masks; arguments are those of :class:`BitmapMasks`."""
        if self._masks is not None:
            return super().__getitem__(index)
        chosen = np.arange(len(self.rles))[index].reshape(-1)
        rles = [self.rles[i] for i in chosen]
        return RleMasks(rles, self.height, self.width, self.steps)

    @classmethod
    def cat(cls, masks: Sequence[BitmapMasks]) -> BitmapMasks:
        """Concatenate masks as bitmaps."""
        return BitmapMasks.cat(masks)

    @classmethod
    def random(cls, *args, **kwargs) -> BitmapMasks:
        """Make random bitmaps."""
        return BitmapMasks.random(*args, **kwargs)

    def rescale(
        self, scale: float | tuple[int, int], interpolation: str = 'nearest'
    ) -> BitmapMasks:
        """Resize masks and keep their aspect ratio."""
        if self._masks is not None:
            return super().rescale(scale, interpolation)
        width, height = mmcv.rescale_size((self.width, self.height), scale)
        step = partial(
            mmcv.imrescale, scale=scale, interpolation=interpolation
        )
        return self._then(step, height, width)

    def resize(
        self, out_shape: tuple[int, int], interpolation: str = 'nearest'
    ) -> BitmapMasks:
        """Resize masks to (height, width)."""
        if self._masks is not None:
            return super().resize(out_shape, interpolation)
        step = partial(
            mmcv.imresize, size=out_shape[::-1], interpolation=interpolation
        )
        return self._then(step, *out_shape)

    def flip(self, flip_direction: str = 'horizontal') -> BitmapMasks:
        """Flip masks."""
        if self._masks is not None:
            return super().flip(flip_direction)
        step = partial(mmcv.imflip, direction=flip_direction)
        return self._then(step, self.height, self.width)

    def pad(self, out_shape: tuple[int, int], pad_val: int = 0) -> BitmapMasks:
        """Pad masks at the right and at the bottom to (height, width)."""
        if self._masks is not None:
            return super().pad(out_shape, pad_val)
        step = partial(mmcv.impad, shape=out_shape, pad_val=pad_val)
        return self._then(step, *out_shape)

    def crop(self, bbox: np.ndarray) -> BitmapMasks:
        """Crop masks to (x1, y1, x2, y2), within the image.

        Raises:
            ValueError: If the crop begins beyond the image.
        """
        if self._masks is not None:
            return super().crop(bbox)
        image = np.array([self.width, self.height] * 2)
        x1, y1, x2, y2 = np.clip(bbox, 0, image).tolist()
        beyond = x1 >= self.width or y1 >= self.height
        # BitmapMasks would lose all masks.
        if beyond and len(self):
            raise ValueError(
                f'bbox must begin within masks of {self.width} x '
                f'{self.height} pixels, got {np.asarray(bbox).tolist()}'
            )
        height, width = max(y2 - y1, 1), max(x2 - x1, 1)
        rows, columns = slice(y1, y1 + height), slice(x1, x1 + width)
        step = partial(_cut, rows=rows, columns=columns)
        return self._then(step, height, width)

    def _then(self, step: Callable, height: int, width: int) -> 'RleMasks':
        return RleMasks(self.rles, height, width, (*self.steps, step))


def _cut(mask: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    return mask[rows, columns]
