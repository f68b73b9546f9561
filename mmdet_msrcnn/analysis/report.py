"""Report on the mask scores of one or more models."""

from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.bootstrap import (
    bootstrap,
    count_undefined,
    interval,
)
from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    share_of_gain,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.tables import box_precision
from mmdet_msrcnn.utils.progress import report_step

SPREAD_THR = 0.3
SPREAD = f'true IoU std above class score {SPREAD_THR}'


class Evaluation(NamedTuple):
    """Evaluation of one model.

    Attributes:
        figures (Figures): Its figures.
        resamples (list[Figures]): Figures on resampled images, without box
            AP; see :func:`bootstrap`.
        breakdown (dict[str, dict[str, float]]): AP at IoU thresholds and by
            area, of the boxes (``box``) and of each ranking of the masks.
        true_iou_std (float): Standard deviation of the true IoU of detections
            with a class score above 0.3.
        masks (MaskEvaluation): Its masks, with the detections.
        precisions (dict[str, ndarray]): Precision table by ranking.
    """

    figures: Figures
    resamples: list[Figures]
    breakdown: dict[str, dict[str, float]]
    true_iou_std: float
    masks: MaskEvaluation
    precisions: dict[str, np.ndarray]

    @property
    def has_mask_scores(self) -> bool:
        """Whether the model scores its masks."""
        return self.figures.mask_score is not None


def evaluate(
    coco: COCO,
    detections: list[dict],
    protocol: dict,
    samples: np.ndarray,
    name: str = '',
) -> Evaluation:
    """Evaluate one model.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): Detections from a ``mask_scores.json``.
        protocol (dict): Arguments of the evaluations: ``cat_ids``,
            ``img_ids``, ``max_dets`` and ``iou_thrs``.
        samples (ndarray): Resamples of the images, shape (B, I).
        name (str): Name for the progress bar. Defaults to ''.

    Returns:
        Evaluation: Figures, evaluator, precision and resampled figures.
    """
    of_model = f' of {name}' if name else ''
    report_step(f'Computing the mask IoU of detections{of_model}')
    masks = MaskEvaluation(coco, detections, **protocol)
    report_step(
        f'Matching {len(detections)} detections{of_model} with '
        f'{len(masks.rankings)} rankings'
    )
    precisions = {
        ranking: masks.precision_by(key)
        for ranking, key in masks.rankings.items()
    }
    breakdown = {
        name: summarize_precision(precision, protocol['iou_thrs'])
        for name, precision in (
            ('box', box_precision(coco, detections, **protocol)),
            *precisions.items(),
        )
    }
    aps = {name: values['mAP'] for name, values in breakdown.items()}
    box_ap = aps.pop('box')
    if 'mask_score' in aps:
        aps['share'] = share_of_gain(*(aps[ranking] for ranking in GAIN))
        aps |= masks.iou_statistics()
    true_ious = [
        det['true_iou']
        for det in masks.detections
        if det['score'] > SPREAD_THR
    ]
    return Evaluation(
        Figures(box_ap=box_ap, **aps),
        bootstrap(masks, samples, name),
        breakdown,
        float(np.std(true_ious)) if true_ious else 0.0,
        masks,
        precisions,
    )


def compare(evaluations: dict[str, Evaluation]) -> dict:
    """Collect the figures of models and their differences to the first.

    Args:
        evaluations (dict[str, Evaluation]): Evaluations by model, on the same
            resampled images.

    Returns:
        dict: ``models`` and ``differences``, which map names to
        :func:`summary`; ``max_dets``; ``bootstrap``, the number of resamples.
    """
    (first, base), *others = evaluations.items()
    models = {}
    for name, one in evaluations.items():
        models[name] = summary(one.figures, one.resamples)
        models[name]['row'] |= {
            'detections': len(one.masks.detections),
            SPREAD: one.true_iou_std,
            'breakdown': one.breakdown,
        }
    return dict(
        models=models,
        differences={
            f'{name} - {first}': summary(
                one.figures - base.figures,
                [
                    new - old
                    for new, old in zip(
                        one.resamples, base.resamples, strict=True
                    )
                ],
            )
            for name, one in others
        },
        max_dets=base.masks.max_dets,
        bootstrap=len(base.resamples),
    )


def summary(figures: Figures, resampled: list[Figures]) -> dict:
    """Collect figures and the intervals of the resampled ones.

    Args:
        figures (Figures): Figures.
        resampled (list[Figures]): Figures on each resample.

    Returns:
        dict: ``row``; ``intervals``; and ``undefined``, the number of
        resamples where a figure is undefined, if any.
    """
    columns = {
        key: [getattr(sample, key) for sample in resampled]
        for key in (resampled[0].known() if resampled else ())
    }
    counts = {key: count_undefined(values) for key, values in columns.items()}
    return dict(
        row=figures.to_json(),
        intervals={key: interval(values) for key, values in columns.items()},
        undefined={key: count for key, count in counts.items() if count},
    )
