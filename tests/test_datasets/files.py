"""A small correct annotation file and its images."""

import copy
import json
from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 60, 80


def square(x: float, y: float, side: float) -> list[float]:
    return [x, y, x + side, y, x + side, y + side, x, y + side]


def annotation(id_: int, image_id: int, x: float, **changes) -> dict:
    return dict(
        id=id_,
        image_id=image_id,
        category_id=1 + id_ % 2,
        iscrowd=0,
        bbox=[x, 10, 20, 20],
        area=400,
        segmentation=[square(x, 10, 20)],
    ) | copy.deepcopy(changes)


def content() -> dict:
    """Two images with two instances each, of two classes."""
    return dict(
        images=[
            dict(id=i, file_name=f'{i}.png', height=HEIGHT, width=WIDTH)
            for i in (1, 2)
        ],
        annotations=[
            annotation(i, 1 + i // 3, 5 + 30 * (i % 2)) for i in (1, 2, 3, 4)
        ],
        categories=[dict(id=1, name='apple'), dict(id=2, name='pear')],
    )


def write(folder: Path, what: dict, name: str = 'ann.json') -> Path:
    """Write the file, and a picture for each image that is not there."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(what))
    for image in what['images']:
        target = folder / str(image.get('file_name'))
        if not target.exists():
            pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
            target.write_bytes(cv2.imencode('.png', pixels)[1])
    return path
