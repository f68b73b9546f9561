"""A small correct annotation file and its images."""

import copy
import json
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.annotation_checks import check_annotations

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


def rle(height=HEIGHT, width=WIDTH) -> dict:
    """Compressed run lengths of the square of annotation 1."""
    mask = np.zeros((height, width), np.uint8)
    mask[10:30, 35:55] = 1
    code = mask_utils.encode(np.asfortranarray(mask))
    return dict(size=[height, width], counts=code['counts'].decode())


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


def assert_only_finding(
    changes: dict, level: str, kind: str, what: str
) -> None:
    """Check the one finding about annotation 1 of image 1 after changes."""
    broken = content()
    broken['annotations'][0].update(changes)
    found = check_annotations(broken)
    (finding,) = [f for f in found if f.where.startswith('annotation')][:1]
    assert (finding.level, finding.kind) == (level, kind)
    assert what in finding.what
    assert f'annotation {broken["annotations"][0]["id"]!r}' in finding.where
    if broken['annotations'][0]['image_id'] == 1:
        assert "image '1.png' (id 1)" in finding.where
    # Nothing else is found, but the twin of a shared id.
    assert {f.kind for f in found} == {kind}
