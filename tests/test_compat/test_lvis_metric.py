"""mmdet's LVIS metric with the real lvis package on a tiny data set.

Hand-worked: one instance and two detections. The class score prefers the
wrong one, which gives a precision of 1/2, the mask score the right one.
"""

import json

import pytest
import torch
from mmdet.registry import METRICS
from mmengine.registry import init_default_scope

from mmdet_msrcnn.evaluation import LVISMetric

SIZE = 64
CLASSES = ('cat', 'dog')


@pytest.fixture
def ann_file(tmp_path) -> str:
    """Annotations in the layout of LVIS v1."""
    image = dict(
        id=5,
        coco_url='http://images.cocodataset.org/val2017/000000000005.jpg',
        height=SIZE,
        width=SIZE,
        neg_category_ids=[2],
        not_exhaustive_category_ids=[],
    )
    cat = dict(
        id=1,
        image_id=5,
        category_id=1,
        bbox=[10.0, 10, 20, 20],
        area=400.0,
        segmentation=[[10.0, 10, 30, 10, 30, 30, 10, 30]],
    )
    categories = [
        dict(id=i, name=name, synset=f'{name}.n.01', frequency='f')
        for i, name in enumerate(CLASSES, start=1)
    ]
    path = tmp_path / 'lvis.json'
    path.write_text(
        json.dumps(
            dict(images=[image], annotations=[cat], categories=categories)
        )
    )
    return str(path)


def sample(with_scores: bool) -> dict:
    masks = torch.zeros(2, SIZE, SIZE, dtype=torch.bool)
    masks[0, 40:60, 40:60] = True
    masks[1, 10:30, 10:30] = True
    pred = dict(
        bboxes=torch.tensor([[40.0, 40, 60, 60], [10, 10, 30, 30]]),
        labels=torch.tensor([0, 0]),
        scores=torch.tensor([0.9, 0.8]),
        masks=masks,
    )
    if with_scores:
        pred['mask_ious'] = torch.tensor([0.1, 0.9])
        pred['mask_scores'] = pred['scores'] * pred['mask_ious']
    return dict(img_id=5, ori_shape=(SIZE, SIZE), pred_instances=pred)


@pytest.mark.parametrize(('with_scores', 'ap'), [(False, 0.5), (True, 1)])
def test_the_mask_score_ranks_masks(ann_file, with_scores, ap):
    init_default_scope('mmdet')
    cfg = dict(
        type='mmdet_msrcnn.LVISMetric',
        ann_file=ann_file,
        metric=['bbox', 'segm'],
    )
    metric = METRICS.build(cfg)
    assert type(metric) is LVISMetric
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, [sample(with_scores)])
    found = metric.evaluate(1)
    assert found['lvis/segm_AP'] == pytest.approx(ap, abs=1e-3)
    # Boxes are ranked by the class score.
    assert found['lvis/bbox_AP'] == pytest.approx(0.5, abs=1e-3)
