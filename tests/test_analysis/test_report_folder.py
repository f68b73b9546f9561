"""A report with its figures, in a folder."""

import json
import re
from html import escape as html_escape

import cv2
import numpy as np
import pytest

from mmdet_msrcnn.analysis import report_folder
from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.report import evaluate
from mmdet_msrcnn.analysis.score_thresholds import f1_at, score_thresholds
from mmdet_msrcnn.lab.model_zoo.entry import read_report
from tests.helpers import squeezed
from tests.test_analysis.test_html_report import Page
from tests.test_evaluation.coco_cases import SIZE, make_coco, random_case


def test_figures_survive_what_fails_later(
    protocol_case, tmp_path, monkeypatch
):
    """Evaluating takes long; a figure that fails must not cost it."""
    coco, detections, protocol = protocol_case
    evaluations = {
        'a': evaluate(coco, detections, protocol, resample_images(8, 2))
    }

    def fail(*args):
        raise OSError('full')

    monkeypatch.setattr(report_folder, 'draw_figures', fail)
    # Of a report before.
    (tmp_path / 'report.md').touch()
    with pytest.raises(OSError, match='full'):
        report_folder.write_report(tmp_path, coco, evaluations)
    assert read_report(tmp_path / 'report.json').figures.class_score > 0
    # It says that the report is complete.
    assert not (tmp_path / 'report.md').exists()


def few_instances():
    """One image of eight has instances: many resamples have none."""
    box = (10, 10, 20, 20)
    coco = make_coco([(1, 10, box, 0)], 8, 1)
    _, (template, *_) = random_case()
    det = dict(template, image_id=1, category_id=10, bbox=list(box))
    det['segmentation'] = coco.dataset['annotations'][0]['segmentation']
    protocol = dict(
        cat_ids=[10],
        img_ids=coco.getImgIds(),
        max_dets=100,
        iou_thrs=[0.5, 0.75],
    )
    return coco, [det], protocol


def test_what_is_not_defined_is_said(tmp_path):
    coco, detections, protocol = few_instances()
    samples = resample_images(8, 40)
    without = int((samples != 0).all(axis=1).sum())
    assert 5 < without < 35
    evaluations = {'a': evaluate(coco, detections, protocol, samples)}
    text = report_folder.write_report(tmp_path, coco, evaluations)
    # Perfect detections: an interval of [-100, 100] would be nonsense.
    assert '100.0 [100.0, 100.0]' in text
    line = f'a: {without} of 40 resamples have no mask AP by class score'
    assert line in text
    # There is nothing to gain.
    assert '| undefined |' in squeezed(text)
    content = json.loads(
        (tmp_path / 'report.json').read_text(), parse_constant=pytest.fail
    )
    assert content['models']['a']['row']['share'] is None
    assert read_report(tmp_path / 'report.json').figures.share is None


PLOTS = {'score_vs_iou.png', 'precision.png'}


# whether there are mask scores and images, files beside the report
@pytest.mark.parametrize(
    ('scores', 'images', 'files'),
    [
        (False, True, PLOTS),
        (True, False, PLOTS | {'reliability.png'}),
        (
            True,
            True,
            PLOTS | {'reliability.png', 'rank_changes.png', 'overlays'},
        ),
    ],
)
def test_files_are_those_that_the_report_shows(
    protocol_case, tmp_path, scores, images, files
):
    coco, detections, protocol = protocol_case
    if not scores:
        keys = 'mask_iou', 'mask_score'
        detections = [
            {k: v for k, v in det.items() if k not in keys}
            for det in detections
        ]
    folder = tmp_path / 'images'
    folder.mkdir()
    for image in coco.dataset['images']:
        picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
        cv2.imwrite(str(folder / image['file_name']), picture)
    evaluations = {
        'a': evaluate(coco, detections, protocol, resample_images(8, 2))
    }
    out = tmp_path / 'out'
    text = report_folder.write_report(
        out, coco, evaluations, folder if images else None, num_overlays=1
    )
    assert (out / 'report.md').read_text() == text
    found = {path.name for path in out.iterdir()}
    assert found == files | {'report.md', 'report.json', 'report.html'}
    report = json.loads((out / 'report.json').read_text())
    assert set(report['figures']) == files - {'overlays'}
    for name in report['figures']:
        assert f']({name})' in text
        assert cv2.imread(str(out / name)) is not None
    if 'overlays' in files:
        assert len(list((out / 'overlays').iterdir())) == 1


def escape(text: str) -> str:
    """Write a text as Jinja does."""
    return (
        html_escape(text).replace('&#x27;', '&#39;').replace('&quot;', '&#34;')
    )


def test_tables_are_those_of_the_markdown(protocol_case, tmp_path):
    coco, detections, protocol = protocol_case
    samples = resample_images(8, 2)
    one = evaluate(coco, detections, protocol, samples)
    given = score_thresholds(one.masks)
    at_given = f1_at(one.masks, given, samples)
    text = report_folder.write_report(
        tmp_path,
        coco,
        {'a': one},
        at_thresholds=dict(a=at_given),
        given=dict(a=given),
    )
    html = (tmp_path / 'report.html').read_text()
    page = Page()
    page.feed(html)
    for heading in re.findall(r'^## (.+)$', text, re.M):
        assert f'<h2>{heading}</h2>' in html
    assert '<h2>F1 at given thresholds</h2>' in html
    lines = [line for line in text.splitlines() if line.startswith('| ')]
    cells = [c.strip() for line in lines for c in line.strip('|').split('|')]
    assert {'oLRP', 'ECE', 'recall at precision 90'} < {*cells}
    assert {*cells} - {''} <= {*page.cells}
    assert 'report.md' not in html
    for line in text.splitlines():
        if line.startswith(('AP is at', 'a: ', 'Mean over', 'At mask IoU')):
            assert escape(line) in html


@pytest.mark.parametrize('given', [False, True])
def test_errors_are_cut_at_given_thresholds(protocol_case, tmp_path, given):
    coco, detections, protocol = protocol_case
    one = evaluate(coco, detections, protocol, resample_images(8, 2))
    thresholds = score_thresholds(one.masks)
    for figures in thresholds['mask_score']['classes'].values():
        figures['f1']['0.5']['threshold'] = 2.0
    report_folder.write_report(
        tmp_path, coco, {'a': one}, given=dict(a=thresholds) if given else None
    )
    report = json.loads((tmp_path / 'report.json').read_text())
    num = sum(own['correct'] for own in report['errors']['a'].values())
    # No score reaches 2.
    assert (num == 0) == given
    html = (tmp_path / 'report.html').read_text()
    said = 'those given (--thresholds)', 'chosen on these images.'
    assert [text in html for text in said] == [given, not given]
