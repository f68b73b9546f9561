"""Detectors that cannot be exported are named."""

import pytest
from mmdet.models.dense_heads import RPNHead
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmdet.registry import MODELS
from mmengine.config import Config

from mmdet_msrcnn.export.detector.checks import check_exportable, parts_at
from tests.helpers import MASK_RCNN, ROOT, build_model, small_config
from tests.test_export.test_detector.detectors import KINDS


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_is_exportable(kind):
    check_exportable(build_model(KINDS[kind]()))


def test_a_frozen_detector_is_exportable():
    path = ROOT / 'configs/ms_rcnn/ms-rcnn_r50_fpn_freeze_6e_coco.py'
    cfg = Config.fromfile(path)
    cfg.model.backbone.init_cfg = None
    check_exportable(build_model(cfg))


def with_part(path: str, **values) -> Config:
    cfg = small_config(MASK_RCNN)
    part = cfg.model
    for name in path.split('.'):
        part = part[name]
    part.update(values)
    return cfg


ACTIVATION = dict(
    type='SeesawLoss', p=0.8, q=2.0, num_classes=3, loss_weight=1.0
)
# What is refused, and the change of a Mask R-CNN that makes it so.
OTHERS = {
    'model.data_preprocessor is a .*TrackDataPreprocessor': (
        'data_preprocessor',
        dict(type='TrackDataPreprocessor'),
    ),
    'model.rpn_head is a .*OtherRPNHead': (
        'rpn_head',
        dict(type='OtherRPNHead'),
    ),
    'model.rpn_head.prior_generator is a .*LegacyAnchorGenerator': (
        'rpn_head.anchor_generator',
        dict(type='LegacyAnchorGenerator', center_offset=0.5),
    ),
    'model.rpn_head.bbox_coder is a .*TBLRBBoxCoder': (
        'rpn_head.bbox_coder',
        dict(_delete_=True, type='TBLRBBoxCoder'),
    ),
    'model.roi_head is a .*PISARoIHead': (
        'roi_head',
        dict(type='PISARoIHead'),
    ),
    'model.roi_head.bbox_head is a .*OtherBBoxHead': (
        'roi_head.bbox_head',
        dict(type='OtherBBoxHead'),
    ),
    'must use softmax .* got loss_cls SeesawLoss': (
        'roi_head.bbox_head',
        dict(loss_cls=ACTIVATION),
    ),
    'model.roi_head.mask_head is a .*HTCMaskHead': (
        'roi_head.mask_head',
        dict(type='HTCMaskHead'),
    ),
    'model.roi_head.mask_roi_extractor is a .*GenericRoIExtractor': (
        'roi_head.mask_roi_extractor',
        dict(type='GenericRoIExtractor'),
    ),
    'mask_thr_binary must be in .*got -1': (
        'test_cfg.rcnn',
        dict(mask_thr_binary=-1),
    ),
}


class OtherRPNHead(RPNHead):
    """A head of a user's own may predict in another way."""


class OtherBBoxHead(Shared2FCBBoxHead):
    """A head of a user's own may predict in another way."""


@pytest.fixture(autouse=True)
def _own_heads():
    for cls in (OtherRPNHead, OtherBBoxHead):
        MODELS.register_module(module=cls, force=True)
    yield
    for cls in (OtherRPNHead, OtherBBoxHead):
        MODELS.module_dict.pop(cls.__name__)


@pytest.mark.parametrize('message', OTHERS)
def test_other_parts_are_refused(message):
    path, values = OTHERS[message]
    with pytest.raises(TypeError, match=message):
        check_exportable(build_model(with_part(path, **values)))


def test_a_model_without_masks_is_refused():
    cfg = small_config(MASK_RCNN)
    cfg.model.roi_head.mask_head = None
    cfg.model.roi_head.mask_roi_extractor = None
    with pytest.raises(TypeError, match='mask_head is a .*NoneType'):
        check_exportable(build_model(cfg))


def test_another_detector_is_refused():
    cfg = Config(
        dict(
            model=dict(
                type='mmdet.YOLACT',
                backbone=dict(type='ResNet', depth=18),
                neck=None,
                bbox_head=dict(
                    type='YOLACTHead',
                    num_classes=3,
                    in_channels=512,
                ),
                mask_head=dict(
                    type='YOLACTProtonet',
                    in_channels=512,
                    num_protos=4,
                    num_classes=3,
                ),
            )
        )
    )
    with pytest.raises(
        TypeError, match='model is a mmdet.*YOLACT, .*MaskRCNN'
    ):
        check_exportable(build_model(cfg))


def test_parts_of_a_cascade():
    model = build_model(KINDS['cascade']())
    assert len(parts_at(model, 'roi_head.bbox_head')) == 3
    assert len(parts_at(model, 'roi_head.bbox_head.bbox_coder')) == 3
    assert parts_at(model, '') == [model]
