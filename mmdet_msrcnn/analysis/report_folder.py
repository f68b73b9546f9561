"""Report with its figures, written to a folder."""

from pathlib import Path

from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.gallery import (
    count_errors,
    errors_of,
    gallery_rows,
    listed,
)
from mmdet_msrcnn.analysis.html_report import to_html
from mmdet_msrcnn.analysis.missing_gain import missing_gain
from mmdet_msrcnn.analysis.overlays import draw_overlays
from mmdet_msrcnn.analysis.rank_gallery import draw_rank_gallery
from mmdet_msrcnn.analysis.report import Evaluation, compare
from mmdet_msrcnn.analysis.report_markdown import to_markdown
from mmdet_msrcnn.analysis.score_plots import (
    plot_precision,
    plot_reliability,
    plot_score_vs_iou,
)
from mmdet_msrcnn.analysis.score_thresholds import can_cut, score_thresholds
from mmdet_msrcnn.evaluation.precision import RECALL_THRS
from mmdet_msrcnn.utils.io import write_json, write_text
from mmdet_msrcnn.utils.progress import report_step

# Maps file name to caption, needs mask scores, needs images.
FIGURES = {
    'score_vs_iou.png': (
        'class score and predicted IoU against true IoU',
        False,
        False,
    ),
    'precision.png': (
        'precision against recall, AP against the threshold',
        False,
        False,
    ),
    'reliability.png': (
        'true IoU of masks with the same predicted IoU',
        True,
        False,
    ),
    'rank_changes.png': (
        'masks that the mask score moves up and down most',
        True,
        True,
    ),
}


def write_report(
    out_dir: Path,
    coco: COCO,
    evaluations: dict[str, Evaluation],
    img_dir: Path | None = None,
    num_overlays: int = 12,
    at_thresholds: dict[str, dict] | None = None,
    given: dict[str, dict] | None = None,
) -> str:
    """Write ``report.json``, the figures, ``report.html`` and ``report.md``.

    Figures show the first model with mask scores, else the first model.

    Args:
        out_dir (Path): Folder to write to.
        coco (COCO): Ground truth.
        evaluations (dict[str, Evaluation]): Evaluations by model, on the same
            resampled images.
        img_dir (Path, optional): Folder of the images, for the galleries and
            the overlays. Defaults to None: draw neither.
        num_overlays (int): Number of overlays. Defaults to 12.
        at_thresholds (dict[str, dict], optional): By model, what thresholds
            of other images reach; see :func:`f1_at`.
        given (dict[str, dict], optional): By model, these thresholds; the
            errors and the gallery are cut at them. Defaults to None: cut at
            the best thresholds on these images.

    Returns:
        str: The report, in Markdown.

    Raises:
        FileNotFoundError: If an image cannot be read.
    """
    # The presence of report.md means that the report is complete.
    for name in ('report.md', 'report.html'):
        (out_dir / name).unlink(missing_ok=True)
    plotted = next(
        (name for name, e in evaluations.items() if e.has_mask_scores),
        next(iter(evaluations)),
    )
    evaluation = evaluations[plotted]
    has_scores = evaluation.has_mask_scores
    figures = {
        name: caption
        for name, (caption, needs_scores, needs_images) in FIGURES.items()
        if has_scores >= needs_scores and bool(img_dir) >= needs_images
    }
    report_step('Choosing score thresholds')
    # Written before the figures, which may fail: evaluation takes long.
    thresholds = {
        name: score_thresholds(one.masks)
        for name, one in evaluations.items()
        if can_cut(one.masks)
    }
    errors = {
        name: errors_of(evaluations[name].masks, found)
        for name, found in (thresholds | (given or {})).items()
    }
    galleries = {
        name: gallery_rows(coco, evaluations[name].masks.detections, found)
        for name, found in errors.items()
    }
    report_step('Computing what is missing')
    missing = {
        name: missing_gain(one.masks)
        for name, one in evaluations.items()
        if one.has_mask_scores
    }
    report = dict(
        compare(evaluations),
        thresholds=thresholds,
        at_thresholds=at_thresholds or {},
        errors_at='given' if given else 'best',
        errors={n: count_errors(coco, found) for n, found in errors.items()},
        gallery={n: list(map(listed, rows)) for n, rows in galleries.items()},
        missing=missing,
        plotted=plotted,
        figures=figures,
    )
    write_json(out_dir / 'report.json', report)
    report_step('Drawing the figures')
    draw_figures(out_dir, evaluation, has_scores)
    if has_scores and img_dir is not None:
        detections = evaluation.masks.detections
        gallery = out_dir / 'rank_changes.png'
        draw_rank_gallery(coco, detections, img_dir, gallery)
        overlays = out_dir / 'overlays'
        draw_overlays(coco, detections, img_dir, overlays, num_overlays)
    report_step('Writing report.html')
    html = to_html(report, evaluations, coco, galleries, img_dir)
    write_text(out_dir / 'report.html', html)
    text = to_markdown(report)
    write_text(out_dir / 'report.md', text)
    return text


def draw_figures(
    out_dir: Path, evaluation: Evaluation, has_scores: bool
) -> None:
    """Draw the figures that need no images.

    Args:
        out_dir (Path): Folder to write to.
        evaluation (Evaluation): Evaluation of a model.
        has_scores (bool): Whether the model has mask scores.
    """
    detections = evaluation.masks.detections
    plot_score_vs_iou(detections, out_dir / 'score_vs_iou.png')
    plot_precision(
        evaluation.precisions,
        evaluation.masks.iou_thrs,
        RECALL_THRS,
        out_dir / 'precision.png',
    )
    if has_scores:
        plot_reliability(detections, out_dir / 'reliability.png')
