"""What users write wrongly fails when the model is built, and says why."""

import pytest

from mmdet_msrcnn.models import MaskIoUHead, MaskIoULoss
from tests.helpers import build_model, small_config


def head(**values):
    return lambda model: model.roi_head.mask_iou_head.update(values)


def loss(**values):
    return lambda model: model.roi_head.mask_iou_head.loss_iou.update(values)


def other_loss(model):
    del model.roi_head.mask_iou_head['loss_iou']
    model.roi_head.mask_iou_head.loss_iou = dict(type='mmdet.MSELoss')


def classes(part):
    return lambda model: model.roi_head[part].update(num_classes=7)


# what is wrong: how, and the key, the value and what is allowed
CASES = {
    'unknown fusion': (
        head(fusion='contact'),
        r"mask_iou_head\.fusion must be one of \['concat', .*got 'contact'",
    ),
    'unknown target': (
        head(target_classes='some'),
        r"target_classes must be one of \['true', .*got 'some'",
    ),
    'tau too large': (
        loss(tau=1.0),
        r'loss_iou\.tau must be in \[0, 1\), got 1\.0',
    ),
    'tau below 0': (loss(tau=-0.1), r'tau must be in \[0, 1\), got -0\.1'),
    'tau in quotes': (loss(tau='0.5'), r"tau must be in .*got '0\.5'"),
    'negative weight': (
        loss(loss_weight=-1),
        'loss_weight must be >= 0, got -1',
    ),
    'classes of the mask head': (
        classes('mask_head'),
        r"disagree on num_classes: .*'mask_head': 7",
    ),
    'classes of the MaskIoU head': (
        classes('mask_iou_head'),
        r"disagree on num_classes: .*'mask_iou_head': 7",
    ),
    'size of the RoI features': (
        head(roi_feat_size=13),
        'roi_feat_size=13, but .* size 14',
    ),
    'channels of the RoI features': (
        head(in_channels=7),
        'in_channels=7 .* have 16 channels',
    ),
    'size for hr_roi': (
        head(fusion='hr_roi'),
        'of the mask, 28, but they have size 14. Set .*roi_feat_size=28',
    ),
    'mistyped key of the head': (
        head(fuson='concat'),
        r"mask_iou_head does not accept fuson='concat'; .*'fusion'",
    ),
    'no convolution': (
        head(num_convs=0),
        r'mask_iou_head\.num_convs must be >= 1, got 0',
    ),
    'mistyped key of a head that hands arguments on': (
        head(type='mmdet_msrcnn.MasknessHead', fuson='concat'),
        r"mask_iou_head does not accept fuson='concat'; "
        r".*'mask_thr'.*'fusion'",
    ),
    'mistyped key of the loss': (
        loss(loss_wieght=2),
        r"loss_iou does not accept loss_wieght=2; .*'loss_weight'",
    ),
    'type without the scope': (
        lambda model: model.roi_head.update(
            mask_iou_head=dict(type='MaskIoUHead', num_classes=3)
        ),
        r"got mmdet\..*MaskIoUHead.*type='mmdet_msrcnn\.MaskIoUHead'",
    ),
    'loss of mmdet': (
        other_loss,
        'loss_iou is MSELoss, which has no tau',
    ),
    'no threshold in training': (
        lambda model: model.train_cfg.rcnn.pop('mask_thr_binary'),
        r'train_cfg\.rcnn\.mask_thr_binary must be .*got None. Use 0\.5',
    ),
    'no threshold at test': (
        lambda model: model.test_cfg.rcnn.pop('mask_thr_binary'),
        r'test_cfg\.rcnn\.mask_thr_binary must be .*got None. Use 0\.5',
    ),
    'a logit as threshold': (
        lambda model: model.test_cfg.rcnn.update(mask_thr_binary=0),
        r'must be a probability in \(0, 1\), got 0',
    ),
    'a logit above 1 as threshold': (
        lambda model: model.test_cfg.rcnn.update(mask_thr_binary=1.5),
        r'must be a probability in \(0, 1\), got 1\.5',
    ),
    'a pixel value as threshold': (
        lambda model: model.train_cfg.rcnn.update(mask_thr_binary=1),
        r'must be a probability in \(0, 1\), got 1',
    ),
    'no train_cfg': (
        lambda model: model.pop('train_cfg'),
        "missing 1 required positional argument: 'train_cfg'",
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_mistake_is_named(case):
    spoil, message = CASES[case]
    cfg = small_config()
    spoil(cfg.model)
    with pytest.raises((TypeError, ValueError), match=message):
        build_model(cfg)


def test_a_head_of_the_users_own_may_take_any_key():
    from mmdet_msrcnn.models import MaskIoUHead
    from mmdet_msrcnn.registry import MODELS

    @MODELS.register_module()
    class AnyKeyHead(MaskIoUHead):
        def __init__(self, **kwargs) -> None:
            depth = kwargs.pop('depth')
            super().__init__(**kwargs)
            self.depth = depth

    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.update(
        type='mmdet_msrcnn.AnyKeyHead', depth=3
    )
    try:
        assert build_model(cfg).roi_head.mask_iou_head.depth == 3
    finally:
        MODELS.module_dict.pop('AnyKeyHead')


def test_types_may_be_classes():
    cfg = small_config()
    head = cfg.model.roi_head.mask_iou_head
    head.loss_iou = dict(type=MaskIoULoss, tau=0.25)
    head.type = MaskIoUHead
    built = build_model(cfg).roi_head.mask_iou_head
    assert type(built) is MaskIoUHead
    assert built.loss_iou.tau == 0.25
