"""A report with its figures, in a folder."""

from pathlib import Path

from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.report import Evaluation, compare, to_markdown
from mmdet_msrcnn.utils.io import write_json, write_text
from mmdet_msrcnn.visualization.overlays import draw_overlays
from mmdet_msrcnn.visualization.rank_gallery import draw_rank_gallery
from mmdet_msrcnn.visualization.score_plots import (
    plot_precision,
    plot_reliability,
    plot_score_vs_iou,
)

# File name to caption; the last one needs the images.
FIGURES = {
    'score_vs_iou.png': 'class score and predicted IoU against true IoU',
    'reliability.png': 'true IoU of masks with the same predicted IoU',
    'precision.png': 'precision against recall, AP against the threshold',
    'rank_changes.png': 'masks that rise and fall most by the mask score',
}


def write_report(
    out_dir: Path,
    coco: COCO,
    evaluations: dict[str, Evaluation],
    img_dir: Path | None = None,
    num_overlays: int = 12,
) -> str:
    """Write ``report.md``, ``report.json`` and the figures.

    Figures show the first model that has mask scores.

    Args:
        out_dir (Path): Folder to write to.
        coco (COCO): Ground truth.
        evaluations (dict[str, Evaluation]): Of each model, on the same
            resampled images.
        img_dir (Path, optional): Folder of the images, for the gallery of
            rank changes and the overlays. Defaults to None: without them.
        num_overlays (int): Images to draw overlays of. Defaults to 12.

    Returns:
        str: The report, in Markdown.

    Raises:
        FileNotFoundError: If an image cannot be read.
    """
    plotted = next(
        (name for name, e in evaluations.items() if 'oracle' in e.row), None
    )
    figures = dict(list(FIGURES.items())[: None if img_dir else -1])
    report = dict(compare(evaluations), plotted=plotted, figures=figures)
    if plotted is not None:
        draw_figures(out_dir, evaluations[plotted])
        if img_dir is not None:
            detections = evaluations[plotted].coco_eval.detections
            gallery = out_dir / list(FIGURES)[-1]
            draw_rank_gallery(coco, detections, img_dir, gallery)
            overlays = out_dir / 'overlays'
            draw_overlays(coco, detections, img_dir, overlays, num_overlays)
    write_json(out_dir / 'report.json', report)
    # Last: its presence says that the report is complete.
    text = to_markdown(report)
    write_text(out_dir / 'report.md', text)
    return text


def draw_figures(out_dir: Path, evaluation: Evaluation) -> None:
    """Draw the figures that need no images.

    Args:
        out_dir (Path): Folder to write to.
        evaluation (Evaluation): Of a model with mask scores.
    """
    scores, calibration, precision = (out_dir / n for n in list(FIGURES)[:3])
    detections = evaluation.coco_eval.detections
    params = evaluation.coco_eval.params
    plot_score_vs_iou(detections, scores)
    plot_reliability(detections, calibration)
    plot_precision(
        evaluation.precisions, params.iouThrs, params.recThrs, precision
    )
