"""Checks of COCO annotations.

Without these checks, mmdet 3.3.0 and pycocotools fail without naming the file
or the annotation, train on wrong data, or leave an instance out of training
but not out of evaluation.
"""

from collections import Counter
from collections.abc import Iterator

from mmdet_msrcnn.datasets.box_checks import (
    check_box,
    check_duplicates,
    weigh_formats,
)
from mmdet_msrcnn.datasets.findings import Finding, of_level
from mmdet_msrcnn.datasets.list_checks import (
    check_categories,
    check_images,
    check_lists,
)
from mmdet_msrcnn.datasets.segmentation_checks import check_segmentation
from mmdet_msrcnn.datasets.use import STRICT, Use, forgive
from mmdet_msrcnn.datasets.values import (
    is_id,
    is_number,
    name_annotation,
    shorten,
)

ANNOTATION_KEYS = (
    'id',
    'image_id',
    'category_id',
    'bbox',
    'area',
    'segmentation',
)


def check_annotations(content: dict, use: Use = STRICT) -> list[Finding]:
    """Check the content of an annotation file.

    Args:
        content (dict): Content of the JSON file.
        use (Use): How the file is used. By default everything is evaluated.

    Returns:
        list[Finding]: Findings in the order of the file. If the lists are not
        those of COCO, nothing else is checked.
    """
    findings = list(check_lists(content))
    if of_level(findings, 'error'):
        return findings
    findings += [*check_categories(content, use), *check_images(content, use)]
    annotations = content.get('annotations', [])
    images, categories = (
        {
            entry['id']: entry
            for entry in content[name]
            if is_id(entry.get('id'))
        }
        for name in ('images', 'categories')
    )
    ids = Counter(repr(ann.get('id')) for ann in annotations)
    instances: dict[tuple, list] = {}
    for ann in annotations:
        image = (
            images.get(ann['image_id']) if is_id(ann.get('image_id')) else None
        )
        where = name_annotation(ann, image)
        found = [
            *check_ids(ann, images, categories, where),
            *check_annotation(ann, image, where, use.masks),
        ]
        if ann.get('id') is not None and ids[repr(ann['id'])] > 1:
            what = 'the id is shared; give each annotation its own id'
            found.append(Finding('error', 'shared id', where, what))
        category = ann.get('category_id')
        category = categories.get(category) if is_id(category) else None
        findings += forgive(found, ann, category, use)
        # Annotations with findings are not compared with others.
        if image is not None and not found:
            key = ann['image_id'], ann['category_id']
            instances.setdefault(key, []).append((ann, where))
    for alike in instances.values():
        findings += check_duplicates(alike)
    return weigh_formats(findings, len(annotations))


def check_ids(
    ann: dict, images: dict, categories: dict, where: str
) -> Iterator[Finding]:
    """Check the ids of an annotation.

    Args:
        ann (dict): The annotation.
        images (dict): Images by id.
        categories (dict): Categories by id.
        where (str): Name of the annotation.

    Yields:
        Finding: Each problem that was found.
    """
    own = ann.get('id')
    if own is not None and not is_id(own):
        what = f'id is {shorten(own)}; it must be a number'
        yield Finding('error', 'annotation id', where, what)
    elif own == 0:
        what = 'pycocotools reads 0 as "no match"; evaluation renumbers ids'
        yield Finding('note', 'id 0', where, what)
    for name, key, known in (
        ('image', 'image_id', images),
        ('category', 'category_id', categories),
    ):
        value = ann.get(key)
        if value is None or (is_id(value) and value in known):
            continue
        if is_id(value) and _in_other_kind(value) in known:
            what = (
                f'{key} is {value!r}, but the id of the {name} is '
                f'{"a number" if isinstance(value, str) else "text"}; write '
                'both as the same type'
            )
            yield Finding('error', f'kind of {key}', where, what)
        else:
            what = (
                f'no {name} has the id {shorten(value)}; the annotation is '
                'left out'
            )
            yield Finding('warning', f'unknown {name}', where, what)


def _in_other_kind(value: int | float | str) -> int | str:
    """Convert the id 7 to '7', and '7' to 7."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() else value
    return str(value)


def check_annotation(
    ann: dict, image: dict | None, where: str, masks: bool = True
) -> Iterator[Finding]:
    """Check one annotation.

    Args:
        ann (dict): The annotation.
        image (dict, optional): Its image, if the file has it.
        where (str): Name of the annotation.
        masks (bool): Whether its mask is read. Defaults to True.

    Yields:
        Finding: Each problem that was found.
    """
    for key in ANNOTATION_KEYS if masks else ANNOTATION_KEYS[:-1]:
        if ann.get(key) is None:
            what = f'{key} is missing or null'
            yield Finding('error', f'no {key}', where, what)
    if ann.get('ignore'):
        what = (
            f'ignore is {shorten(ann["ignore"])}: left out of training, '
            'counted in evaluation; use iscrowd=1 to ignore it in both'
        )
        yield Finding('warning', 'ignore flag', where, what)
    yield from check_crowd(ann, where)
    yield from check_area(ann, where)
    wrong = list(check_box(ann, image, where))
    yield from wrong
    if masks and ann.get('segmentation') is not None and image is not None:
        # A wrong box is not compared with the mask.
        compared = dict(ann, bbox=None) if wrong else ann
        yield from check_segmentation(compared, image, where)


def check_crowd(ann: dict, where: str) -> Iterator[Finding]:
    """Check the crowd flag; the text '0' counts as true in Python."""
    flag = ann.get('iscrowd')
    if flag is None:
        return
    if not is_number(flag) and not isinstance(flag, bool):
        what = f'iscrowd is {shorten(flag)}; it must be 0 or 1'
        yield Finding('error', 'crowd flag', where, what)
    elif flag not in (0, 1):
        what = f'iscrowd is {shorten(flag)}, which counts as 1'
        yield Finding('warning', 'crowd flag', where, what)
    elif flag and isinstance(ann.get('segmentation'), list):
        what = 'a crowd is a polygon; COCO uses run lengths for crowds'
        yield Finding('warning', 'crowd of polygons', where, what)


def check_area(ann: dict, where: str) -> Iterator[Finding]:
    """Check the area; mmdet leaves out instances of area 0."""
    area = ann.get('area')
    if area is None:
        return
    if not is_number(area):
        what = f'area is {shorten(area)}; it must be a number'
        yield Finding('error', 'area', where, what)
    elif area <= 0:
        what = f'area is {area}: left out of training, counted in evaluation'
        yield Finding('warning', 'no area', where, what)
