"""Detectors to compare in time."""

import torch

from mmdet_msrcnn.lab.benchmarks.detectors import (
    IN_TREE,
    MASK_RCNN,
    OURS,
    detectors,
)


def test_detectors_have_the_same_weights(configs):
    found = detectors(*configs)
    assert list(found) == [MASK_RCNN, IN_TREE, OURS]
    # The peers are mmdet's in everything that is timed.
    for name, package in (
        (MASK_RCNN, 'mmdet.'),
        (IN_TREE, 'mmdet.'),
        (OURS, 'mmdet_msrcnn.'),
    ):
        roi_head = found[name].roi_head
        parts = [roi_head] if name != MASK_RCNN else []
        parts += [roi_head.mask_head, getattr(roi_head, 'mask_iou_head', None)]
        for part in filter(None, parts):
            assert type(part).__module__.startswith(package)
    states = [model.state_dict() for model in found.values()]
    assert states[1].keys() == states[2].keys()
    for state in states[:2]:
        for name, value in state.items():
            assert torch.equal(value, states[2][name])
