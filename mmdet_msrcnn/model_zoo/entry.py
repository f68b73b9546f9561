"""What a metafile says of a published model."""

import json
from pathlib import Path

# Metric of a metafile: figure of the report.
BOX = {'box AP': 'box AP'}
MASK = {
    'mask AP': 'mask_score',
    'mask AP by class score': 'class_score',
    'mask AP by oracle': 'oracle',
}


def read_report(path: Path) -> dict:
    """Read the figures of one model.

    Args:
        path (Path): ``report.json`` of tools/analyze_results.py.

    Returns:
        dict: The figures, AP in [0, 1], with ``max_dets``.

    Raises:
        ValueError: If it is not the report of one model.
    """
    try:
        report = json.loads(path.read_text())
        (model,) = report['models'].values()
        return dict(model['row'], max_dets=report['max_dets'])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f'{path} is not the report of one model. Write it with '
            'tools/analyze_results.py NAME=PREFIX.mask_scores.json --ann '
            'ANNOTATIONS --out-dir DIR; it is DIR/report.json.'
        ) from None


def _percent(row: dict, metrics: dict[str, str]) -> dict[str, float]:
    """The metrics that a model has; one without mask scores has fewer."""
    return {
        name: round(100 * row[key], 1)
        for name, key in metrics.items()
        if key in row
    }


def model_entry(
    name: str,
    folder: str,
    collection: dict,
    row: dict,
    epochs: int,
    memory: float | None,
    weights: str,
    digest: str,
) -> dict:
    """Write the entry of a model in mmdet's form.

    Args:
        name (str): Name of the config.
        folder (str): Its folder in ``configs``.
        collection (dict): Collection of the metafile.
        row (dict): From :func:`read_report`.
        epochs (int): Epochs of the training.
        memory (float | None): GPU memory of the training in GB, if known.
        weights (str): Where the file is, a URL.
        digest (str): SHA-256 of the file.

    Returns:
        dict: The entry.
    """
    metadata = {'Epochs': epochs, 'SHA256': digest}
    if memory is not None:
        metadata = {'Training Memory (GB)': memory, **metadata}
    mask = _percent(row, MASK)
    # A model without mask scores ranks its masks by the class score.
    if 'mask AP' not in mask:
        mask = {'mask AP': mask['mask AP by class score']}
    dataset = collection['Metadata']['Training Data']
    tasks = {
        'Object Detection': _percent(row, BOX),
        'Instance Segmentation': mask,
    }
    return {
        'Name': name,
        'In Collection': collection['Name'],
        'Config': f'configs/{folder}/{name}.py',
        'Metadata': metadata,
        'Results': [
            {'Task': task, 'Dataset': dataset, 'Metrics': metrics}
            for task, metrics in tasks.items()
        ],
        'Weights': weights,
    }
