"""Results of a model, as MaskScoringMetric writes them."""

import json
from collections.abc import Iterable
from pathlib import Path

from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.result_checks import (
    PROTOCOL,
    check_detections,
    check_protocol,
)
from mmdet_msrcnn.compat.silence import silence

# Of an annotation, as pycocotools reads it.
ANNOTATION = ('id', 'image_id', 'category_id', 'bbox', 'area', 'segmentation')
IMAGE = ('id', 'file_name', 'height', 'width')


def read_results(path: str | Path) -> dict:
    """Read a ``PREFIX.mask_scores.json``.

    Args:
        path (str or Path): The file.

    Returns:
        dict: ``detections``, ``cat_ids``, ``img_ids``, ``max_dets`` and
        ``iou_thrs``.

    Raises:
        ValueError: If it is not such a file, or has no detections.
    """
    if not Path(path).is_file():
        raise ValueError(
            f'{path} does not exist. Make it with tools/test.py CONFIG '
            'CHECKPOINT --cfg-options test_evaluator.outfile_prefix=PREFIX, '
            'or test_evaluator.0.outfile_prefix=PREFIX if the config has '
            'several metrics'
        )
    try:
        results = json.loads(Path(path).read_bytes())
    except ValueError:
        results = None
    if not isinstance(results, dict) or 'detections' not in results:
        raise ValueError(f'{path} is not a PREFIX.mask_scores.json')
    lacking = [name for name in PROTOCOL if name not in results]
    if lacking:
        raise ValueError(f'{path} has no {lacking[0]}. Make it again.')
    if not results['detections']:
        raise ValueError(f'{path} contains no detections')
    check_protocol(results, path)
    check_detections(results, path)
    return results


def read_ground_truth(path: str | Path, cat_ids: Iterable[int]) -> COCO:
    """Read COCO annotations.

    Args:
        path (str or Path): The file.
        cat_ids (Iterable[int]): Categories that it must have.

    Returns:
        COCO: The annotations.

    Raises:
        ValueError: If it is not such a file, a key or category is missing, or
            the categories have no different names.
    """
    try:
        with silence():
            coco = COCO(str(path))
    except (OSError, ValueError, AssertionError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path} cannot be read as COCO annotations: {error}'
        ) from error
    for kind, keys in (('annotation', ANNOTATION), ('image', IMAGE)):
        for one in coco.dataset.get(f'{kind}s', ()):
            lacking = [name for name in keys if name not in one]
            if lacking:
                raise ValueError(
                    f'an {kind} of {path} has no {lacking[0]}: '
                    f'{str(one)[:80]}. Check the file with '
                    'tools/check_dataset.py.'
                )
    unknown = [cat_id for cat_id in cat_ids if cat_id not in coco.cats]
    if unknown:
        raise ValueError(
            f'{path} has no category {unknown[0]!r} of the results, only '
            f'{sorted(coco.cats)}. Give the annotations of the same data set.'
        )
    names = [coco.cats[cat_id].get('name') for cat_id in cat_ids]
    for name in names:
        if not isinstance(name, str) or not name or names.count(name) > 1:
            raise ValueError(
                f'{path} has a category with the name {name!r}. Give each a '
                'name of its own, as text.'
            )
    return coco


def leave_out_images(
    protocol: dict,
    detections: dict[str, list[dict]],
    img_ids: Iterable[int],
    ann: str,
) -> tuple[dict, dict[str, list[dict]]]:
    """Leave out the images that the annotations lack, and print how many.

    Args:
        protocol (dict): Arguments of the evaluators, such as ``img_ids``.
        detections (dict[str, list[dict]]): Detections by model.
        img_ids (Iterable[int]): Images of the annotations.
        ann (str): Annotation file, for messages.

    Returns:
        tuple[dict, dict[str, list[dict]]]: Protocol and detections of the
        images that are left.

    Raises:
        ValueError: If no image or no detection of a model is left.
    """
    kept = set(protocol['img_ids']) & set(img_ids)
    num = len(protocol['img_ids'])
    if not kept:
        raise ValueError(
            f'Are these the annotations of the tested images? {ann} contains '
            f'none of the {num} images of the results; give the annotations '
            'of the same data set'
        )
    if len(kept) == num:
        return protocol, detections
    print(
        f'Left out {num - len(kept)} of {num} images of the results: {ann} '
        'does not contain them'
    )
    left = {
        name: [det for det in dets if det['image_id'] in kept]
        for name, dets in detections.items()
    }
    for name, dets in left.items():
        if not dets:
            raise ValueError(f'{name} has no detections on images of {ann}')
    ids = [img_id for img_id in protocol['img_ids'] if img_id in kept]
    return dict(protocol, img_ids=ids), left
