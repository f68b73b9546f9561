"""Metafile entry of a published model."""

import json
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.utils.data_sets import inner_data_set

# Maps each metric of a metafile to a figure of the report.
BOX = {'box AP': 'box_ap'}
MASK = {
    'mask AP': 'mask_score',
    'mask AP by class score': 'class_score',
    'mask AP by oracle': 'oracle',
}
# Data sets whose type is more specific than the collection.
DATASETS = {
    'CityscapesDataset': 'Cityscapes',
    'LVISV05Dataset': 'LVIS v0.5',
    'LVISV1Dataset': 'LVIS v1',
}


class ModelReport(NamedTuple):
    """Content of the report of one model.

    Attributes:
        figures (Figures): Its figures.
        max_dets (int): Detections per image that AP counts.
    """

    figures: Figures
    max_dets: int


def read_report(path: Path) -> ModelReport:
    """Read the figures of one model.

    Args:
        path (Path): ``report.json`` of tools/analyze_results.py.

    Returns:
        ModelReport: The figures. Box AP and mask AP by class score are not
        None.

    Raises:
        ValueError: If it is not the report of one model.
    """
    try:
        report = json.loads(path.read_text())
        (model,) = report['models'].values()
        figures = Figures.from_json(model['row'])
        if None in (figures.box_ap, figures.class_score):
            raise KeyError('AP')
        return ModelReport(figures, int(report['max_dets']))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f'{path} is not the report of one model. Run '
            'tools/analyze_results.py NAME=PREFIX.mask_scores.json --ann '
            'ANNOTATIONS --out-dir DIR and use DIR/report.json.'
        ) from None


def data_set_name(cfg: Config, collection: dict) -> str:
    """Find the name of the data that a model was trained on.

    Args:
        cfg (Config): Config of the model.
        collection (dict): Collection that the model is in.

    Returns:
        str: Name for the type of the data set, else the training data of the
        collection.
    """
    kind = inner_data_set(cfg.train_dataloader.dataset).get('type', '')
    return DATASETS.get(kind, collection['Metadata']['Training Data'])


def training_length(cfg: Config, meta: dict) -> dict[str, int]:
    """Return the iterations or epochs of the training, for a metafile."""
    if 'max_iters' in cfg.train_cfg:
        return {'Iterations': meta.get('iter', cfg.train_cfg.max_iters)}
    return {'Epochs': meta.get('epoch') or cfg.train_cfg.max_epochs}


def _percent(figures: Figures, metrics: dict[str, str]) -> dict[str, float]:
    """Convert to percent; models without mask scores have fewer metrics."""
    known = figures.known()
    return {
        name: round(100 * known[key], 1)
        for name, key in metrics.items()
        if key in known
    }


def model_entry(
    config: Path,
    collection: dict,
    dataset: str,
    metadata: dict,
    figures: Figures,
    weights: str,
) -> dict:
    """Make the metafile entry of a model in mmdet's format.

    Args:
        config (Path): Its config, in a folder of ``configs``.
        collection (dict): Its collection.
        dataset (str): Name of the data set.
        metadata (dict): Metadata of the training and the file.
        figures (Figures): From :func:`read_report`.
        weights (str): URL of the file.

    Returns:
        dict: The entry.
    """
    mask = _percent(figures, MASK)
    # A model without mask scores ranks its masks by the class score.
    if 'mask AP' not in mask:
        mask = {'mask AP': mask['mask AP by class score']}
    tasks = {
        'Object Detection': _percent(figures, BOX),
        'Instance Segmentation': mask,
    }
    return {
        'Name': config.stem,
        'In Collection': collection['Name'],
        'Config': f'configs/{config.absolute().parent.name}/{config.name}',
        'Metadata': metadata,
        'Results': [
            {'Task': task, 'Dataset': dataset, 'Metrics': metrics}
            for task, metrics in tasks.items()
        ],
        'Weights': weights,
    }
