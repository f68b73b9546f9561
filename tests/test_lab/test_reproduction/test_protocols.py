"""The small protocols: heads on one frozen detector."""

import pytest

from mmdet_msrcnn.lab.reproduction import PROTOCOLS, TABLES
from mmdet_msrcnn.lab.reproduction.head_changes import ABLATED
from mmdet_msrcnn.lab.reproduction.protocols import (
    COD10K,
    DETECTOR,
    END_TO_END,
    MASKNESS,
    MMDET_TARGET,
    MS_RCNN_PLUS,
    OTHER_CLASSES,
    R18,
    SAME_RECIPE,
)
from mmdet_msrcnn.models import (
    MaskIoUHead,
    MasknessHead,
    MaskScoreHead,
    MaskScoringRoIHead,
)
from tests.config_family import FOLDER
from tests.helpers import build_model, collate, losses_of, scene

VARIANTS = {v for table in TABLES.values() for v in table.variants}
ABLATIONS = {v for v in VARIANTS if v.startswith('ms-rcnn_r18_fpn_')}
ELSEWHERE = (MMDET_TARGET, END_TO_END, SAME_RECIPE)
ABLATIONS -= {v for v in ABLATIONS if v.endswith(ELSEWHERE)}


@pytest.fixture(params=['nuclei', 'demo', 'animals'])
def protocol(request):
    return PROTOCOLS[request.param](FOLDER)


def recipe_of(protocol, variant):
    """Recipe of an R-18 variant with the protocol's own backbone."""
    return protocol.recipe(variant.replace(R18, protocol.backbone))


@pytest.mark.parametrize(
    'name', [n for n in PROTOCOLS if n not in ('coco', COD10K)]
)
def test_all_variants_of_r18_fpn_are_there(name):
    protocol = PROTOCOLS[name](FOLDER)
    found = {v for v in VARIANTS if recipe_of(protocol, v) is not None}
    expected = {DETECTOR, MASKNESS, MMDET_TARGET, 'ms-rcnn_r18_fpn'}
    expected |= {MS_RCNN_PLUS, SAME_RECIPE}
    expected |= ABLATIONS
    if protocol.folder in ('nuclei', 'camouflage'):
        # One class: there are no others to learn from.
        assert found.isdisjoint(OTHER_CLASSES)
        expected -= set(OTHER_CLASSES)
    if protocol.backbone != R18:
        # MS R-CNN has the recipe of MS R-CNN+ already.
        assert SAME_RECIPE not in found
        expected -= {SAME_RECIPE}
        assert all(protocol.recipe(v) is None for v in VARIANTS)
    assert found >= expected
    assert all(v.endswith(END_TO_END) for v in found - expected)


@pytest.mark.parametrize('variant', sorted(ABLATIONS | {'ms-rcnn_r18_fpn'}))
def test_ablation_is_that_of_coco_at_its_own_width(protocol, variant):
    if protocol.folder == 'nuclei' and variant in OTHER_CLASSES:
        pytest.skip('nuclei have one class')
    recipe = recipe_of(protocol, variant)
    coco = PROTOCOLS['coco'](FOLDER).recipe(variant).train.model.roi_head
    head = recipe.train.model.roi_head.mask_iou_head
    for key in ABLATED:
        assert head.get(key) == coco.mask_iou_head.get(key)
    assert recipe.starts_from_detector
    assert recipe.test is recipe.train
    model = build_model(recipe.train)
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained
    assert all('.mask_iou_head.' in name for name in trained)


def test_learned_scores_start_from_the_same_detector(protocol):
    recipe = recipe_of(protocol, MS_RCNN_PLUS)
    assert recipe.starts_from_detector
    model = build_model(recipe.train)
    assert type(model.roi_head.mask_iou_head) is MaskScoreHead
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert trained
    assert all('.mask_iou_head.' in name for name in trained)


def test_the_papers_head_is_trained_by_the_same_recipe(protocol):
    if protocol.backbone != R18:
        pytest.skip('MS R-CNN has this recipe already')
    plus, same = map(protocol.recipe, (MS_RCNN_PLUS, SAME_RECIPE))
    assert type(build_model(same.train).roi_head) is MaskScoringRoIHead
    assert same.train.train_dataloader == plus.train.train_dataloader
    assert same.train.optim_wrapper == plus.train.optim_wrapper


def test_maskness_tests_the_detector_as_it_is(protocol):
    recipe = recipe_of(protocol, MASKNESS)
    assert recipe.train is None
    model = build_model(recipe.test)
    assert type(model.roi_head.mask_iou_head) is MasknessHead
    cfg = recipe_of(protocol, DETECTOR).train
    # Tests do without the ImageNet weights.
    cfg.model.backbone.init_cfg = None
    model.load_state_dict(build_model(cfg).state_dict(), strict=True)


def test_mmdets_head_is_trained_and_tested_as_ours(protocol):
    recipe = recipe_of(protocol, MMDET_TARGET)
    theirs, ours = map(build_model, (recipe.train, recipe.test))
    assert type(theirs.roi_head).__module__.startswith('mmdet.')
    head = theirs.roi_head.mask_iou_head
    assert type(head).__module__.startswith('mmdet.')
    assert head.loss_iou.loss_weight == 0.5
    assert type(ours.roi_head) is MaskScoringRoIHead
    assert type(ours.roi_head.mask_iou_head) is MaskIoUHead
    ours.load_state_dict(theirs.state_dict(), strict=True)
    trained = {n for n, p in theirs.named_parameters() if p.requires_grad}
    assert trained == {
        f'roi_head.mask_iou_head.{n}' for n, _ in head.named_parameters()
    }
    theirs.load_state_dict(theirs.state_dict())
    batch = collate(scene(num_classes=len(head.fc_mask_iou.bias), seed=1))
    assert 'loss_mask_iou' in losses_of(theirs.train(), batch)


@pytest.mark.parametrize(
    ('name', 'ending'), [('nuclei', '16e_nuclei'), ('demo', 'demo')]
)
def test_end_to_end_rows_are_the_configs_themselves(name, ending):
    protocol = PROTOCOLS[name](FOLDER)
    for model in ('mask-rcnn', 'ms-rcnn', 'mmdet-ms-rcnn', 'ms-rcnn-plus'):
        recipe = protocol.recipe(f'{model}_r18_fpn{END_TO_END}')
        assert recipe.source.name == f'{model}_r18_fpn_{ending}.py'
        assert not recipe.starts_from_detector
        tested = recipe.test.filename
        assert tested.endswith(
            f'/{model.removeprefix("mmdet-")}_r18_fpn_{ending}.py'
        )
