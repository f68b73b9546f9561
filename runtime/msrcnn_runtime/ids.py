"""Ids of images and categories, from an annotation file in COCO's format."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Id = int | str


@dataclass
class Ids:
    """Ids of the images and classes of detections.

    Attributes:
        images (list[int | str]): Of each image.
        classes (list[int | str]): Of each class of the model.
    """

    images: list[Id]
    classes: list[Id]


def numbered(paths: Sequence[Path], classes: Sequence[str]) -> Ids:
    """Number images from 1 and classes from 0."""
    return Ids([*range(1, len(paths) + 1)], [*range(len(classes))])


def read_ids(path: Path, paths: Sequence[Path], classes: Sequence[str]) -> Ids:
    """Read ids by file name, without folders, and by category name.

    Args:
        path (Path): Annotation file.
        paths (Sequence[Path]): The images.
        classes (Sequence[str]): Classes of the model.

    Returns:
        Ids: Their ids.

    Raises:
        ValueError: If it is not such a file, a name is missing, or two
            images or categories have one name.
    """
    try:
        content = json.loads(path.read_bytes())
        images = [
            (Path(image['file_name']).name, image['id'])
            for image in content['images']
        ]
        categories = [(c['name'], c['id']) for c in content['categories']]
        # A list would be no key.
        hash(tuple(name for name, _ in categories))
    except OSError as error:
        raise ValueError(f'{path} was not read: {error.strerror}') from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f'{path} is not an annotation file in the format of COCO'
        ) from None
    names = [image.name for image in paths]
    return Ids(
        look_up(names, images, f'image of {path}'),
        look_up(classes, categories, f'category of {path}'),
    )


def look_up(
    names: Sequence[str], pairs: list[tuple[str, Id]], kind: str
) -> list[Id]:
    """Look up the id of each name.

    Raises:
        ValueError: If a name is missing, or is there twice.
    """
    ids = dict(pairs)
    missing = [name for name in names if name not in ids]
    if missing:
        more = f' and {len(missing) - 1} more' if len(missing) > 1 else ''
        raise ValueError(f'no {kind} has the name {missing[0]!r}{more}')
    counts = Counter(name for name, _ in pairs)
    twice = [name for name in names if counts[name] > 1]
    if twice:
        raise ValueError(f'more than one {kind} has the name {twice[0]!r}')
    return [ids[name] for name in names]
