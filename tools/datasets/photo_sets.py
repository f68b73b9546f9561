"""The two public sets of photos: where they are, and what is in them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Layout:
    """The places of a set in its repository.

    Attributes:
        url (str): The repository.
        folders (tuple[str, str]): Folders of ``train`` and ``val``.
        annotations (str): The COCO file in such a folder.
        images (str): The folder of images in such a folder.
        val_step (int): ``val`` takes every n-th image in order of ids.
    """

    url: str
    folders: tuple[str, str]
    annotations: str
    images: str
    val_step: int = 1


LAYOUTS = {
    'animals': Layout(
        'https://github.com/KomaHomu/'
        'Applying-Mask-RCNN-in-endangered-animals-detection',
        ('dataset/train', 'dataset/valid'),
        '_annotations.coco.json',
        '.',
    ),
    'car-parts': Layout(
        'https://github.com/dsmlr/Car-Parts-Segmentation',
        ('trainingset', 'testset'),
        'annotations.json',
        'JPEGImages',
        # The published figures leave the other half for a final check.
        val_step=2,
    ),
}


def read_split(folder: Path, layout: Layout, step: int) -> dict[str, Any]:
    """Read the annotations of a split and check that its images exist.

    Args:
        folder (Path): Folder of the split.
        layout (Layout): The places of the set.
        step (int): Take every n-th image in order of ids.

    Returns:
        dict: COCO content, images in order of ids.

    Raises:
        FileNotFoundError: If the file or an image is missing.
        ValueError: If the file is not in COCO format.
    """
    path = folder / layout.annotations
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is missing: expected a clone of {layout.url}'
        )
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path} is not JSON ({error})') from error
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(content, dict) or not content.get(key):
            raise ValueError(f'{path} has no {key}: expected COCO format')
    images = sorted(content['images'], key=lambda image: image['id'])[::step]
    for image in images:
        name = image['file_name']
        # A name with folders could lead out of the output folder.
        if Path(name).name != name:
            raise ValueError(
                f'{path} has the file name {name!r}: expected no folders'
            )
        if not (folder / layout.images / name).is_file():
            raise FileNotFoundError(
                f'{folder / layout.images / name} is missing: expected all '
                f'images of {path}'
            )
    ids = {image['id'] for image in images}
    annotations = [a for a in content['annotations'] if a['image_id'] in ids]
    return dict(content, images=images, annotations=annotations)


def used_categories(splits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List the categories that have annotations in any split.

    Args:
        splits (list[dict]): COCO contents.

    Returns:
        list[dict]: The categories, without keys of annotation programs.

    Raises:
        ValueError: If the splits have different categories.
    """
    categories, *others = (
        [
            {
                'id': category['id'],
                'name': category['name'],
                'supercategory': category.get('supercategory', ''),
            }
            for category in content['categories']
        ]
        for content in splits
    )
    if any(other != categories for other in others):
        raise ValueError('train and val have different categories')
    used = {a['category_id'] for s in splits for a in s['annotations']}
    return [category for category in categories if category['id'] in used]
