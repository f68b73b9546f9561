"""Modules that replace those that cannot be exported."""

import pytest
import torch
from mmcv.cnn.bricks import Conv2dAdaptivePadding
from mmcv.ops import DeformConv2dPack, ModulatedDeformConv2dPack
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import nn

from mmdet_msrcnn.export.detector.exportable import (
    ExportableAdaptiveConv,
    ExportableDeformConv,
    ExportableRoIExtractor,
    exportable,
)


def extractor(**layer) -> SingleRoIExtractor:
    layer = dict(type='RoIAlign', output_size=7, sampling_ratio=0) | layer
    return SingleRoIExtractor(layer, out_channels=4, featmap_strides=[4, 8])


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('levels', [1, 2])
def test_roi_features_are_the_same(aligned, levels):
    own = extractor(aligned=aligned)
    if levels == 1:
        own.roi_layers = own.roi_layers[:1]
    feats = [torch.rand(1, 4, 80 // 2**i, 90 // 2**i) for i in range(levels)]
    corners = torch.rand(40, 2) * 100
    sizes = torch.rand(40, 2) * 250
    rois = torch.cat([torch.zeros(40, 1), corners, corners + sizes], dim=1)
    found = ExportableRoIExtractor(own)(feats, rois)
    assert torch.equal(found, own(feats, rois))
    if levels == 2:
        assert len(own.map_roi_levels(rois, 2).unique()) == 2


@pytest.mark.parametrize('kind', [DeformConv2dPack, ModulatedDeformConv2dPack])
def test_deformable_convolutions_are_the_same(kind):
    conv = kind(4, 6, 3, stride=2, padding=1, groups=2, deform_groups=2)
    nn.init.normal_(conv.conv_offset.weight, std=0.3)
    x = torch.rand(2, 4, 11, 13)
    found = ExportableDeformConv(conv)(x)
    assert torch.equal(found, conv(x))
    assert not torch.equal(found, conv(x.flip(1)))


@pytest.mark.parametrize('kernel', [3, 5, (3, 5)])
@pytest.mark.parametrize('stride', [1, 2, (2, 1)])
def test_convolutions_with_adaptive_padding_are_the_same(kernel, stride):
    conv = Conv2dAdaptivePadding(4, 6, kernel, stride, dilation=(1, 2))
    for size in ((11, 14), (32, 7), (2, 2)):
        x = torch.rand(2, 4, *size)
        assert torch.equal(ExportableAdaptiveConv(conv)(x), conv(x))


def test_a_shared_module_stays_shared():
    model = nn.Module()
    model.first = model.second = extractor()
    model.heads = nn.ModuleList([extractor()])
    copy = exportable(model)
    assert copy.first is copy.second
    assert isinstance(copy.first, ExportableRoIExtractor)
    assert isinstance(copy.heads[0], ExportableRoIExtractor)
    assert isinstance(model.first, SingleRoIExtractor)


def test_a_module_of_a_users_own_is_not_replaced():
    class Own(SingleRoIExtractor):
        """It may extract in another way."""

    model = nn.Module()
    model.own = Own(dict(type='RoIAlign', output_size=7), 4, [4, 8])
    assert type(exportable(model).own) is Own


@pytest.mark.parametrize(
    'layer', [dict(pool_mode='max'), dict(type='RoIPool', sampling_ratio=None)]
)
def test_another_pooling_is_refused(layer):
    if layer.get('type') == 'RoIPool':
        own = SingleRoIExtractor(
            dict(type='RoIPool', output_size=7), 4, featmap_strides=[4]
        )
    else:
        own = extractor(**layer)
    with pytest.raises(ValueError, match="pool_mode 'avg'"):
        ExportableRoIExtractor(own)
