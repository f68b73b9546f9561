"""mmdet's Cityscapes metric with the real package on a tiny data set.

Hand-worked: one car and two detections. The class score prefers the wrong
one: recall 0 at precision 0, then 1 at 1/2, of which Cityscapes takes the
trapezoid, 1/4. The mask score prefers the right one.
"""

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmengine.registry import init_default_scope

from mmdet_msrcnn.evaluation import CityScapesMetric

HEIGHT, WIDTH = 64, 128
CAR = 26


@pytest.fixture
def img_path(tmp_path) -> str:
    """Image and ground truth in the layout of Cityscapes."""
    name = 'frankfurt/frankfurt_000000_000294_{}.png'
    image = tmp_path / 'leftImg8bit/val' / name.format('leftImg8bit')
    truth = tmp_path / 'gtFine/val' / name.format('gtFine_instanceIds')
    # Road, class 7, and the first car.
    ids = np.full((HEIGHT, WIDTH), 7, np.uint16)
    ids[10:50, 20:60] = 1000 * CAR
    for path, pixels in (
        (image, np.zeros((HEIGHT, WIDTH, 3), np.uint8)),
        (truth, ids),
    ):
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), pixels)
    return str(image)


def sample(img_path: str, with_scores: bool) -> dict:
    masks = torch.zeros(2, HEIGHT, WIDTH, dtype=torch.bool)
    masks[0, 10:50, 80:120] = True
    masks[1, 10:50, 20:60] = True
    pred = dict(
        labels=torch.tensor([1, 1]),
        masks=masks,
        scores=torch.tensor([0.9, 0.8]),
    )
    if with_scores:
        pred['mask_ious'] = torch.tensor([0.1, 0.9])
        pred['mask_scores'] = pred['scores'] * pred['mask_ious']
    return dict(img_path=img_path, pred_instances=pred)


@pytest.mark.parametrize(('with_scores', 'ap'), [(False, 0.25), (True, 1)])
def test_the_mask_score_ranks_masks(tmp_path, img_path, with_scores, ap):
    init_default_scope('mmdet')
    cfg = dict(
        type='mmdet_msrcnn.CityScapesMetric',
        seg_prefix=str(tmp_path / 'gtFine/val'),
        outfile_prefix=str(tmp_path / 'out'),
    )
    metric = METRICS.build(cfg)
    assert type(metric) is CityScapesMetric
    metric.dataset_meta = dict(classes=('person', 'car'))
    metric.process({}, [sample(img_path, with_scores)])
    found = metric.evaluate(1)
    assert found['cityscapes/mAP'] == pytest.approx(ap)
    assert found['cityscapes/AP@50'] == pytest.approx(ap)


def test_masks_are_written_for_a_submission(tmp_path, img_path):
    metric = CityScapesMetric(outfile_prefix=str(tmp_path), format_only=True)
    metric.dataset_meta = dict(classes=('person', 'car'))
    metric.process({}, [sample(img_path, with_scores=True)])
    (result,) = tmp_path.rglob('*_pred.txt')
    lines = [line.split() for line in result.read_text().splitlines()]
    assert [int(label) for _, label, _ in lines] == [CAR, CAR]
    written = [float(score) for _, _, score in lines]
    assert written == pytest.approx([0.09, 0.72])
