"""Checks of COCO annotations, each a small function.

They say what mmdet 3.3.0 and pycocotools would do, which name neither file
nor annotation: fail, train on something else, or leave an instance out of the
one and not of the other.
"""

import math
from collections import Counter
from collections.abc import Iterator
from numbers import Real

import numpy as np

from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.segmentation_checks import check_segmentation

LISTS = ('images', 'annotations', 'categories')
IMAGE_KEYS = ('id', 'file_name', 'height', 'width')
ANNOTATION_KEYS = (
    'id',
    'image_id',
    'category_id',
    'bbox',
    'area',
    'segmentation',
)


def is_number(value: object) -> bool:
    """Whether a value is a finite number, and not text or a truth value."""
    return (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def check_annotations(content: dict) -> list[Finding]:
    """Check the content of an annotation file.

    Args:
        content (dict): As JSON gives it.

    Returns:
        list[Finding]: In order of the file. If lists are missing, nothing
        else is checked.
    """
    missing = [
        name for name in LISTS if not isinstance(content.get(name), list)
    ]
    if missing:
        return [
            Finding('error', 'no list', name, f'the file must have {LISTS}')
            for name in missing
        ]
    findings = [*check_categories(content), *check_images(content)]
    images = {
        image.get('id'): image
        for image in content['images']
        if _is_id(image.get('id'))
    }
    categories = {
        cat.get('id') for cat in content['categories'] if _is_id(cat.get('id'))
    }
    ids = Counter(map(str, (a.get('id') for a in content['annotations'])))
    boxes = {}
    for ann in content['annotations']:
        where = f'annotation {ann.get("id")!r}'
        image = None
        if _is_id(ann.get('image_id')):
            image = images.get(ann['image_id'])
        if image is not None:
            where += f' of {name_image(image)}'
        found = list(check_annotation(ann, image, categories, where))
        if ids[str(ann.get('id'))] > 1:
            what = 'the id is shared; give each annotation one of its own'
            found.append(Finding('error', 'shared id', where, what))
        findings += found
        # What is odd already is not compared.
        if image is not None and not found:
            key = ann['image_id'], ann['category_id']
            boxes.setdefault(key, []).append((ann, where))
    for instances in boxes.values():
        findings += check_duplicates(instances)
    return findings


def name_image(image: dict) -> str:
    """Name an image by file and id."""
    return f'image {image.get("file_name")!r} (id {image.get("id")!r})'


def _is_id(value: object) -> bool:
    return isinstance(value, str) or is_number(value)


def check_categories(content: dict) -> Iterator[Finding]:
    """Ids and names, each once."""
    for key in ('id', 'name'):
        values = [cat.get(key) for cat in content['categories']]
        for value, count in Counter(map(repr, values)).items():
            if value == 'None':
                what = f'each category must have {key}'
                yield Finding('error', f'no {key}', 'categories', what)
            elif count > 1:
                ids = [
                    cat.get('id')
                    for cat in content['categories']
                    if repr(cat.get(key)) == value
                ]
                what = f'the {key} {value} is shared by the ids {ids}'
                yield Finding('error', f'shared {key}', 'categories', what)


def check_images(content: dict) -> Iterator[Finding]:
    """Ids, file names and sizes."""
    images = content['images']
    kinds = {isinstance(image.get('id'), str) for image in images}
    if len(kinds) > 1:
        what = 'some are text and some numbers; pycocotools sorts them'
        yield Finding('error', 'kinds of ids', 'images', what)
    ids = Counter(repr(image.get('id')) for image in images)
    names = Counter(image.get('file_name') for image in images)
    for image in images:
        where = name_image(image)
        for key in IMAGE_KEYS:
            if image.get(key) is None:
                what = f'{key} is missing or null'
                yield Finding('error', f'image without {key}', where, what)
        if ids[repr(image.get('id'))] > 1:
            what = 'the id is shared; give each image one of its own'
            yield Finding('error', 'shared image id', where, what)
        if names[image.get('file_name')] > 1:
            what = 'the file is listed more than once'
            yield Finding('warning', 'image listed twice', where, what)
        for key in ('height', 'width'):
            value = image.get(key)
            if value is not None and not (is_number(value) and value >= 1):
                what = f'{key} is {value!r}; it must be a number of pixels'
                yield Finding('error', 'size of an image', where, what)


def check_annotation(
    ann: dict, image: dict | None, categories: set, where: str
) -> Iterator[Finding]:
    """Check one annotation alone.

    Args:
        ann (dict): The annotation.
        image (dict, optional): Its image, if the file has it.
        categories (set): Ids of the categories.
        where (str): Its name.

    Yields:
        Finding: What was found.
    """
    for key in ANNOTATION_KEYS:
        if ann.get(key) is None:
            what = f'{key} is missing or null'
            yield Finding('error', f'no {key}', where, what)
    if ann.get('id') == 0 and not isinstance(ann['id'], bool):
        what = 'evaluation takes 0 for "no match"; it renumbers the ids'
        yield Finding('note', 'id 0', where, what)
    if ann.get('image_id') is not None and image is None:
        what = f'no image has the id {ann["image_id"]!r}; it is left out'
        yield Finding('warning', 'unknown image', where, what)
    category = ann.get('category_id')
    if category is not None and (
        not _is_id(category) or category not in categories
    ):
        what = f'no category has the id {category!r}; it is left out'
        yield Finding('warning', 'unknown category', where, what)
    yield from check_crowd(ann, where)
    yield from check_area(ann, where)
    yield from check_box(ann, image, where)
    if ann.get('segmentation') is not None and image is not None:
        yield from check_segmentation(ann, image, where)


def check_crowd(ann: dict, where: str) -> Iterator[Finding]:
    """A missing flag is 0; text is true for Python, '0' as well."""
    flag = ann.get('iscrowd')
    if flag is None:
        return
    if not is_number(flag) and not isinstance(flag, bool):
        what = f'iscrowd is {flag!r}; it must be 0 or 1'
        yield Finding('error', 'crowd flag', where, what)
    elif flag not in (0, 1):
        what = f'iscrowd is {flag!r}, which counts as 1'
        yield Finding('warning', 'crowd flag', where, what)
    elif flag and isinstance(ann.get('segmentation'), list):
        what = 'a crowd is a polygon; COCO has run lengths for crowds'
        yield Finding('warning', 'crowd of polygons', where, what)


def check_area(ann: dict, where: str) -> Iterator[Finding]:
    """mmdet leaves out what has no area."""
    area = ann.get('area')
    if area is None:
        return
    if not is_number(area):
        what = f'area is {area!r}; it must be a number'
        yield Finding('error', 'area', where, what)
    elif area <= 0:
        what = f'area is {area}: left out of training, counted in evaluation'
        yield Finding('warning', 'no area', where, what)


def check_box(ann: dict, image: dict | None, where: str) -> Iterator[Finding]:
    """Four numbers, (x, y, width, height), in the image."""
    box = ann.get('bbox')
    if box is None:
        return
    if (
        not isinstance(box, list | tuple)
        or len(box) != 4
        or not all(map(is_number, box))
    ):
        what = f'bbox is {box!r}; it must be [x, y, width, height]'
        yield Finding('error', 'box', where, what)
        return
    x, y, width, height = box
    if width < 1 or height < 1:
        what = f'bbox is {box}: left out of training, counted in evaluation'
        yield Finding('warning', 'no box', where, what)
    elif image is not None and all(
        is_number(image.get(key)) for key in ('width', 'height')
    ):
        right, bottom = image['width'], image['height']
        if min(right - x, bottom - y, x + width, y + height) <= 0:
            what = (
                f'bbox {box} lies outside {right} x {bottom} pixels: left '
                'out of training, counted in evaluation'
            )
            yield Finding('warning', 'box outside', where, what)


def check_duplicates(
    instances: list[tuple[dict, str]], min_iou: float = 0.95
) -> Iterator[Finding]:
    """Find instances of a class that are nearly the same.

    Args:
        instances (list[tuple[dict, str]]): Annotations of one image and
            category without errors, each with its name.
        min_iou (float): Box IoU from which they are. Defaults to 0.95.

    Yields:
        Finding: One for each instance that repeats an earlier one.
    """
    if len(instances) < 2:
        return
    boxes = np.array([ann['bbox'] for ann, _ in instances], float)
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    areas = boxes[:, 2:].clip(0).prod(1)
    for i in range(1, len(instances)):
        size = np.minimum(high[i], high[:i]) - np.maximum(low[i], low[:i])
        overlap = size.clip(0).prod(1)
        union = (areas[i] + areas[:i] - overlap).clip(1e-9)
        first = int((overlap / union).argmax())
        if overlap[first] / union[first] >= min_iou:
            what = (
                f'nearly the same as annotation {instances[first][0]["id"]!r}'
            )
            yield Finding('warning', 'repeated', instances[i][1], what)
