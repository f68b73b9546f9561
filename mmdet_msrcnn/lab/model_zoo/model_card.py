"""Model card of a published checkpoint, in Markdown."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from mmengine.config import Config

from mmdet_msrcnn.analysis.figures import FORMS, Figures
from mmdet_msrcnn.lab.model_zoo.entry import ModelReport
from mmdet_msrcnn.lab.model_zoo.publish import strip_paths
from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.data_sets import inner_data_set
from mmdet_msrcnn.utils.markdown import escape_cell

TEMPLATE = 'model_card.md.jinja'
# Maps each figure of the report to a heading.
HEADINGS = {
    'box_ap': 'box AP',
    'class_score': 'mask AP by class score',
    'mask_score': 'mask AP by mask score',
    'oracle': 'mask AP by oracle',
    'share': 'share of the gain from class score to oracle, %',
    'pearson': 'Pearson r of predicted and true MaskIoU',
    'mae': 'mean absolute error of the predicted MaskIoU',
}


def kind_of(cfg: Config, figures: Figures) -> str:
    """Find out how a model ranks masks.

    Args:
        cfg (:obj:`Config`): Config of the model.
        figures (Figures): Figures of its report.

    Returns:
        str: 'product' (class score x MaskIoU), 'learned' (mask score) or
        'none' (class score only).
    """
    if figures.mask_score is None:
        return 'none'
    # In a MaskScoredDetector the scorer is not inside a RoI head.
    parent = cfg.model.get('roi_head', cfg.model)
    head = MODELS.get(parent.mask_iou_head.type)
    return 'learned' if 'mask_scores' in head.predicts else 'product'


def _recipe(cfg: Config, meta: dict, entry: dict) -> dict[str, object]:
    """Collect what config and checkpoint say about the training."""
    optimizer = cfg.optim_wrapper.optimizer
    start = cfg.get('load_from')
    recipe = {
        'starts from': Path(start).name if start else None,
        'epochs': entry['Metadata'].get('Epochs'),
        'iterations': entry['Metadata'].get('Iterations'),
        'batch size per process': cfg.train_dataloader.get('batch_size'),
        'optimizer': f'{optimizer.type}, learning rate {optimizer.lr}',
        'seed': meta.get('seed'),
        'mmengine': meta.get('mmengine_version'),
        'mmdet_msrcnn': meta.get('mmdet_msrcnn_version'),
    }
    return {key: value for key, value in recipe.items() if value is not None}


def _source(dataset: dict) -> str:
    """Return the path of the annotations of a data set."""
    dataset = strip_paths(inner_data_set(dataset))
    return f'{dataset.get("data_root") or ""}{dataset.get("ann_file", "?")}'


def _metrics(figures: Figures) -> dict[str, str]:
    """Format the figures of the card, by heading."""
    known = figures.known()
    return {
        heading: f'{known[name] * FORMS[name].factor:.{FORMS[name].decimals}f}'
        for name, heading in HEADINGS.items()
        if name in known
    }


def model_card(
    cfg: Config,
    meta: dict,
    entry: dict,
    report: ModelReport,
    file: str,
    licence: str,
) -> str:
    """Write the card of a model.

    Args:
        cfg (Config): Config of the model.
        meta (dict): Meta of the published checkpoint.
        entry (dict): From :func:`model_entry`.
        report (ModelReport): From :func:`read_report`.
        file (str): Name of the published file.
        licence (str): Licence of the weights.

    Returns:
        str: Markdown.
    """
    environment = Environment(
        loader=PackageLoader(__package__, '.'),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters['cell'] = escape_cell
    return environment.get_template(TEMPLATE).render(
        kind=kind_of(cfg, report.figures),
        entry=entry,
        file=file,
        train=_source(cfg.train_dataloader.dataset),
        val=_source(cfg.test_dataloader.dataset),
        classes=meta['dataset_meta']['classes'],
        recipe=_recipe(cfg, meta, entry),
        max_dets=report.max_dets,
        metrics=_metrics(report.figures),
        licence=licence,
    )
