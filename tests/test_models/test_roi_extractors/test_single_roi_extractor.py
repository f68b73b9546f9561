"""A config names the RoI layer of each level."""

import pytest
import torch
from mmcv.ops import RoIAlign
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor as Theirs

from mmdet_msrcnn.models import ROI_LAYERS, SingleRoIExtractor
from mmdet_msrcnn.registry import MODELS


def build(**layer) -> SingleRoIExtractor:
    return MODELS.build(
        dict(
            type='mmdet_msrcnn.SingleRoIExtractor',
            roi_layer=dict(layer, output_size=7),
            out_channels=3,
            featmap_strides=[4, 8],
        )
    )


def case():
    generator = torch.Generator().manual_seed(0)
    feats = tuple(
        torch.randn(1, 3, size, size, generator=generator) for size in (64, 32)
    )
    # One small and one large box, of different levels.
    return feats, torch.tensor([[0.0, 10, 20, 60, 50], [0, 0, 0, 250, 240]])


@pytest.mark.parametrize('name', ROI_LAYERS)
def test_each_level_has_its_scale(name):
    extractor = build(type=name)
    assert [type(x) for x in extractor.roi_layers] == [ROI_LAYERS[name]] * 2
    scales = [layer.spatial_scale for layer in extractor.roi_layers]
    assert scales == [1 / 4, 1 / 8]
    feats, rois = case()
    found = extractor(feats, rois)
    assert found.shape == (2, 3, 7, 7)
    for level in range(2):
        own = extractor.roi_layers[level](feats[level], rois[[level]])
        assert torch.equal(found[[level]], own)


@pytest.mark.parametrize('mode', ['avg', 'max'])
def test_roi_align_is_that_of_mmdet(mode):
    layer = dict(type='RoIAlign', sampling_ratio=0, pool_mode=mode)
    theirs = Theirs(dict(layer, output_size=7), 3, [4, 8])
    ours = build(**layer)
    assert type(ours.roi_layers[0]) is RoIAlign
    assert torch.equal(ours(*case()), theirs(*case()))


def test_the_layers_differ():
    layers = [dict(type=name) for name in ROI_LAYERS]
    layers += [
        dict(layer, pool_mode='max') for layer in (layers[0], layers[2])
    ]
    found = [build(**layer)(*case()) for layer in layers]
    for i, one in enumerate(found):
        for other in found[:i]:
            assert (one - other).abs().mean() > 0.01


def test_an_unknown_layer_is_an_error():
    with pytest.raises(ValueError, match=r"roi_layer.type must be .*'RoIPol'"):
        build(type='RoIPol')
