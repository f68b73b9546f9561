"""Changes of a Mask R-CNN that its paper compares."""

import pytest
import torch

from mmdet_msrcnn.lab.reproduction import PROTOCOLS, table_of
from mmdet_msrcnn.lab.reproduction.mask_rcnn_changes import (
    CLASS_AGNOSTIC,
    MASK_RCNN_CHANGES,
)
from mmdet_msrcnn.lab.reproduction.protocols import (
    CHANGES,
    DETECTOR,
    END_TO_END,
    load_config,
)
from mmdet_msrcnn.models import (
    FCNMaskHead,
    MLPMaskHead,
    MultinomialMaskHead,
    SingleRoIExtractor,
)
from mmdet_msrcnn.models.roi_extractors.roi_pool import RoIPool
from tests.config_family import FOLDER, flatten
from tests.helpers import (
    MS_RCNN,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)

ENDINGS = pytest.mark.parametrize('ending', MASK_RCNN_CHANGES)
ABLATIONS = FOLDER / 'mask_rcnn_ablations'
SMALL = ('nuclei', 'demo', 'animals')


def changed_config(ending):
    cfg = small_config(MS_RCNN)
    MASK_RCNN_CHANGES[ending](cfg)
    return cfg


@ENDINGS
def test_the_config_of_coco_has_the_same_change(ending):
    paths = list(ABLATIONS.glob(f'*{ending}_18e_coco.py'))
    assert paths
    for path in paths:
        (plain,) = FOLDER.glob(f'*/{path.name.replace(ending, "")}')
        cfg = load_config(plain)
        MASK_RCNN_CHANGES[ending](cfg)
        expected = load_config(path)
        assert cfg.to_dict() == expected.to_dict()


@ENDINGS
@pytest.mark.parametrize('name', SMALL)
def test_a_small_row_differs_in_its_change_alone(ending, name):
    protocol = PROTOCOLS[name](FOLDER)
    variant = DETECTOR.replace('r18_fpn', protocol.backbone)
    recipe = protocol.recipe(variant + ending + END_TO_END)
    if name == 'nuclei' and ending == CLASS_AGNOSTIC:
        # One class has one mask already.
        assert recipe is None
        return
    plain, changed = (
        flatten(one.to_dict())
        for one in (
            protocol.recipe(variant + END_TO_END).train,
            recipe.train,
        )
    )
    differing = {
        key
        for key in plain.keys() | changed.keys()
        if plain.get(key) != changed.get(key)
    }
    parts = ('mask_head', 'bbox_roi_extractor', 'mask_roi_extractor')
    own = parts[:1] if 'roi' not in ending else parts[1:]
    found = {
        part
        for part in parts
        for key in differing
        if key.startswith(f'model.roi_head.{part}.')
    }
    assert found == {*own}
    assert all(key.startswith('model.roi_head.') for key in differing)


@pytest.mark.parametrize('name', ['mask-loss', 'roi-layer', 'mask-branch'])
@pytest.mark.parametrize('protocol', SMALL)
def test_small_protocols_have_all_rows(name, protocol):
    rows = table_of(name, protocol).variants
    assert len(rows) >= 3
    missing = [
        row for row in rows if not PROTOCOLS[protocol](FOLDER).recipe(row)
    ]
    nuclei = protocol == 'nuclei' and name == 'mask-loss'
    assert missing == [f'{DETECTOR}{CLASS_AGNOSTIC}{END_TO_END}'] * nuclei


def test_the_ending_of_a_variant_names_one_change():
    for ending in CHANGES:
        assert [e for e in CHANGES if ending.endswith(e)] == [ending]


@ENDINGS
def test_trains_and_detects_below_a_mask_iou_head(ending):
    model = build_model(changed_config(ending)).train()
    batch = collate(scene(3, seed=1), scene(2, seed=2))
    loss, log = model.parse_losses(losses_of(model, batch))
    loss.backward()
    assert {'loss_mask', 'loss_mask_iou'} <= log.keys()
    assert all(value.isfinite() for value in log.values())
    for name, p in model.named_parameters():
        if p.requires_grad:
            assert p.grad is not None, name
            assert p.grad.isfinite().all(), name
    parts = ('backbone', 'roi_head.mask_head', 'roi_head.mask_iou_head')
    for part in parts:
        parameters = model.get_submodule(part).parameters()
        assert any(p.grad is not None and p.grad.any() for p in parameters)
    with torch.no_grad():
        found = model.eval().test_step(batch)
    for result in found:
        pred = result.pred_instances
        assert len(pred) == 10
        assert pred.masks.shape == (10, 64, 96)
        assert ((pred.mask_ious >= 0) & (pred.mask_ious <= 1)).all()
        assert torch.equal(pred.mask_scores, pred.scores * pred.mask_ious)


@pytest.mark.parametrize('fusion', ['concat', 'all_masks'])
def test_a_softmax_head_shows_the_classes_to_the_mask_iou_head(fusion):
    """Their shares against the background."""
    cfg = changed_config('_softmax')
    cfg.model.roi_head.mask_iou_head.fusion = fusion
    roi_head = build_model(cfg).roi_head
    preds = roi_head.mask_head(torch.randn(2, 16, 14, 14))
    probs = preds.sigmoid()
    softmax = preds.softmax(1)
    shares = softmax / (softmax + softmax[:, -1:])
    assert torch.allclose(probs, shares, atol=1e-5)
    labels = torch.tensor([2, 0])
    feats, found = roi_head.scorer_inputs(
        (), None, [preds], torch.zeros(2, 16, 14, 14), labels
    )
    expected = probs[:, :3]
    if fusion == 'concat':
        expected = expected[[0, 1], labels][:, None]
    assert torch.equal(found, expected)
    assert roi_head.mask_iou_head(feats, found, labels).shape == (2, 3)


HEADS = {
    '_softmax': MultinomialMaskHead,
    '_mlp-2': MLPMaskHead,
    '_mlp-3': MLPMaskHead,
    CLASS_AGNOSTIC: FCNMaskHead,
}


@ENDINGS
def test_parts_are_built(ending):
    roi_head = build_model(changed_config(ending)).roi_head
    assert type(roi_head.mask_head) is HEADS.get(ending, FCNMaskHead)
    extractors = roi_head.bbox_roi_extractor, roi_head.mask_roi_extractor
    for extractor in extractors:
        ours = type(extractor) is SingleRoIExtractor
        assert ours == (ending not in HEADS)
        layer = extractor.roi_layers[0]
        if ours and ending != '_roi-pool':
            mode = 'max' if ending.endswith('max') else 'avg'
            assert layer.pool_mode == mode
        assert isinstance(layer, RoIPool) == (ending == '_roi-pool')
    if ending.startswith('_mlp'):
        mask_head = roi_head.mask_head
        assert len(mask_head.fcs) == int(ending[-1])
        assert mask_head.fcs[0].out_features == 32
