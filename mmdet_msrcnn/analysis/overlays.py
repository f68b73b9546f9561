"""Pictures of detections with their scores."""

from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.utils.coco import class_names
from mmdet_msrcnn.utils.image_files import OutputNames
from mmdet_msrcnn.utils.io import atomic_path
from mmdet_msrcnn.visualization.mask_scoring_visualizer import (
    MaskScoringVisualizer,
)

# Small images are enlarged so that labels are readable.
MIN_SIDE = 768
SCORE_THR = 0.3
FIELDS = {
    'scores': 'score',
    'mask_ious': 'mask_iou',
    'mask_scores': 'mask_score',
}


def draw_overlays(
    coco: COCO, detections: list[dict], img_dir: Path, out_dir: Path, num: int
) -> None:
    """Draw detections with class score above 0.3 on images of the data set.

    Args:
        coco (COCO): Annotations with image and class names.
        detections (list[dict]): COCO results with ``bbox``, ``mask_iou`` and
            ``mask_score``.
        img_dir (Path): Folder of the images.
        out_dir (Path): Folder of the overlays, one PNG per image.
        num (int): Number of images to draw, evenly spread over the data set.

    Raises:
        FileNotFoundError: If an image cannot be read.
    """
    by_image: dict[int, list[dict]] = {
        img_id: [] for img_id in coco.getImgIds()
    }
    for det in detections:
        if det['score'] > SCORE_THR:
            by_image[det['image_id']].append(det)
    img_ids = list(by_image)
    spread = np.linspace(0, len(img_ids) - 1, min(num, len(img_ids)))

    cat_ids = coco.getCatIds()
    visualizer = MaskScoringVisualizer(line_width=2, alpha=0.45)
    visualizer.dataset_meta = dict(
        classes=class_names(coco.dataset),
        palette='random',
    )
    names = OutputNames()
    for img_id in (img_ids[round(i)] for i in spread):
        path = img_dir / coco.imgs[img_id]['file_name']
        image = cv2.imread(str(path))
        if image is None:
            raise FileNotFoundError(f'{path} is missing or is not an image')
        scale = max(1, round(MIN_SIDE / min(image.shape[:2])))
        image = cv2.resize(image, None, fx=scale, fy=scale)
        sample = DetDataSample(
            pred_instances=to_instances(
                by_image[img_id], cat_ids, image.shape[:2], scale
            )
        )
        with atomic_path(out_dir / f'{names.name(path)}.png') as temporary:
            visualizer.add_datasample(
                path.stem,
                image[..., ::-1],
                sample,
                draw_gt=False,
                pred_score_thr=SCORE_THR,
                out_file=str(temporary),
            )


def to_instances(
    detections: list[dict],
    cat_ids: list[int],
    size: tuple[int, int],
    scale: int,
) -> InstanceData:
    """Convert COCO results to instances of an enlarged image.

    Args:
        detections (list[dict]): See :func:`draw_overlays`.
        cat_ids (list[int]): Category id of each label.
        size (tuple[int, int]): Height and width of the enlarged image.
        scale (int): Enlargement factor.

    Returns:
        :obj:`InstanceData`: With ``bboxes``, ``labels``, ``masks`` and the
        three scores.
    """
    masks = [
        cv2.resize(mask_utils.decode(det['segmentation']), size[::-1])
        for det in detections
    ]
    boxes = torch.tensor([det['bbox'] for det in detections]).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    labels = [cat_ids.index(det['category_id']) for det in detections]
    instances = InstanceData(
        bboxes=boxes * scale,
        labels=torch.tensor(labels, dtype=torch.long),
        masks=torch.from_numpy(np.array(masks, dtype=bool).reshape(-1, *size)),
    )
    for field, key in FIELDS.items():
        instances[field] = torch.tensor([det[key] for det in detections])
    return instances
