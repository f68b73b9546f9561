"""Tables of the score thresholds of a report, in no format yet."""

import math
from collections.abc import Callable
from typing import NamedTuple

from mmdet_msrcnn.analysis.score_thresholds import GIVEN, IOU_THRS

RANKING_NAMES = {
    'class_score': 'class score',
    'product': 'class score x MaskIoU',
    'mask_score': 'mask score',
}
CHOSEN_HERE = (
    'Chosen on these images. On other images they reach less: for a fair F1, '
    'choose them on images that are not used to report (`--thresholds`).'
)
CHOSEN_ELSEWHERE = (
    'Mean over classes, in %, with the thresholds of other images. In '
    'brackets: 95 % intervals from resamples of the images.'
)
COLUMNS = (
    'At mask IoU 0.5: precision where the recall is at least that given, and '
    'recall where the precision is. oLRP is the lowest localisation recall '
    'precision error (Oksuz et al., 2018), its parts are 1 - IoU of true '
    'positives (loc), 1 - precision (FP) and 1 - recall (FN) at its '
    'threshold. ECE is the expected calibration error of the score as a '
    'probability of a true positive. All but thresholds in %. "All classes" '
    'has one threshold for all.'
)


class Table(NamedTuple):
    """Headings of the columns, and cells of each row."""

    headings: list[str]
    rows: list[list[str]]


class Section(NamedTuple):
    """A heading, and what is below it: texts and tables."""

    heading: str
    parts: list[str | Table]


def number(value: float | None, factor: float = 1, decimals: int = 3) -> str:
    """Write a number; a dash if it is None or NaN."""
    if value is None or math.isnan(value):
        return '-'
    return f'{value * factor:.{decimals}f}'


def percent(value: float | None) -> str:
    """Write a share in percent."""
    return number(value, 100, 1)


def threshold_sections(report: dict) -> list[Section]:
    """Collect the tables of all models.

    Args:
        report (dict): ``thresholds``, which maps models to
            :func:`score_thresholds`, and maybe ``at_thresholds``, which maps
            them to :func:`f1_at`.

    Returns:
        list[Section]: The F1 at given thresholds, if any, and the thresholds
        of each model.
    """
    sections = []
    given = report.get('at_thresholds')
    if given:
        sections.append(
            Section(
                'F1 at given thresholds',
                [given_table(given), CHOSEN_ELSEWHERE],
            )
        )
    for model, rankings in (report.get('thresholds') or {}).items():
        parts: list[str | Table] = [
            CHOSEN_HERE,
            by_class(rankings, f1_cells, F1_HEADINGS),
            by_class(rankings, given_cells, GIVEN_HEADINGS),
            COLUMNS,
        ]
        sections.append(Section(f'Score thresholds of {model}', parts))
    return sections


def by_class(
    rankings: dict,
    cells_of: Callable[[dict], list[str]],
    headings: list[str],
) -> Table:
    """Make a table with a row for each ranking and class."""
    rows = []
    for ranking, found in rankings.items():
        entries = dict(found['classes'])
        if len(entries) > 1:
            entries = {'all classes': found['pooled'], **entries}
        rows += [
            [RANKING_NAMES[ranking], name, *cells_of(figures)]
            for name, figures in entries.items()
        ]
    return Table(['ranked by', 'class', *headings], rows)


F1_HEADINGS = [
    f'{heading} at IoU {iou_thr}'
    for iou_thr in IOU_THRS
    for heading in ('threshold', 'F1', 'precision', 'recall')
]


def f1_cells(figures: dict) -> list[str]:
    """Format the points of the best F1."""
    cells = []
    for iou_thr in IOU_THRS:
        point = figures['f1'][str(iou_thr)]
        cells.append(number(point['threshold']))
        cells += map(
            percent, (point[k] for k in ('f1', 'precision', 'recall'))
        )
    return cells


GIVEN_HEADINGS = [
    *(f'precision at recall {100 * given:.0f}' for given in GIVEN),
    *(f'recall at precision {100 * given:.0f}' for given in GIVEN),
    *('oLRP', 'loc', 'FP', 'FN', 'its threshold', 'ECE'),
]


def given_cells(figures: dict) -> list[str]:
    """Format precision and recall, LRP and calibration."""
    lrp = figures['lrp']
    parts = ('error', 'localisation', 'false_positives', 'false_negatives')
    points = figures['precision_at_recall'], figures['recall_at_precision']
    return [
        *(percent(points[0][str(given)]['precision']) for given in GIVEN),
        *(percent(points[1][str(given)]['recall']) for given in GIVEN),
        *(percent(lrp[part]) for part in parts),
        number(lrp['threshold']),
        percent(figures['calibration_error']),
    ]


def given_table(models: dict[str, dict]) -> Table:
    """Make a table of the F1 that thresholds of other images reach."""
    rows = []
    for model, found in models.items():
        for ranking in next(iter(found.values())):
            name, _, base = ranking.partition(' - ')
            label = RANKING_NAMES[name]
            if base:
                label += f' minus {RANKING_NAMES[base]}'
            cells = []
            for by_ranking in found.values():
                entry = by_ranking[ranking]
                ends = ', '.join(map(percent, entry['interval']))
                cells.append(f'{percent(entry["f1"])} [{ends}]')
            rows.append([model, label, *cells])
    headings = [f'F1 at IoU {iou_thr}' for iou_thr in models[rows[0][0]]]
    return Table(['model', 'ranked by', *headings], rows)
