"""Names of tensors in the checkpoints of frozen detectors."""

from mmdet_msrcnn.models.detectors.checkpoint_names import (
    used_tensors,
    with_new_names,
)


def test_tensors_that_no_model_has():
    given = {
        'backbone.conv.weight': 1,
        'ema_backbone_conv_weight': 2,
        'data_preprocessor.mean': 3,
        'roi_head.ema_': 4,
    }
    assert used_tensors(given) == {
        'backbone.conv.weight': 1,
        'roi_head.ema_': 4,
    }


def test_old_names():
    given = {'segm_head.conv.weight': 1, 'mask_head.segm_head.bias': 2}
    assert with_new_names(given, 'YOLACT') == {
        'mask_head.segm_branch.conv.weight': 1,
        'mask_head.segm_head.bias': 2,
    }
    assert with_new_names(given, 'MaskRCNN') == given
