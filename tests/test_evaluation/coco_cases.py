"""Random ground truth and detections in COCO format."""

import contextlib
import io

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation

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
            # Not the product, so that there is one more ranking.
            mask_score=float(score**0.5 * mask_iou),
        )
    )


def pycocotools_eval(
    coco, detections, key, iou_type, max_dets=(1, 10, 100), **params
) -> COCOeval:
    """pycocotools' evaluation; mask AP needs no box.

    ``params`` are others of its parameters, such as ``catIds``.
    """
    field = 'segmentation' if iou_type == 'segm' else 'bbox'
    results = [
        dict(
            image_id=det['image_id'],
            category_id=det['category_id'],
            score=det[key],
            **{field: det[field]},
        )
        for det in detections
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator = COCOeval(coco, coco.loadRes(results), iou_type)
        evaluator.params.maxDets = list(max_dets)
        for name, value in params.items():
            setattr(evaluator.params, name, value)
        evaluator.evaluate()
        evaluator.accumulate()
    return evaluator


def pycocotools_stats(coco, detections, key, iou_type, max_dets=(1, 10, 100)):
    """The figures of pycocotools."""
    evaluator = pycocotools_eval(coco, detections, key, iou_type, max_dets)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator.summarize()
    return evaluator.stats


def evaluation_of(coco, detections) -> MaskEvaluation:
    protocol = coco.getCatIds(), coco.getImgIds()
    return MaskEvaluation(coco, detections, *protocol)


def run_lengths(mask: np.ndarray) -> list[int]:
    """Uncompressed run lengths of COCO, which begin with background."""
    pixels = np.concatenate([[0], mask.ravel('F'), [2]])
    ends = np.flatnonzero(np.diff(pixels))
    return np.diff([0, *ends]).tolist()


def true_iou(coco, det, iscrowd=False) -> float:
    """Best IoU with a non-crowd instance of the detection's class."""
    annotations = coco.loadAnns(
        coco.getAnnIds(det['image_id'], det['category_id'], iscrowd=iscrowd)
    )
    ious = [
        mask_utils.iou([det['segmentation']], [ann['segmentation']], [0])
        for ann in annotations
    ]
    return max((iou.item() for iou in ious), default=0)


def hand_worked_case():
    """One instance, two detections; the better mask has the lower class score.

    True IoUs: 0.5 (the left half) and 1.0. Only the perfect mask is a true
    positive above IoU 0.5: nine of ten thresholds. Ranked second it gives a
    precision of 1/2 at each of them, ranked first 1. At IoU 0.5 the first of
    either ranking matches, AP 1.
    """
    box = (10, 10, 20, 20)
    coco = make_coco([(1, 10, box, 0)], 1, 1)
    _, (template, *_) = random_case()
    base = dict(template, image_id=1, category_id=10)
    half, full = (10, 10, 10, 20), box
    detections = []
    for shape, score, mask_iou in ((half, 0.9, 0.5), (full, 0.8, 0.75)):
        rle = mask_utils.encode(np.asfortranarray(rectangle(*shape)))
        detections.append(
            dict(
                base,
                bbox=[float(v) for v in shape],
                segmentation=rle,
                score=score,
                mask_iou=mask_iou,
                mask_score=score * mask_iou,
            )
        )
    return coco, detections
