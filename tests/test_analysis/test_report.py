"""The report of one or more models."""

import copy
import math

from mmdet_msrcnn.analysis import report_folder
from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.analysis.report import (
    compare,
    evaluate,
    summary,
)
from mmdet_msrcnn.analysis.report_markdown import to_markdown


def test_nothing_handed_in_is_changed(protocol_case, tmp_path):
    coco, detections, protocol = protocol_case
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


def test_resamples_without_a_figure_are_counted():
    nan = math.nan
    found = summary(
        Figures(class_score=0.5),
        [Figures(class_score=v) for v in (0.4, nan, 0.6)],
    )
    low, high = found['intervals']['class_score']
    assert 0.4 <= low < high <= 0.6
    assert found['undefined'] == dict(class_score=1)
