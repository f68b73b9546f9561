"""The report as Markdown."""

import math

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.figures import FORMS, Figures
from mmdet_msrcnn.analysis.report import compare, evaluate, summary
from mmdet_msrcnn.analysis.report_markdown import format_row, to_markdown
from tests.helpers import squeezed

FIGURES = Figures(
    box_ap=0.4012,
    class_score=0.3456,
    product=0.3511,
    mask_score=0.3567,
    oracle=0.4567,
    starred=0.4444,
    share=0.1,
    pearson=0.87654,
    spearman=0.76543,
    mae=0.1234,
)


def test_a_row_has_ap_in_percent_and_correlations_as_they_are():
    cells = ' '.join(format_row('a', summary(FIGURES, [])))
    assert cells == 'a 40.1 34.6 35.1 35.7 45.7 44.4 10.0 0.877 0.765 0.123'


def test_a_row_has_intervals_and_says_what_is_not_defined():
    row = Figures(class_score=0.5, share=math.nan, mae=0.1).to_json()
    intervals = dict(class_score=(0.25, 0.75), mae=(0.0625, 0.125))
    assert format_row('b', dict(row=row, intervals=intervals)) == [
        'b',
        '',
        '50.0 [25.0, 75.0]',
        '',
        '',
        '',
        '',
        'undefined',
        '',
        '',
        '0.100 [0.062, 0.125]',
    ]


def test_a_column_without_a_figure_is_left_out(protocol_case):
    coco, detections, protocol = protocol_case
    detections = [
        dict(det, mask_score=det['score'] * det['mask_iou'])
        for det in detections
    ]
    one = evaluate(coco, detections, protocol, resample_images(8, 2))
    report = compare(dict(a=one)) | dict(plotted='a', figures={})
    heading, row = (to_markdown(report).splitlines()[i] for i in (2, 4))
    assert 'by class score x MaskIoU' not in heading
    assert heading.count('|') == row.count('|') == len(FORMS) + 1


def test_figures_are_named_after_their_model(protocol_case):
    coco, detections, protocol = protocol_case
    one = evaluate(coco, detections, protocol, resample_images(8, 2))
    report = compare(dict(a=one, b=one))
    difference = report['differences']['b - a']
    difference['undefined'] = dict(mask_score=1)
    lines = to_markdown(
        report | dict(plotted='b', figures={'x.png': 'caption'})
    ).splitlines()
    assert lines.index('b:') < lines.index('![caption](x.png)')
    assert 'a:' not in lines
    assert any(line.startswith('b - a: 1 of 2 resamples') for line in lines)


def test_a_model_may_have_the_name_of_a_difference(protocol_case):
    coco, detections, protocol = protocol_case
    samples = resample_images(8, 2)
    one = evaluate(coco, detections, protocol, samples)
    names = ('a', 'b', 'b - a')
    report = compare(dict.fromkeys(names, one))
    text = to_markdown(report | dict(plotted='a', figures={}))
    lines = squeezed(text).splitlines()
    assert sum(line.startswith('| b - a |') for line in lines) == 2
