"""A cascade learns the mask score of what it predicts."""

import torch

from tests.frameworks import cascade_config
from tests.helpers import build_model, collate, scene


def batch():
    return collate(scene(seed=1), scene(seed=2))


def test_the_cascade_scores_what_it_predicts():
    """The training samples are the detections of the whole cascade."""
    model = build_model(cascade_config('cascade-ms-rcnn-plus')).train()
    data = model.data_preprocessor(batch(), training=True)
    x = model.extract_feat(data['inputs'])
    samples = data['data_samples']
    with torch.no_grad():
        model.eval()
        proposals = model.rpn_head.predict(x, samples, rescale=False)
        results = model.roi_head.predict(x, proposals, samples)
        model.train()
    found = model.roi_head.scorer_samples(x, proposals, samples)
    assert torch.equal(found.labels, torch.cat([r.labels for r in results]))
    expected = torch.cat([r.mask_scores for r in results])
    preds = model.roi_head.mask_iou_head(*found[:-1])
    chosen = preds[torch.arange(len(found.labels)), found.labels]
    torch.testing.assert_close(chosen[:, 1].sigmoid(), expected)
