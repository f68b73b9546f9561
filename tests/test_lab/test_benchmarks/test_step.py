"""Training steps of the detectors."""

import torch

from mmdet_msrcnn.lab.benchmarks import step
from mmdet_msrcnn.lab.benchmarks.detectors import IN_TREE, OURS
from tests.helpers import build_model, collate, scene, small_config
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_steps(configs, source):
    rows = step.measure_steps(*configs, source, 'cpu', 1)
    assert_printable(rows, step.COLUMNS)
    assert [row['masks'] for row in rows] == ['bitmap', 'polygon']
    for row in rows:
        # A quarter of the 32 samples of the small config.
        assert row['positives'] == 8
        assert row['to_mmdet'] == row[OURS] / row[IN_TREE]


def test_boxes_come_before_the_proposals_of_one_detector():
    changed, other = (build_model(small_config()).train() for _ in range(2))
    boxes = torch.tensor([[1.0, 2, 30, 40], [5, 6, 70, 50]])
    step.add_proposals(changed, boxes)
    found = []
    for model in (changed, other):
        data = model.data_preprocessor(collate(scene()), training=True)
        losses, (proposals,) = model.rpn_head.loss_and_predict(
            model.extract_feat(data['inputs']),
            data['data_samples'],
            proposal_cfg=model.train_cfg.rpn_proposal,
        )
        assert losses.keys() == {'loss_rpn_cls', 'loss_rpn_bbox'}
        found.append(proposals)
    assert len(found[1]) > 0
    assert torch.equal(found[0].bboxes[:2], boxes)
    assert torch.equal(found[0].bboxes[2:], found[1].bboxes)
    assert len(found[0].scores) == len(found[0].labels) == len(found[0])
