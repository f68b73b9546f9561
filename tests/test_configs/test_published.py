"""The settings of mmdet's published MS R-CNN checkpoints."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.runner import load_checkpoint

from mmdet_msrcnn.models import MaskScoringRoIHead
from tests.config_family import FOLDER
from tests.helpers import build_model
from tests.test_configs.test_family import flatten

PUBLISHED = [
    'ms-rcnn_r50-caffe_fpn_1x_coco',
    'ms-rcnn_r50-caffe_fpn_2x_coco',
    'ms-rcnn_r101-caffe_fpn_1x_coco',
    'ms-rcnn_r101-caffe_fpn_2x_coco',
    'ms-rcnn_x101-32x4d_fpn_1x_coco',
    'ms-rcnn_x101-64x4d_fpn_1x_coco',
    'ms-rcnn_x101-64x4d_fpn_2x_coco',
]


def configs(name: str) -> tuple[Config, Config]:
    """mmdet's config of a checkpoint, and ours of the same name."""
    theirs = get_config(f'mmdet::ms_rcnn/{name}.py')
    ours = Config.fromfile(FOLDER / f'ms_rcnn/{name}.py')
    for cfg in (theirs, ours):
        cfg.model.backbone.init_cfg = None
    return theirs, ours


@pytest.mark.parametrize('name', PUBLISHED)
def test_setting_is_that_of_mmdet(name):
    theirs, ours = (flatten(cfg.to_dict()) for cfg in configs(name))
    changed = {k for k, v in theirs.items() if k in ours and ours[k] != v}
    assert changed == {
        'model.type',
        'model.roi_head.type',
        'model.roi_head.mask_head.type',
        'model.roi_head.mask_iou_head.type',
        'train_dataloader.dataset.type',
        'val_dataloader.dataset.type',
        'test_dataloader.dataset.type',
        'val_evaluator.type',
        'test_evaluator.type',
        'visualizer.type',
        'default_hooks.checkpoint.type',
    }
    added = {
        key.split('.')[-1] if key.endswith('_scope_') else key
        for key in ours.keys() - theirs.keys()
        if not key.startswith(('mask_iou_head.', 'custom_', 'tta_model.'))
    }
    head = 'model.roi_head.mask_iou_head.loss_iou'
    assert added == {
        '_scope_',
        f'{head}.type',
        f'{head}.tau',
        f'{head}.loss_weight',
    }
    # mmdet's 2x configs keep a helper variable.
    left_out = theirs.keys() - ours.keys() - {'max_epochs'}
    # Our RoI head takes it from the box head.
    assert left_out == {'model.roi_head.mask_iou_head.num_classes'}


@pytest.mark.parametrize('name', PUBLISHED)
def test_weights_of_mmdets_modules_load_strictly(name):
    theirs, ours = (build_model(cfg) for cfg in configs(name))
    assert type(theirs.roi_head).__module__.startswith('mmdet.')
    assert type(ours.roi_head) is MaskScoringRoIHead
    ours.load_state_dict(theirs.state_dict(), strict=True)


def test_checkpoint_as_mmdet_publishes_it_loads(tmp_path):
    theirs, ours = (build_model(cfg) for cfg in configs(PUBLISHED[0]))
    path = tmp_path / 'published.pth'
    # weights and meta; mmdet 2.x named the classes in capitals
    meta = dict(mmdet_version='2.0.0', CLASSES=('person', 'bicycle'))
    torch.save(dict(meta=meta, state_dict=theirs.state_dict()), path)
    load_checkpoint(ours, str(path), map_location='cpu', strict=True)
    path.unlink()
    for key, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[key], value), key


def test_weights_of_mmdets_head_on_nuclei_load_strictly():
    theirs, ours = (
        build_model(
            Config.fromfile(FOLDER / f'nuclei/{name}_r18_fpn_16e_nuclei.py')
        )
        for name in ('mmdet-ms-rcnn', 'ms-rcnn')
    )
    assert type(theirs.roi_head).__module__.startswith('mmdet.')
    ours.load_state_dict(theirs.state_dict(), strict=True)
