"""EfficientNet-Lite0 under the names of our backbone."""

import pytest
import torch

from mmdet_msrcnn.checkpoints.efficientnet_lite import convert_lite0, rename
from mmdet_msrcnn.models.backbones.efficientnet_lite import EfficientNetLite
from tests.test_checkpoints.lite0_weights import lite0_features, lite0_weights


@pytest.mark.parametrize(
    ('theirs', 'ours'),
    [
        ('_conv_stem.weight', 'layers.0.conv.weight'),
        ('_bn0.running_var', 'layers.0.bn.running_var'),
        # Block 0 has no expansion.
        (
            '_blocks.0._depthwise_conv.weight',
            'layers.1.0.depthwise_conv.conv.weight',
        ),
        ('_blocks.2._bn2.bias', 'layers.2.1.linear_conv.bn.bias'),
        ('_blocks.3._bn0.weight', 'layers.3.0.expand_conv.bn.weight'),
        # Layer 4 has blocks 5 to 10.
        (
            '_blocks.7._expand_conv.weight',
            'layers.4.2.expand_conv.conv.weight',
        ),
        (
            '_blocks.10._bn1.num_batches_tracked',
            'layers.4.5.depthwise_conv.bn.num_batches_tracked',
        ),
        (
            '_blocks.15._project_conv.weight',
            'layers.5.4.linear_conv.conv.weight',
        ),
    ],
)
def test_names(theirs, ours):
    value = torch.ones(1)
    renamed = rename({theirs: value})
    assert list(renamed) == [ours]
    assert renamed[ours] is value


def test_the_classifier_is_left_out():
    assert not rename(dict.fromkeys(('_conv_head.weight', '_bn1.bias')))
    assert not rename(dict.fromkeys(('_bn1.running_mean', '_fc.bias')))


def test_features_equal_those_of_the_package():
    weights = lite0_weights()
    model = EfficientNetLite(out_indices=(2, 3, 4, 5))
    model.load_state_dict(convert_lite0(weights)['state_dict'], strict=True)
    model.eval()
    # Odd sides: padding differs between the two ends.
    images = torch.randn(1, 3, 75, 98, generator=torch.Generator())
    with torch.no_grad():
        found = model(images)
        expected = lite0_features(weights, images)
    assert [f.shape[1] for f in found] == [24, 40, 112, 320]
    for ours, theirs in zip(found, expected, strict=True):
        assert theirs.std() > 0.1
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    'name', ['_blocks.16._bn1.weight', 'blocks.0.bn1.weight', 'state_dict']
)
def test_names_of_other_models_are_refused(name):
    with pytest.raises(ValueError, match=f'{name!r} is not a parameter'):
        rename({name: torch.ones(1)})


def test_missing_weights_are_refused():
    weights = lite0_weights()
    del weights['_blocks.15._bn2.bias']
    with pytest.raises(ValueError, match='5.4.linear_conv.bn.bias'):
        convert_lite0(weights)


def test_weights_of_another_shape_are_refused():
    weights = lite0_weights()
    weights['_conv_stem.weight'] = torch.ones(40, 3, 3, 3)
    with pytest.raises(ValueError, match=r'layers\.0\.conv\.weight'):
        convert_lite0(weights)
