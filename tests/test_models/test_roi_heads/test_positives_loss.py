"""The loss on positives, from its parts."""

import pytest
import torch
from mmdet.structures.bbox import bbox2roi

from mmdet_msrcnn.models.roi_heads.positives_loss import (
    positives_loss,
    positives_loss_from_features,
)
from tests.frameworks import FRAMEWORKS
from tests.helpers import (
    build_model,
    collate,
    jitter,
    sampling_result,
    scene,
)


@pytest.mark.parametrize('framework', ['ms_rcnn', 'cascade'])
def test_it_is_that_of_the_scorer_on_the_mean_mask(framework):
    model = build_model(FRAMEWORKS[framework]()).train()
    roi_head, head = model.roi_head, model.roi_head.mask_iou_head
    data = model.data_preprocessor(
        collate(scene(seed=1), scene(seed=2, num=5))
    )
    gts = [sample.gt_instances for sample in data['data_samples']]
    samples = [
        sampling_result(
            jitter(gt.bboxes, 0.1), torch.arange(len(gt)), gt.labels
        )
        for gt in gts
    ]
    x = model.extract_feat(data['inputs'])
    rois = bbox2roi([sample.pos_priors for sample in samples])
    masks, feats = roi_head._stage_masks(x, rois)
    found = positives_loss(roi_head, x, masks, feats, samples, gts)

    labels = torch.cat([gt.labels for gt in gts])
    probs = torch.stack([mask.sigmoid() for mask in masks]).mean(0)
    probs = probs[torch.arange(len(labels)), labels][:, None]
    expected = head.loss_and_target(
        head(feats, probs, labels),
        probs,
        samples,
        gts,
        [None, None],
        roi_head.mask_iou_train_cfg,
    )['loss_mask_iou']
    assert found.keys() == expected.keys() == {*head.logs}
    assert found['mask_iou_samples'] > 0
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    alone = positives_loss_from_features(roi_head, x, samples, gts)
    assert alone.keys() == found.keys()
    for name, value in found.items():
        assert torch.equal(alone[name], value), name
