"""Figures from tables of precision and recall, worked by hand."""

import numpy as np

from mmdet_msrcnn.evaluation.coco_figures import figures
from mmdet_msrcnn.evaluation.tables import Tables

# mmdet's names, in the order of its metric_items.
RECALL = {
    'AR@100': ('all', 100),
    'AR@300': ('all', 300),
    'AR@1000': ('all', 1000),
    'AR_s@1000': ('small', 1000),
    'AR_m@1000': ('medium', 1000),
    'AR_l@1000': ('large', 1000),
}
AREAS = ('all', 'small', 'medium', 'large')
NUMS = (100, 300, 1000)


def test_recall_items_name_their_area_and_number():
    recall = np.arange(12.0).reshape(1, 1, 4, 3) / 100
    tables = Tables(dict(bbox=np.zeros((1, 1, 1, 4))), dict(bbox=recall), {})
    found = figures(tables, list(RECALL), [0.5])
    assert found == {
        f'bbox_{item}': recall[0, 0, AREAS.index(area), NUMS.index(num)]
        for item, (area, num) in RECALL.items()
    }


def test_recall_is_the_mean_over_thresholds_and_classes_with_instances():
    recall = np.full((2, 3, 4, 3), -1.0)
    recall[:, 0], recall[0, 1], recall[1, 1] = 0.5, 0.25, 0.75
    recall[0, 0] = 0.3
    tables = Tables(dict(segm=np.zeros((2, 1, 3, 4))), dict(segm=recall), {})
    found = figures(tables, ['AR@100'], [0.5, 0.75])
    np.testing.assert_allclose(found['segm_AR@100'], 0.45)
