"""What a score of masks still loses, by kind of detection."""

from collections import defaultdict

import numpy as np

from mmdet_msrcnn.analysis.errors import KINDS, find_errors
from mmdet_msrcnn.analysis.threshold_tables import Section, Table, percent
from mmdet_msrcnn.evaluation.functional import mean_precision
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.precision import precision_table
from mmdet_msrcnn.evaluation.ranking import rank

ALL = 'all'
# An instance that no detection finds has no score.
SCORED = tuple(kind for kind in KINDS if kind != 'missed')
NOTE = (
    'Mask AP that would be gained if the detections of one kind had a perfect '
    'score, and the others kept theirs. The perfect score is the share of IoU '
    'thresholds at which a detection is a true positive in the order of the '
    'mask score. Kinds are those of the errors, without a threshold. In %.'
)


def true_positive_shares(masks: MaskEvaluation, key: str) -> np.ndarray:
    """Compute at which share of IoU thresholds detections are true positives.

    Args:
        masks (MaskEvaluation): Evaluation of a model.
        key (str): Key of the score that orders the detections.

    Returns:
        ndarray: In [0, 1], shape (D, ); 0 for detections that do not count.
    """
    ranked = masks.ranked_by(key)
    shares = np.zeros(len(masks.detections))
    candidates = ranked.rows[ranked.candidates]
    # Of all areas.
    shares[ranked.overlaps.source[candidates]] = ranked.true[:, 0].mean(axis=1)
    return shares


def missing_gain(
    masks: MaskEvaluation, key: str = 'mask_score'
) -> dict[str, dict[str, float]]:
    """Compute the mask AP that perfect scores of each kind would gain.

    Args:
        masks (MaskEvaluation): Evaluation of a model.
        key (str): Key of the score. Defaults to 'mask_score'.

    Returns:
        dict[str, dict[str, float]]: By kind of detection, and for all of
        them: ``detections``, their number, and ``gain``, in mask AP.
    """
    scores, perfect = masks.column(key), true_positive_shares(masks, key)
    numbers = {id(det): i for i, det in enumerate(masks.detections)}
    rows = defaultdict(list)
    for error in find_errors(masks, key, dict.fromkeys(masks.cat_ids, -1.0)):
        if error['kind'] != 'missed':
            rows[error['kind']].append(numbers[id(error['source'])])
    chosen = {kind: rows[kind] for kind in SCORED}
    chosen[ALL] = list(range(len(scores)))

    def precision(values: np.ndarray) -> float:
        ranked = rank(masks.overlaps, values, masks.max_dets)
        return mean_precision(precision_table(ranked)[..., 0])

    before = mean_precision(masks.precision_by(key)[..., 0])
    found = {}
    for kind, inds in chosen.items():
        mixed = scores.copy()
        mixed[inds] = perfect[inds]
        gain = precision(mixed) - before if inds else 0.0
        found[kind] = dict(detections=len(inds), gain=gain)
    return found


def missing_sections(report: dict) -> list[Section]:
    """Collect the tables of all models with mask scores.

    Args:
        report (dict): Its ``missing`` maps models to :func:`missing_gain`.

    Returns:
        list[Section]: One section, or none without such a model.
    """
    if not report.get('missing'):
        return []
    kinds = (*SCORED, ALL)
    rows = [
        [name, *(percent(found[kind]['gain']) for kind in kinds)]
        for name, found in report['missing'].items()
    ]
    return [
        Section('Missing gain', [NOTE, Table(['model', *kinds], rows)]),
    ]
