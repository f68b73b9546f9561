"""Settings of a RoI head that do not go together are named."""

import pytest
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from tests.helpers import (
    PLUS,
    ROOT,
    build_model,
    small_config,
)


def test_an_unknown_ranking_is_named():
    cfg = small_config()
    cfg.model.test_cfg.rcnn.rank_by = 'mask_scores'
    with pytest.raises(
        ValueError,
        match=r"test_cfg.rcnn.rank_by must be .*'mask_score'.*'mask_scores'",
    ):
        build_model(cfg)


def test_missing_mask_threshold_is_named():
    cfg = small_config()
    del cfg.model.train_cfg.rcnn['mask_thr_binary']
    with pytest.raises(ValueError, match='train_cfg.rcnn.mask_thr_binary'):
        build_model(cfg)


@pytest.mark.parametrize('value', [0, 1, '0.5', [0.5]])
def test_other_thresholds_are_refused(value):
    cfg = small_config()
    cfg.model.train_cfg.rcnn.mask_thr_binary = value
    with pytest.raises(ValueError, match=r'probability in \(0, 1\), got '):
        build_model(cfg)


def test_roi_features_that_do_not_fit_are_named():
    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.roi_feat_size = 28
    message = 'roi_feat_size=28, but its RoI features have 16 .* size 14'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_hr_roi_without_features_of_the_masks_size_is_named():
    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.fusion = 'hr_roi'
    message = 'of the size of the mask, 28, but they have size 14'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_a_mask_that_does_not_pool_evenly_is_named():
    cfg = small_config()
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head.roi_feat_size = 12
    roi_head.mask_roi_extractor.roi_layer.output_size = 12
    message = '28x28, must be a multiple of .* 12x12'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_channels_of_a_shared_head_are_named():
    cfg = Config.fromfile(ROOT / 'configs/ms_rcnn/ms-rcnn_r101-c4_18e_coco.py')
    cfg.model.roi_head.mask_iou_head.in_channels = 256
    roi_head = cfg.model.roi_head
    roi_head.update(
        train_cfg=cfg.model.train_cfg.rcnn, test_cfg=cfg.model.test_cfg.rcnn
    )
    init_default_scope('mmdet')
    with pytest.raises(ValueError, match='in_channels=256 .* 2048 channels'):
        MODELS.build(roi_head)


def test_all_masks_of_a_class_agnostic_mask_head_are_refused():
    cfg = small_config()
    cfg.model.roi_head.mask_head.class_agnostic = True
    cfg.model.roi_head.mask_iou_head.fusion = 'all_masks'
    with pytest.raises(ValueError, match='mask per class, but mask_head has'):
        build_model(cfg)


def test_a_head_of_the_other_kind_is_named():
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.type = 'mmdet_msrcnn.MaskIoUHead'
    with pytest.raises(TypeError, match='RoIHead does not accept MaskIoUHead'):
        build_model(cfg)
    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.type = 'mmdet_msrcnn.MaskScoreHead'
    with pytest.raises(
        TypeError, match='RoIHead does not accept MaskScoreHead'
    ):
        build_model(cfg)


@pytest.mark.parametrize('agnostic', [True, False])
@pytest.mark.parametrize('fusion', ['concat', 'all_masks'])
def test_class_agnostic_masks_lack_the_masks_of_all_classes(agnostic, fusion):
    cfg = small_config()
    cfg.model.roi_head.mask_head.class_agnostic = agnostic
    cfg.model.roi_head.mask_iou_head.fusion = fusion
    if agnostic and fusion == 'all_masks':
        with pytest.raises(ValueError, match='need a mask per class'):
            build_model(cfg)
    else:
        build_model(cfg)
