"""RoIs are scored for their most likely class."""

import torch
from mmdet.structures.bbox import bbox2roi

from mmdet_msrcnn.models.roi_heads.score_rois import score_rois
from tests.helpers import build_model, collate, scene, small_config


def test_the_mask_of_the_most_likely_class_is_scored():
    model = build_model(small_config()).eval()
    head = model.roi_head
    data = model.data_preprocessor(collate(scene(seed=1)))
    x = model.extract_feat(data['inputs'])
    boxes = data['data_samples'][0].gt_instances.bboxes
    rois = bbox2roi([boxes])
    # The background, last, is likelier than all classes.
    cls_score = torch.tensor([[0.0, 1, 2, 9], [2, 1, 0, 9], [1, 2, 0, 9]])
    with torch.no_grad():
        mask_preds, preds = score_rois(head, x, rois, cls_score)
        logits, feats = head._stage_masks(x, rois)
        labels = torch.tensor([2, 0, 1])
        own = logits[0][range(3), labels].sigmoid()[:, None]
        expected = head.mask_iou_head(feats, own, labels)
    assert torch.equal(mask_preds[0], logits[0])
    assert torch.equal(preds, expected)
