"""Converted weights of the authors' code, against its arithmetic by hand."""

from types import SimpleNamespace

import pytest
import torch

from mmdet_msrcnn.checkpoints.convert import convert
from mmdet_msrcnn.checkpoints.maskrcnn_benchmark import convert_weights
from tests.helpers import CHANNELS, build_model, collate, losses_of, scene
from tests.test_checkpoints.authors_model import AuthorsModel, checkpoint
from tests.test_checkpoints.cases import small_r50_config


@pytest.fixture(scope='module')
def both() -> SimpleNamespace:
    content = checkpoint()
    converted = convert(content, small_r50_config())
    model = build_model(converted.cfg).eval()
    model.load_state_dict(converted.content['state_dict'], strict=True)
    return SimpleNamespace(
        theirs=AuthorsModel(content['model']),
        weights=content['model'],
        converted=converted,
        ours=model,
        feats=torch.randn(5, CHANNELS, 14, 14).relu(),
    )


def assert_close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Equal to float32's rounding, relative to the largest value."""
    scale = theirs.abs().max()
    assert scale > 0
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= 1e-5 * scale


def sums(tensors) -> list[float]:
    return sorted(t.double().sum().item() for t in tensors)


def test_every_tensor_arrives_once(both):
    loaded = {
        k: v
        for k, v in both.converted.content['state_dict'].items()
        if not k.endswith('num_batches_tracked')
    }
    kept = {k: v for k, v in both.weights.items() if 'anchor' not in k}
    assert len(loaded) == len(kept) == len(both.weights) - 5
    assert sorted(both.converted.ignored) == [
        f'rpn.anchor_generator.cell_anchors.{i}' for i in range(5)
    ]
    # The background's row is cut off in three layers, nowhere else.
    cut = ('bbox_pred', 'mask_fcn_logits', 'maskiou.weight', 'maskiou.bias')
    parts = [
        v[v.shape[0] // 4 :]
        if 'roi_heads' in k and k.split('predictor.')[-1].startswith(cut)
        else v
        for k, v in kept.items()
    ]
    assert sums(loaded.values()) == pytest.approx(sums(parts), abs=1e-9)


def test_nothing_is_saved_that_was_cut_off(both):
    for value in both.converted.content['state_dict'].values():
        assert value.untyped_storage().nbytes() == value.nbytes


@torch.no_grad()
def test_backbone_and_neck(both):
    image = torch.randn(2, 3, 64, 96) * 50
    theirs = both.theirs.features(image)
    for level, feature in enumerate(both.ours.extract_feat(image)):
        assert_close(feature, theirs[level])


@torch.no_grad()
def test_rpn_head(both):
    feature = torch.randn(1, CHANNELS, 6, 7)
    ours = both.ours.rpn_head([feature])
    for mine, theirs in zip(ours, both.theirs.rpn(feature), strict=True):
        assert_close(mine[0], theirs)


@torch.no_grad()
def test_box_head(both):
    feats = both.feats[:, :, :7, :7].contiguous()
    scores, deltas = both.ours.roi_head.bbox_head(feats)
    their_scores, their_deltas = both.theirs.box_head(feats)
    assert_close(scores[:, 3], their_scores[:, 0])
    assert_close(scores[:, :3], their_scores[:, 1:])
    assert_close(deltas.reshape(5, 3, 4), their_deltas[:, 1:])


@torch.no_grad()
def test_mask_and_mask_iou_head(both):
    roi_head = both.ours.roi_head
    labels = torch.tensor([0, 1, 2, 1, 0])
    masks = roi_head.mask_head(both.feats)
    their_masks = both.theirs.mask_head(both.feats)
    assert_close(masks, their_masks[:, 1:])
    # Labels count from 1 there.
    chosen = their_masks[range(5), labels + 1].sigmoid()
    theirs = both.theirs.mask_iou_head(both.feats, chosen)
    ours = roi_head.mask_iou_head(both.feats, masks.sigmoid(), labels)
    assert_close(ours, theirs[:, 1:])


def test_it_trains_and_detects(both):
    model = build_model(both.converted.cfg).train()
    model.load_state_dict(both.converted.content['state_dict'])
    # Random deltas would throw every box out of the image.
    for layer in (model.rpn_head.rpn_reg, model.roi_head.bbox_head.fc_reg):
        torch.nn.init.zeros_(layer.weight)
    losses = losses_of(model, collate(scene()))
    total = sum(sum(v) if isinstance(v, list) else v for v in losses.values())
    assert torch.isfinite(total)
    # Random scores may all be low.
    model.roi_head.test_cfg.score_thr = -1.0
    data = model.eval().data_preprocessor(collate(scene()))
    with torch.no_grad():
        (sample,) = model(**data, mode='predict')
    found = sample.pred_instances
    assert len(found)
    assert torch.equal(found.mask_scores, found.scores * found.mask_ious)


VARIANTS = {
    'C4': 'roi_heads.box.feature_extractor.head.layer4.0.conv1.weight',
    'deformable': 'backbone.body.layer3.0.conv2.offset.weight',
}


@pytest.mark.parametrize('variant', VARIANTS)
def test_variants_are_refused(variant):
    with pytest.raises(ValueError, match=variant):
        convert_weights({VARIANTS[variant]: torch.zeros(2, 2)})


def test_resnext_is_refused():
    name = 'backbone.body.layer1.0.conv2.weight'
    with pytest.raises(ValueError, match='ResNeXt'):
        convert_weights({name: torch.zeros(8, 2, 3, 3)})
    assert convert_weights({name: torch.zeros(8, 8, 3, 3)})
