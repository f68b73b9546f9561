"""Detectors that cannot be exported are named."""

import pytest
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


def without_masks() -> Config:
    cfg = small_config(MASK_RCNN)
    cfg.model.roi_head.mask_head = None
    cfg.model.roi_head.mask_roi_extractor = None
    return cfg


def with_part(path: str, **values) -> Config:
    cfg = small_config(MASK_RCNN)
    part = cfg.model
    for name in path.split('.'):
        part = part[name]
    part.update(values)
    return cfg


OTHERS = {
    'model.rpn_head is a mmdet.*GARPNHead': lambda: with_part(
        'rpn_head',
        _delete_=True,
        type='GARPNHead',
    ),
    'model.roi_head has no mask_head': without_masks,
    'model.roi_head is a mmdet.*PISARoIHead': lambda: with_part(
        'roi_head', type='PISARoIHead'
    ),
    'model.rpn_head.bbox_coder is a mmdet.*TBLRBBoxCoder': lambda: with_part(
        'rpn_head.bbox_coder',
        type='TBLRBBoxCoder',
        target_means=None,
        target_stds=None,
    ),
}


@pytest.mark.parametrize('message', list(OTHERS)[1:3])
def test_other_parts_are_refused(message):
    with pytest.raises(TypeError, match=message):
        check_exportable(build_model(OTHERS[message]()))


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
