"""mmdet's transform that loads annotations, with masks decoded later."""

from mmdet.datasets.transforms import LoadAnnotations as MMDetLoadAnnotations
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.rle_masks import RleMasks
from mmdet_msrcnn.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadAnnotations(MMDetLoadAnnotations):
    """Faster version of mmdet's LoadAnnotations.

    With ``poly2mask=True``, masks are decoded when their pixels are read,
    after all transforms; see :class:`RleMasks`. Results are the same.
    Arguments are those of mmdet's LoadAnnotations. The process that trains
    decodes the masks, not the workers that load the images.

    Raises:
        ValueError: If the size of a mask is not that of its image.
    """

    def _load_masks(self, results: dict) -> None:
        """Load the masks of an image."""
        if not self.poly2mask:
            super()._load_masks(results)
            return
        height, width = results['ori_shape']
        rles = [
            to_rle(mask, height, width)
            for mask in self._process_masks(results)
        ]
        for rle in rles:
            if tuple(rle['size']) != (height, width):
                raise ValueError(
                    f'{results["img_path"]} has {height} rows and {width} '
                    f'columns, but a mask of it has {rle["size"]}. Correct '
                    'the size in the annotations, or use the image that was '
                    'annotated.'
                )
        results['gt_masks'] = RleMasks(rles, height, width)


def to_rle(mask: list | dict, height: int, width: int) -> dict:
    """Convert an annotated mask to a compressed RLE.

    Args:
        mask (list[ndarray] | dict): Polygons, or an RLE.
        height (int): Height of the image.
        width (int): Width of the image.

    Returns:
        dict: The compressed RLE.
    """
    if isinstance(mask, list):
        return mask_utils.merge(mask_utils.frPyObjects(mask, height, width))
    if isinstance(mask['counts'], list):
        return mask_utils.frPyObjects(mask, height, width)
    return mask
