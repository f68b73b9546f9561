"""Checks of an annotation file's lists, images and categories."""

from collections import Counter
from collections.abc import Iterator

from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.use import Use
from mmdet_msrcnn.datasets.values import (
    is_id,
    is_number,
    name_image,
    shorten,
)

LISTS = ('images', 'annotations', 'categories')
IMAGE_KEYS = ('id', 'file_name', 'height', 'width')


def check_lists(content: dict) -> Iterator[Finding]:
    """Check that the three lists exist and contain dicts.

    Files without ``annotations``, such as COCO's test-dev, can be tested.

    Args:
        content (dict): Content of the JSON file.

    Yields:
        Finding: Each problem; after an error nothing else can be checked.
    """
    for name in LISTS:
        if name == 'annotations' and name not in content:
            what = 'the list is missing; tests with this file give no figures'
            yield Finding('warning', 'no annotations', name, what)
            continue
        values = content.get(name)
        if not isinstance(values, list):
            what = f'the file must have the lists {", ".join(LISTS)}'
            yield Finding('error', 'no list', name, what)
            continue
        for i, value in enumerate(values):
            if not isinstance(value, dict):
                what = f'{shorten(value)}; it must be a dict'
                yield Finding('error', 'not a dict', f'{name}[{i}]', what)


def check_categories(content: dict, use: Use) -> Iterator[Finding]:
    """Check that categories have unique ids and names."""
    categories = content['categories']
    for key in ('id', 'name'):
        for value, count in Counter(
            repr(c.get(key)) for c in categories
        ).items():
            if value != 'None' and count > 1:
                ids = [
                    c.get('id')
                    for c in categories
                    if repr(c.get(key)) == value
                ]
                what = f'the {key} {value} is shared by the ids {ids}'
                used = any(
                    use.has(c) for c in categories if c.get('id') in ids
                )
                level = 'error' if used else 'warning'
                yield Finding(level, f'shared {key}', 'categories', what)
    for category in categories:
        value, name = category.get('id'), category.get('name')
        where = f'category {name!r} (id {value!r})'
        for key in ('id', 'name'):
            if category.get(key) is None:
                what = f'each category must have {key}'
                yield Finding('error', f'no {key}', where, what)
        if value is not None and not is_id(value):
            what = f'id is {shorten(value)}; it must be a number'
            yield Finding('error', 'category id', where, what)
        if name is not None and (not isinstance(name, str) or not name):
            what = f'name is {shorten(name)}; it must be text'
            yield Finding('error', 'category name', where, what)


def check_images(content: dict, use: Use) -> Iterator[Finding]:
    """Check ids, file names and sizes of images."""
    images = content['images']
    if not images:
        what = 'the list is empty'
        yield Finding('error', 'no images', 'images', what)
    kinds = {isinstance(image.get('id'), str) for image in images}
    if len(kinds) > 1:
        what = 'some are text and some numbers; evaluation cannot sort them'
        level = 'warning' if use.trained else 'error'
        yield Finding(level, 'kinds of ids', 'images', what)
    ids = Counter(repr(image.get('id')) for image in images)
    names = Counter(repr(image.get('file_name')) for image in images)
    for image in images:
        where = name_image(image)
        for key in IMAGE_KEYS:
            if image.get(key) is None:
                what = f'{key} is missing or null'
                yield Finding('error', f'image without {key}', where, what)
        if image.get('id') is not None and not is_id(image['id']):
            what = f'id is {shorten(image["id"])}; it must be a number or text'
            yield Finding('error', 'image id', where, what)
        if ids[repr(image.get('id'))] > 1:
            what = 'the id is shared; give each image its own id'
            yield Finding('error', 'shared image id', where, what)
        name = image.get('file_name')
        if name is not None and (not isinstance(name, str) or not name):
            what = f'file_name is {shorten(name)}; it must be text'
            yield Finding('error', 'file name', where, what)
        elif name is not None and names[repr(name)] > 1:
            what = 'the file is listed more than once'
            yield Finding('warning', 'image listed twice', where, what)
        for key in ('height', 'width'):
            value = image.get(key)
            if value is not None and not (is_number(value) and value >= 1):
                what = (
                    f'{key} is {shorten(value)}; it must be a number of pixels'
                )
                yield Finding('error', 'size of an image', where, what)
