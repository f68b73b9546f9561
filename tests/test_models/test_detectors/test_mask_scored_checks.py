"""Parts of a mask score for any model that do not fit together."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.model import BaseModel
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.detectors.mask_scored_checks import (
    check_detector,
    check_results,
    check_runs,
)
from tests.helpers import collate, scene
from tests.test_models.test_detectors.any_models import scored

NAME = 'MaskRCNN'


def test_model_that_is_no_detector():
    class Classifier(BaseModel):
        def forward(self, *args, **kwargs) -> None: ...

    with pytest.raises(TypeError, match='with a backbone, got Classifier'):
        check_detector(Classifier())


def faster_rcnn(cfg):
    del cfg.detector.roi_head['mask_head']
    del cfg.detector.roi_head['mask_roi_extractor']
    cfg.detector.type = 'FasterRCNN'


def positives(cfg):
    cfg.mask_iou_head.type = 'mmdet_msrcnn.MaskIoUHead'


def all_masks(cfg):
    cfg.mask_iou_head.fusion = 'all_masks'


def parameters(cfg):
    cfg.roi_extractor.update(
        type='mmdet.GenericRoIExtractor',
        aggregation='sum',
        pre_cfg=dict(
            type='ConvModule', in_channels=32, out_channels=32, kernel_size=1
        ),
    )
    cfg.roi_extractor.pop('finest_scale')


def channels(cfg):
    cfg.mask_iou_head.in_channels = 16


def hr_roi(cfg):
    cfg.mask_iou_head.fusion = 'hr_roi'


def mask_size(cfg):
    cfg.mask_size = 20


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (positives, TypeError, 'MaskIoUHead cannot be trained on them'),
        (all_masks, ValueError, "Use fusion='concat'"),
        (parameters, ValueError, 'GenericRoIExtractor, has parameters'),
        (channels, ValueError, 'gives 32 channels and size 14'),
        (hr_roi, ValueError, 'needs RoI features of the size of the mask'),
        (mask_size, ValueError, 'multiple'),
    ],
)
def test_parts_that_do_not_fit(change, error, message):
    cfg = scored(NAME)
    change(cfg)
    with pytest.raises(error, match=message):
        MODELS.build(cfg)


def levels(cfg):
    cfg.roi_extractor.featmap_strides = [4, 8, 16, 32, 64, 128]


def strides(cfg):
    cfg.roi_extractor.featmap_strides = [8, 16, 32]


def width(cfg):
    cfg.roi_extractor.out_channels = 16
    cfg.mask_iou_head.in_channels = 16


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (levels, ValueError, r'levels with \[32, 32, 32, 32, 32\] channels'),
        (width, ValueError, 'out_channels=16 and featmap_strides'),
        (strides, ValueError, r'the strides \[4, 8, 16\]. Make them equal'),
        (faster_rcnn, TypeError, r"without \['masks'\]"),
    ],
)
@torch.no_grad()
def test_detector_that_does_not_fit(change, error, message):
    cfg = scored(NAME)
    change(cfg)
    model = MODELS.build(cfg).eval()
    with pytest.raises(error, match=message):
        model.test_step(collate(scene()))


@pytest.mark.parametrize('runs', [0, 2])
def test_features_that_are_not_computed_once(runs):
    with pytest.raises(RuntimeError, match=f'detector.neck ran {runs} times'):
        check_runs([()] * runs, 'neck')


@pytest.mark.parametrize('dtype', [torch.uint8, torch.float32])
def test_soft_masks(dtype):
    result = InstanceData(
        masks=torch.ones(2, 4, 4, dtype=dtype),
        scores=torch.ones(2),
        labels=torch.zeros(2, dtype=torch.long),
    )
    with pytest.raises(TypeError, match=f'masks as {dtype}, but'):
        check_results([result])
    check_results([result[:0]])
