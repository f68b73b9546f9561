"""Check of a whole annotation file."""

import codecs
import json
from collections.abc import Collection, Sequence
from pathlib import Path

from mmdet_msrcnn.datasets.annotation_checks import (
    check_annotations,
)
from mmdet_msrcnn.datasets.findings import Finding, lines_of, of_level
from mmdet_msrcnn.datasets.image_checks import (
    DEFAULT_LOADING,
    Loading,
    check_image_files,
)
from mmdet_msrcnn.datasets.list_checks import check_lists
from mmdet_msrcnn.datasets.use import STRICT, Use
from mmdet_msrcnn.datasets.values import name_annotation
from mmdet_msrcnn.utils.coco import class_names


def read_annotations(path: Path) -> dict:
    """Read an annotation file.

    Args:
        path (Path): JSON file.

    Returns:
        dict: Its content.

    Raises:
        ValueError: If it is not JSON, or its content is not a dict.
    """
    data = path.read_bytes()
    if data.startswith(codecs.BOM_UTF8):
        raise ValueError(
            f'{path} begins with a byte order mark, which mmdet cannot read. '
            'Save it as UTF-8 without a byte order mark.'
        )
    try:
        content = json.loads(data.decode('utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not JSON: {error}') from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} contains a {type(content).__name__}, not the dict of a '
            'COCO annotation file'
        )
    return content


def check_file(
    path: Path,
    folder: Path | None = None,
    use: Use = STRICT,
    loading: Loading = DEFAULT_LOADING,
    img_ids: Collection | None = None,
) -> list[Finding]:
    """Check an annotation file and the images that it names.

    Args:
        path (Path): COCO annotation file.
        folder (Path, optional): Folder of the images. By default image files
            are not checked.
        use (Use): How the file is used. By default everything is evaluated.
        loading (Loading): How images are read. By default as in mmdet.
        img_ids (Collection, optional): Images whose files are checked. By
            default all.

    Returns:
        list[Finding]: The findings.

    Raises:
        ValueError: If it is not an annotation file.
    """
    content = read_annotations(path)
    findings = check_annotations(content, use)
    if of_level(check_lists(content), 'error'):
        return findings
    if not of_level(findings, 'error'):
        if use.classes is not None:
            findings += check_order(content, use.classes)
        if use.polygons_only:
            findings += check_polygons_only(content)
    if folder is not None:
        images = [
            image
            for image in content['images']
            if img_ids is None or image.get('id') in img_ids
        ]
        findings += check_image_files(images, folder, loading)
    return findings


def check_order(content: dict, classes: Sequence[str]) -> list[Finding]:
    """Compare the order of categories with that of the classes.

    mmdet numbers labels in the order of the file, but names them in the order
    of the data set.

    Args:
        content (dict): Content of the annotation file.
        classes (Sequence[str]): Names of the classes.

    Returns:
        list[Finding]: At most one.
    """
    names = [name for name in class_names(content) if name in classes]
    kind, where = 'order of the classes', 'categories'
    if names != list(classes)[: len(names)]:
        what = (
            'metainfo.classes must be in the order of the annotations, which '
            f'is {names}, got {list(classes)}'
        )
        return [Finding('error', kind, where, what)]
    if len(names) < len(classes):
        missing = list(classes)[len(names) :]
        what = (
            f'no category {missing}; use the names of the file in '
            'metainfo.classes'
        )
        level = 'warning' if names else 'error'
        return [Finding(level, kind, where, what)]
    return []


def check_polygons_only(content: dict) -> list[Finding]:
    """Find instances whose masks are run lengths.

    Args:
        content (dict): Content of an annotation file without errors.

    Returns:
        list[Finding]: One for each instance that is not a crowd.
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
        if isinstance(ann.get('segmentation'), dict) and not ann.get('iscrowd')
    ]


def errors_of(
    path: Path, findings: list[Finding], folder: Path | None = None
) -> str | None:
    """Format the errors as a message.

    Args:
        path (Path): The annotation file.
        findings (list[Finding]): Its findings.
        folder (Path, optional): Folder of its images.

    Returns:
        str | None: The message; None if there is no error.
    """
    errors = of_level(findings, 'error')
    if not errors:
        return None
    images = '' if folder is None else f' --img-dir {folder}'
    return '\n'.join(
        [
            f'Errors in {path}: {len(errors)}. Correct them, and check it '
            f'with tools/check_dataset.py {path}{images}',
            *lines_of(errors),
        ]
    )
