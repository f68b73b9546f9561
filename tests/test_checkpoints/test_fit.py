"""Checkpoints and models, compared as torch compares them."""

import itertools
import re

import pytest
import torch
from torch import nn

from mmdet_msrcnn.checkpoints.convert import convert
from mmdet_msrcnn.checkpoints.fit import (
    check_fit,
    check_loaded,
    compare,
    few,
    model_shapes,
    num_classes,
    shapes_of,
)
from tests.helpers import MASK_RCNN, build_model, small_config
from tests.test_checkpoints.authors_model import checkpoint
from tests.test_checkpoints.cases import small_r50_config


def test_mask_rcnn_leads_to_the_frozen_detector():
    mask_rcnn = build_model(small_config(MASK_RCNN))
    content = dict(meta={}, state_dict=mask_rcnn.state_dict())
    with pytest.raises(ValueError, match='ms-rcnn_r50_fpn_freeze_6e_coco.py'):
        convert(content, small_config())


def test_a_part_of_the_head_is_named():
    content = checkpoint()
    del content['model']['module.roi_heads.maskiou.predictor.maskiou.bias']
    with pytest.raises(
        ValueError, match='Missing .*: roi_head.mask_iou_head.fc_mask_iou.bias'
    ):
        convert(content, small_r50_config())


def test_another_number_of_classes():
    content = checkpoint(num_classes=5)
    with pytest.raises(
        ValueError,
        match=r'8 tensors .*\(6, 32\), CONFIG \(4, 32\).*'
        r'bbox_head.num_classes=5 .*mask_head.num_classes=5 ',
    ):
        convert(content, small_r50_config())


def test_other_shapes():
    content = checkpoint()
    name = 'module.backbone.body.stem.conv1.weight'
    content['model'][name] = torch.zeros(8, 3, 3, 3)
    with pytest.raises(
        ValueError,
        match=r'backbone.conv1.weight has \(8, 3, 3, 3\), CONFIG '
        r'\(8, 3, 7, 7\).*same backbone',
    ):
        convert(content, small_r50_config())


def test_unknown_and_missing_names():
    content = checkpoint()
    del content['model']['module.rpn.head.conv.bias']
    content['model']['module.roi_heads.keypoint.a'] = torch.zeros(1)
    with pytest.raises(
        ValueError,
        match='Missing in the checkpoint: rpn_head.rpn_conv.bias. '
        'Unknown to CONFIG: roi_heads.keypoint.a',
    ):
        convert(content, small_r50_config())


def test_many_names_are_counted():
    content = checkpoint()
    with pytest.raises(ValueError, match=r', \.\.\. \(\d+ in all\)'):
        convert(content, small_config())


def test_five_names_and_their_number():
    names = ['b', 'a', 'e', 'd', 'c']
    assert few(names) == 'a, b, c, d, e'
    assert few(['f', *names]) == 'a, b, c, d, e, ... (6 in all)'
    assert few({2: 'x', 1: 'y'}) == '1, 2'
    assert few([]) == ''


def layers(*sizes: int) -> nn.Sequential:
    """Linear layers and a batch norm."""
    linear = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return nn.Sequential(nn.BatchNorm1d(sizes[0]), *linear)


@pytest.mark.parametrize(
    'loaded', [layers(2, 3, 4), layers(2, 3), layers(2, 3, 4, 5)]
)
def test_names_that_differ_are_those_of_torch(loaded):
    model = layers(2, 3, 4)
    expected = model.load_state_dict(loaded.state_dict(), strict=False)
    shapes = (
        {k: v.shape for k, v in m.state_dict().items()}
        for m in (loaded, model)
    )
    fit = compare(*shapes)
    assert fit.missing == expected.missing_keys
    assert fit.unknown == expected.unexpected_keys
    assert fit.unfit == []


def test_shapes_that_differ_are_those_of_torch():
    loaded, model = layers(2, 5, 4), layers(2, 3, 4)
    with pytest.raises(RuntimeError) as error:
        model.load_state_dict(loaded.state_dict(), strict=False)
    expected = re.findall(r'size mismatch for (\S+):', str(error.value))
    fit = compare(*(shapes_of(m.state_dict()) for m in (loaded, model)))
    assert sorted(fit.unfit) == sorted(expected)
    assert len(expected) == 3
    assert fit.missing == fit.unknown == []


def test_shapes_of_what_an_old_or_parallel_training_saves():
    plain, parallel = layers(2, 3), nn.DataParallel(layers(2, 3))
    old = plain.state_dict()
    del old['0.num_batches_tracked']
    expected = {name: value.shape for name, value in old.items()}
    assert expected['1.weight'] == (3, 2)
    for state_dict in (
        old,
        plain.state_dict(),
        parallel.state_dict(),
        dict(plain.state_dict(), epoch=3),
    ):
        assert shapes_of(state_dict) == expected


def test_number_of_classes_leaves_out_the_background():
    shapes = {'roi_head.bbox_head.fc_cls.weight': torch.Size([4, 32])}
    assert num_classes(shapes) == 3
    assert num_classes({'a.weight': torch.Size([4, 32])}) is None
    assert num_classes({}) is None


def test_shapes_of_a_config_are_those_of_its_model():
    cfg = small_config(num_classes=5)
    before = cfg.pretty_text
    found = model_shapes(cfg)
    assert cfg.pretty_text == before
    state_dict = build_model(cfg).state_dict()
    assert found == {name: value.shape for name, value in state_dict.items()}
    assert num_classes(found) == 5


HEAD = 'roi_head.mask_iou_head.fc.weight'
CLS = 'roi_head.bbox_head.fc_cls.weight'


def sizes(classes: int = 3, **changes) -> dict[str, torch.Size]:
    """Shapes of a tiny model; None takes a tensor away."""
    shapes = {'backbone.weight': (8, 3), CLS: (classes + 1, 8), HEAD: (1, 8)}
    shapes |= {name.replace('__', '.'): size for name, size in changes.items()}
    return {k: torch.Size(v) for k, v in shapes.items() if v is not None}


NO_HEAD = sizes(**{HEAD.replace('.', '__'): None})


@pytest.mark.parametrize(
    ('loaded', 'message'),
    [
        (sizes(5), 'It has 5 classes, the config 3'),
        (NO_HEAD, f'Missing in the checkpoint: {HEAD}.*It has no MaskIoU'),
        (sizes(backbone__weight=None), 'backbone.weight. Of another shape: n'),
        (
            sizes(backbone__weight=(9, 3)),
            'Missing in the checkpoint: nothing. Of another shape: backbone.w'
            '.* Use the config that it was trained with',
        ),
        (
            sizes(**{CLS.replace('.', '__'): None}),
            f'checkpoint: {CLS}. Of another shape: nothing. Use the config',
        ),
        ({}, r'Missing in the checkpoint: .*fc_cls.* Of another shape: not'),
    ],
)
def test_a_test_needs_every_tensor(loaded, message):
    with pytest.raises(ValueError, match=message):
        check_loaded(loaded, sizes())


def test_what_fits():
    check_fit(sizes(), sizes())
    check_loaded(sizes(), sizes())
    # A test leaves out what the model does not have; a conversion does not.
    more = sizes(neck__weight=(1, 1))
    check_loaded(more, sizes())
    check_loaded(sizes(), NO_HEAD)
    with pytest.raises(ValueError, match='Unknown to CONFIG: neck.weight'):
        check_fit(more, sizes())
