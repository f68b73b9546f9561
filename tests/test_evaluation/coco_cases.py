"""Random ground truth and detections in COCO format."""

import contextlib
import io

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

SIZE = 64


def encode(mask: np.ndarray) -> dict:
    rle = mask_utils.encode(np.asfortranarray(mask, dtype=np.uint8))
    return dict(size=rle['size'], counts=rle['counts'].decode())


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[y : y + height, x : x + width] = 1
    return mask


def random_rectangle(rng: np.random.Generator) -> tuple[int, int, int, int]:
    x, y = rng.integers(0, SIZE - 24, 2)
    width, height = rng.integers(8, 24, 2)
    return int(x), int(y), int(width), int(height)


def make_coco(annotations: list[dict], num_images: int, num_cats: int) -> COCO:
    """Ground truth from annotations with image, category, box and crowd."""
    coco = COCO()
    coco.dataset = dict(
        info={},
        images=[
            dict(id=i + 1, width=SIZE, height=SIZE, file_name=f'{i + 1}.png')
            for i in range(num_images)
        ],
        # ids that do not start at 1 and do not ascend, as in some data sets
        categories=[
            dict(id=10 * (i + 1), name=f'class{i}')
            for i in reversed(range(num_cats))
        ],
        annotations=[
            dict(
                id=i + 1,
                image_id=image_id,
                category_id=category_id,
                bbox=list(box),
                area=box[2] * box[3],
                segmentation=encode(rectangle(*box)),
                iscrowd=crowd,
            )
            for i, (image_id, category_id, box, crowd) in enumerate(
                annotations
            )
        ],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


def random_case(
    seed: int = 0, num_images: int = 8, num_cats: int = 3
) -> tuple[COCO, list[dict]]:
    """Ground truth with crowds, and detections of mixed quality."""
    rng = np.random.default_rng(seed)
    annotations, detections = [], []
    for image_id in range(1, num_images + 1):
        # The last image has detections but no instance.
        for _ in range(rng.integers(2, 7) * (image_id < num_images)):
            category_id = int(10 * rng.integers(1, num_cats + 1))
            box = random_rectangle(rng)
            crowd = int(rng.random() < 0.15)
            annotations.append((image_id, category_id, box, crowd))
            for _ in range(rng.integers(0, 4)):
                shift = rng.integers(-4, 5, 4)
                moved = np.maximum(np.array(box) + shift, [0, 0, 2, 2])
                add_detection(rng, detections, image_id, category_id, moved)
        for _ in range(3):
            category_id = int(10 * rng.integers(1, num_cats + 1))
            box = random_rectangle(rng)
            add_detection(rng, detections, image_id, category_id, box)
    return make_coco(annotations, num_images, num_cats), detections


def add_detection(rng, detections, image_id, category_id, box) -> None:
    # Not 0, where a true positive would tie with the oracle's errors.
    score, mask_iou = (0.01 + 0.98 * rng.random(2)).round(2)
    detections.append(
        dict(
            image_id=image_id,
            category_id=category_id,
            bbox=[float(v) for v in box],
            segmentation=encode(rectangle(*(int(v) for v in box))),
            score=float(score),
            mask_iou=float(mask_iou),
            mask_score=float(score * mask_iou),
        )
    )
