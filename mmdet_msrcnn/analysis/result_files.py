"""Results of a model, as MaskScoringMetric writes them."""

import json
from collections.abc import Iterable
from pathlib import Path


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
            'CHECKPOINT --cfg-options test_evaluator.outfile_prefix=PREFIX'
        )
    try:
        results = json.loads(Path(path).read_bytes())
    except ValueError:
        results = None
    if not isinstance(results, dict) or 'detections' not in results:
        raise ValueError(f'{path} is not a PREFIX.mask_scores.json')
    if not results['detections']:
        raise ValueError(f'{path} contains no detections')
    return results


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
            f'{ann} contains none of the {num} images of the results; give '
            'the annotations of the same data set'
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
