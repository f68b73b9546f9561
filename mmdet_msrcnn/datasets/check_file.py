"""The check of an annotation file as a whole."""

import json
from collections.abc import Sequence
from pathlib import Path

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.findings import Finding, lines_of, of_level
from mmdet_msrcnn.datasets.image_checks import (
    DEFAULT_LOADING,
    Loading,
    check_image_files,
)
from mmdet_msrcnn.datasets.list_checks import check_lists
from mmdet_msrcnn.datasets.values import name_annotation


def read_annotations(path: Path) -> dict:
    """Read an annotation file.

    Args:
        path (Path): JSON file.

    Returns:
        dict: Its content.

    Raises:
        ValueError: If it is no JSON, or holds no dict.
    """
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path} is no JSON: {error}') from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, not the dict of a COCO '
            'annotation file'
        )
    return content


def check_file(
    path: Path,
    folder: Path | None = None,
    classes: Sequence[str] | None = None,
    polygons_only: bool = False,
    loading: Loading = DEFAULT_LOADING,
) -> list[Finding]:
    """Check an annotation file and the images that it names.

    Args:
        path (Path): COCO annotation file.
        folder (Path, optional): Where the images are. Their files are not
            checked by default.
        classes (Sequence[str], optional): Names of the classes of the data
            set. Their order is not checked by default.
        polygons_only (bool): Refuse run lengths of instances, which a
            pipeline with ``poly2mask=False`` ignores. Defaults to False.
        loading (Loading): How images are read. Defaults to mmdet's way.

    Returns:
        list[Finding]: What was found.

    Raises:
        ValueError: If it is no annotation file.
    """
    content = read_annotations(path)
    findings = check_annotations(content)
    fine = not of_level(findings, 'error')
    if classes is not None and fine:
        findings += check_order(content, classes)
    if polygons_only and fine:
        findings += check_polygons_only(content)
    if folder is not None and not of_level(check_lists(content), 'error'):
        findings += check_image_files(content['images'], folder, loading)
    return findings


def check_order(content: dict, classes: Sequence[str]) -> list[Finding]:
    """Compare the order of categories with that of the classes.

    mmdet numbers labels by the order of the file, and names them by that of
    the data set.

    Args:
        content (dict): Content of the annotation file.
        classes (Sequence[str]): Names of the classes.

    Returns:
        list[Finding]: One or none.
    """
    names = [cat['name'] for cat in content['categories']]
    names = [name for name in names if name in classes]
    if names == list(classes):
        return []
    missing = sorted(set(classes) - set(names))
    what = (
        f'no category {missing}; spell metainfo.classes as in the file'
        if missing
        else f'metainfo.classes must be in the order of the annotations, '
        f'which is {names}, got {list(classes)}'
    )
    return [Finding('error', 'order of the classes', 'categories', what)]


def check_polygons_only(content: dict) -> list[Finding]:
    """Find instances whose masks are run lengths.

    Args:
        content (dict): Content of an annotation file without errors.

    Returns:
        list[Finding]: One of each instance; crowds are ignored anyway.
    """
    what = (
        'LoadAnnotations of the pipeline has poly2mask=False, which ignores '
        'masks in run lengths; set it to True'
    )
    images = {image['id']: image for image in content['images']}
    return [
        Finding(
            'error',
            'run lengths in a pipeline of polygons',
            name_annotation(ann, images.get(ann['image_id'])),
            what,
        )
        for ann in content.get('annotations', [])
        if isinstance(ann['segmentation'], dict) and not ann.get('iscrowd')
    ]


def errors_of(path: Path, findings: list[Finding]) -> str | None:
    """Write the errors for a message.

    Args:
        path (Path): The annotation file.
        findings (list[Finding]): What was found in it.

    Returns:
        str | None: None if there is no error.
    """
    errors = of_level(findings, 'error')
    if not errors:
        return None
    return '\n'.join(
        [
            f'{path} has {len(errors)} errors. Correct them; to see all: '
            f'python tools/check_dataset.py {path}',
            *lines_of(errors),
        ]
    )
