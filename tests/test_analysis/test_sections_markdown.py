"""Sections of a report as Markdown."""

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.score_thresholds import f1_at, score_thresholds
from mmdet_msrcnn.analysis.sections_markdown import section_lines
from mmdet_msrcnn.analysis.threshold_tables import threshold_sections
from tests.helpers import squeezed
from tests.test_evaluation.coco_cases import (
    evaluation_of,
    hand_worked_case,
    random_case,
)


def lines_of(evaluator, given=False) -> list[str]:
    found = score_thresholds(evaluator)
    report = dict(thresholds=dict(a=found))
    if given:
        samples = resample_images(len(evaluator.img_ids), 4)
        report['at_thresholds'] = dict(a=f1_at(evaluator, found, samples))
    return squeezed(
        '\n'.join(section_lines(threshold_sections(report)))
    ).splitlines()


def test_hand_worked_case():
    # Of two detections of one instance, the first is at IoU 0.5.
    lines = lines_of(evaluation_of(*hand_worked_case()))
    assert '| class score | class0 | 0.900 | 100.0 | 100.0 | 100.0 | 0.800 '
    row = next(line for line in lines if line.startswith('| class score |'))
    cells = [cell.strip() for cell in row.strip('|').split('|')]
    assert cells[:6] == [
        'class score',
        'class0',
        '0.900',
        '100.0',
        '100.0',
        '100.0',
    ]
    # At IoU 0.75 the second: one of two is right.
    assert cells[6:] == ['0.800', '66.7', '50.0', '100.0']
    assert not any('all classes' in line for line in lines if '|' in line)


def test_every_class_and_all_of_them():
    lines = lines_of(evaluation_of(*random_case()))
    for ranking in ('class score', 'mask score', 'class score x MaskIoU'):
        for name in ('all classes', 'class0', 'class1', 'class2'):
            start = f'| {ranking} | {name} |'
            assert sum(line.startswith(start) for line in lines) == 2


def test_given_thresholds_come_first():
    lines = lines_of(evaluation_of(*random_case()), given=True)
    assert lines[0] == '## F1 at given thresholds'
    rows = [line for line in lines if line.startswith('| a |')]
    assert [row.split('|')[2].strip() for row in rows] == [
        'class score',
        'class score x MaskIoU',
        'mask score',
        'class score x MaskIoU minus class score',
        'mask score minus class score',
    ]
    assert all(row.count('[') == 2 for row in rows)


def test_a_report_without_thresholds():
    assert section_lines(threshold_sections({})) == []
