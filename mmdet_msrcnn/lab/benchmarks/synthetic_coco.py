"""A data set and its detections with the counts of COCO val, by chance.

Only what costs time resembles COCO: the numbers of images, classes, instances
and detections, sizes, run lengths, and how often detections overlap instances
of their class.
"""

from typing import NamedTuple

import numpy as np
from pycocotools import mask as mask_utils

HEIGHT, WIDTH = 480, 640
NUM_IMAGES, NUM_CLASSES = 5000, 80
NUM_DETECTIONS, MEAN_INSTANCES = 100, 7.3
# Different outlines, and detections of each; masks are made of these alone.
NUM_SHAPES, NUM_VARIANTS = 300, 8
CORNERS = 24


class Shape(NamedTuple):
    """An outline of an instance.

    Attributes:
        polygon (list[float]): x, y, x, y, ... in pixels.
        box (list[float]): x, y, width and height.
        rle (dict): Its mask.
    """

    polygon: list[float]
    box: list[float]
    rle: dict


def make_shape(
    center: np.ndarray, radii: np.ndarray, noise: np.ndarray
) -> Shape:
    """Make an ellipse whose outline is moved by chance.

    Args:
        center (ndarray): x and y, shape (2, ).
        radii (ndarray): Shape (2, ).
        noise (ndarray): Factor of the radius of each corner, shape
            (CORNERS, ).

    Returns:
        Shape: It is cut at the borders of the image.
    """
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = center + circle * radii * noise[:, None]
    points = np.clip(points, 0, (WIDTH - 1, HEIGHT - 1)).round(1)
    polygon = points.ravel().tolist()
    (rle,) = mask_utils.frPyObjects([polygon], HEIGHT, WIDTH)
    return Shape(polygon, mask_utils.toBbox(rle).tolist(), rle)


def make_shapes(rng: np.random.Generator) -> list[list[Shape]]:
    """Make outlines, each with the variants that detections of it have."""
    rows = []
    for _ in range(NUM_SHAPES):
        radii = np.exp(rng.uniform(np.log(5), np.log(150))) * rng.uniform(
            0.6, 1.4, 2
        )
        center = rng.uniform((0, 0), (WIDTH, HEIGHT))
        base = rng.uniform(0.8, 1.2, CORNERS)
        row = [make_shape(center, radii, base)]
        for i in range(NUM_VARIANTS):
            spread = 0.05 * (i + 1)
            row.append(
                make_shape(
                    center + radii * rng.normal(0, spread / 2, 2),
                    radii * np.exp(rng.normal(0, spread / 2, 2)),
                    base * np.exp(rng.normal(0, spread / 2, CORNERS)),
                )
            )
        rows.append(row)
    return rows


def make_set(
    num_images: int = NUM_IMAGES, seed: int = 0
) -> tuple[dict, list[tuple[dict, dict]]]:
    """Make ground truth, and results as metrics of mmdet keep them.

    Args:
        num_images (int): Number of images. Defaults to that of COCO val.
        seed (int): Seed. Defaults to 0.

    Returns:
        tuple[dict, list[tuple[dict, dict]]]: COCO annotations; ground truth
        and predictions of each image.
    """
    rng = np.random.default_rng(seed)
    shapes = make_shapes(rng)
    # A few classes are frequent, as in COCO.
    shares = 1 / np.arange(1, NUM_CLASSES + 1)
    shares /= shares.sum()
    annotations: list[dict] = []
    results = []
    for img_id in range(num_images):
        classes = rng.choice(NUM_CLASSES, rng.integers(1, 6), p=shares)
        num = min(rng.geometric(1 / MEAN_INSTANCES), 60)
        labels = rng.choice(classes, num)
        places = rng.integers(NUM_SHAPES, size=num)
        for label, place in zip(labels.tolist(), places, strict=True):
            shape = shapes[place][0]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=img_id,
                    category_id=label + 1,
                    bbox=shape.box,
                    area=float(mask_utils.area(shape.rle)),
                    segmentation=[shape.polygon],
                    iscrowd=int(rng.random() < 0.01),
                )
            )
        found = _detect(rng, shapes, (labels, places), classes, shares)
        size = dict(width=WIDTH, height=HEIGHT, img_id=img_id)
        results.append((size, dict(found, img_id=img_id)))
    content = dict(
        images=[
            dict(id=i, width=WIDTH, height=HEIGHT, file_name=f'{i}.jpg')
            for i in range(num_images)
        ],
        categories=[
            dict(id=i + 1, name=f'class {i}') for i in range(NUM_CLASSES)
        ],
        annotations=annotations,
    )
    return content, results


def _detect(
    rng: np.random.Generator,
    shapes: list[list[Shape]],
    instances: tuple[np.ndarray, np.ndarray],
    classes: np.ndarray,
    shares: np.ndarray,
) -> dict:
    """Make the detections of an image.

    Up to three detect an instance. The others are anywhere, mostly of classes
    that the image has.
    """
    labels, places = instances
    repeats = rng.integers(0, 4, len(labels))
    own = np.repeat(np.arange(len(labels)), repeats)[:NUM_DETECTIONS]
    others = NUM_DETECTIONS - len(own)
    anywhere = np.where(
        rng.random(others) < 0.6,
        rng.choice(classes, others),
        rng.choice(NUM_CLASSES, others, p=shares),
    )
    places = np.append(places[own], rng.integers(NUM_SHAPES, size=others))
    variants = rng.integers(1, NUM_VARIANTS + 1, NUM_DETECTIONS)
    chosen = [
        shapes[place][variant]
        for place, variant in zip(places, variants, strict=True)
    ]
    boxes = np.array([shape.box for shape in chosen])
    boxes[:, 2:] += boxes[:, :2]
    is_own = np.arange(NUM_DETECTIONS) < len(own)
    scores = np.where(is_own, rng.random(NUM_DETECTIONS), 0.05)
    scores += 0.3 * rng.random(NUM_DETECTIONS) ** 2
    scores = (scores / 1.3).astype(np.float32)
    mask_ious = 1 - 0.1 * variants + rng.normal(0, 0.1, NUM_DETECTIONS)
    mask_ious = np.clip(mask_ious, 0, 1).astype(np.float32)
    return dict(
        bboxes=boxes.astype(np.float32),
        scores=scores,
        labels=np.append(labels[own], anywhere),
        # Each has its own run lengths, as those of a model.
        masks=[
            dict(shape.rle, counts=bytes(bytearray(shape.rle['counts'])))
            for shape in chosen
        ],
        mask_ious=mask_ious,
        mask_scores=scores * mask_ious,
    )
