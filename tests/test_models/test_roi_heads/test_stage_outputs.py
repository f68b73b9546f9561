"""Outputs of stages put together, worked by hand."""

import torch

from mmdet_msrcnn.models.roi_heads.stage_outputs import (
    as_detections,
    mean_probs,
)


def test_probabilities_are_averaged_not_logits():
    logits = [torch.tensor([[0.0]]), torch.tensor([[3.0]]).log()]
    torch.testing.assert_close(mean_probs(logits), torch.tensor([[0.625]]))


def test_rois_become_detections_of_their_images():
    rois = torch.tensor([[0.0, 1, 2, 3, 4], [2, 5, 6, 7, 8], [2, 0, 0, 9, 9]])
    # The last column is the background.
    cls_score = torch.tensor([[3.0, 1, 4], [1, 1, 2], [1, 7, 2]]).log()
    labels = torch.tensor([0, 1, 1])
    first, third = as_detections(rois, cls_score, labels)
    assert first.bboxes.tolist() == [[1, 2, 3, 4]]
    assert third.bboxes.tolist() == [[5, 6, 7, 8], [0, 0, 9, 9]]
    torch.testing.assert_close(first.scores, torch.tensor([3 / 8]))
    torch.testing.assert_close(third.scores, torch.tensor([0.25, 0.7]))
    assert first.labels.tolist() == [0]
    assert third.labels.tolist() == [1, 1]
