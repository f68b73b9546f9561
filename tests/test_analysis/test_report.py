"""The report of one or more models."""

import copy
import json
import math

import numpy as np
import pytest

from mmdet_msrcnn.analysis import report_folder
from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.analysis.report import (
    compare,
    evaluate,
    format_row,
    summary,
    to_markdown,
)
from mmdet_msrcnn.lab.model_zoo.entry import read_report
from mmdet_msrcnn.utils.io import write_json
from tests.helpers import squeezed
from tests.test_evaluation.coco_cases import make_coco, random_case


@pytest.fixture(scope='module')
def case():
    coco, detections = random_case()
    protocol = dict(
        cat_ids=coco.getCatIds(),
        img_ids=coco.getImgIds(),
        max_dets=100,
        iou_thrs=[0.5, 0.75],
    )
    return coco, detections, protocol


def test_nothing_handed_in_is_changed(case, tmp_path):
    coco, detections, protocol = case
    samples = resample_images(8, 3)
    inputs = coco.dataset, detections, protocol, samples.tolist()
    before = copy.deepcopy(inputs)
    evaluations = {'a': evaluate(coco, detections, protocol, samples)}
    report_folder.write_report(tmp_path, coco, evaluations)
    report = compare(evaluations) | dict(plotted='a', figures={})
    kept = copy.deepcopy(report)
    to_markdown(report)
    assert report == kept
    assert (coco.dataset, detections, protocol, samples.tolist()) == before


def test_figures_survive_what_fails_later(case, tmp_path, monkeypatch):
    """Evaluating takes long; a figure that fails must not cost it."""
    coco, detections, protocol = case
    evaluations = {
        'a': evaluate(coco, detections, protocol, resample_images(8, 2))
    }

    def fail(*args):
        raise OSError('full')

    monkeypatch.setattr(report_folder, 'draw_figures', fail)
    with pytest.raises(OSError, match='full'):
        report_folder.write_report(tmp_path, coco, evaluations)
    assert read_report(tmp_path / 'report.json').figures.class_score > 0
    # It says that the report is complete.
    assert not (tmp_path / 'report.md').exists()


def test_resamples_without_a_figure_are_counted():
    nan = math.nan
    found = summary(
        Figures(class_score=0.5),
        [Figures(class_score=v) for v in (0.4, nan, 0.6)],
    )
    low, high = found['intervals']['class_score']
    assert 0.4 <= low < high <= 0.6
    assert found['undefined'] == dict(class_score=1)


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


def test_json_has_no_nan_and_takes_numpy(tmp_path):
    content = dict(
        a=[math.nan, 1.5], b=(np.float64('nan'), np.int64(3)), c=np.float32(2)
    )
    before = copy.deepcopy(content)
    write_json(tmp_path / 'a.json', content)
    found = json.loads(
        (tmp_path / 'a.json').read_text(), parse_constant=pytest.fail
    )
    assert found == dict(a=[None, 1.5], b=[None, 3], c=2.0)
    assert content['b'][1] == before['b'][1]
    assert math.isnan(content['a'][0])
    for bad, error in ((math.inf, ValueError), ({1}, TypeError)):
        with pytest.raises(error):
            write_json(tmp_path / 'b.json', dict(a=bad))
    assert not (tmp_path / 'b.json').exists()


FIGURES = Figures(
    box_ap=0.4012,
    class_score=0.3456,
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
    assert cells == 'a 40.1 34.6 35.7 45.7 44.4 10.0 0.877 0.765 0.123'


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
        'undefined',
        '',
        '',
        '0.100 [0.062, 0.125]',
    ]
