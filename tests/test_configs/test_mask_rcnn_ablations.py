"""Configs of the Mask R-CNN paper that have no MaskIoU head."""

import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.protocols import load_config
from tests.config_family import FOLDER, flatten
from tests.helpers import build_model, collate, losses_of, scene
from tests.test_configs.test_walk import cap, detector_config

ABLATIONS = FOLDER / 'mask_rcnn_ablations'
FASTER = ABLATIONS / 'faster-rcnn_r101_fpn_18e_coco.py'
MASK = FOLDER / 'mask_rcnn'


def difference(one: Config, other: Config) -> dict[str, tuple]:
    """Values that differ, by key."""
    old, new = (flatten(cfg.to_dict()) for cfg in (one, other))
    return {
        key: (old.get(key), new.get(key))
        for key in old | new
        if old.get(key) != new.get(key)
    }


def test_faster_rcnn_is_mask_rcnn_without_masks():
    mask_rcnn = load_config(MASK / 'mask-rcnn_r101_fpn_18e_coco.py')
    differing = difference(mask_rcnn, load_config(FASTER))
    removed = ('model.roi_head.mask_head', 'model.roi_head.mask_roi_extractor')
    others = {
        key: new
        for key, (_, new) in differing.items()
        if not key.startswith(removed)
    }
    assert others == {
        'model.type': 'FasterRCNN',
        'train_pipeline.1.with_mask': False,
        'train_dataloader.dataset.pipeline.1.with_mask': False,
        'val_evaluator.metric': 'bbox',
        'test_evaluator.metric': 'bbox',
        'val_evaluator.metric.0': None,
        'val_evaluator.metric.1': None,
        'test_evaluator.metric.0': None,
        'test_evaluator.metric.1': None,
    }


def test_faster_rcnn_trains_and_detects_boxes():
    cfg = cap(detector_config(FASTER))
    model = build_model(cfg)
    batch = collate(scene(4, (96, 128), 80, seed=1))
    for sample in batch['data_samples']:
        del sample.gt_instances.masks
    loss, log = model.parse_losses(losses_of(model.train(), batch))
    loss.backward()
    assert 'loss_mask' not in log
    assert all(value.isfinite() for value in log.values())
    with torch.no_grad():
        (found,) = model.eval().test_step(batch)
    pred = found.pred_instances
    assert set(pred.keys()) == {'bboxes', 'scores', 'labels'}
    assert len(pred) == cfg.model.test_cfg.rcnn.max_per_img


@pytest.mark.parametrize('depth', [50, 101])
def test_c4_models_differ_in_the_depth_alone(depth):
    folder = ABLATIONS if depth == 50 else MASK
    cfg = load_config(folder / f'mask-rcnn_r{depth}-c4_18e_coco.py')
    weights = f'torchvision://resnet{depth}'
    roi_head = cfg.model.roi_head
    for part in (cfg.model.backbone, roi_head.shared_head):
        assert part.depth == depth
        assert part.init_cfg == dict(type='Pretrained', checkpoint=weights)


def test_anchors_of_c5_have_the_size_of_those_of_c4():
    sizes = []
    for name in ('r50-c4', 'r50-c5'):
        cfg = load_config(ABLATIONS / f'mask-rcnn_{name}_18e_coco.py')
        anchors = cfg.model.rpn_head.anchor_generator
        (stride,) = anchors.strides
        sizes.append([scale * stride for scale in anchors.scales])
        extractor = cfg.model.roi_head.bbox_roi_extractor
        assert extractor.featmap_strides == [stride]
    assert sizes[0] == sizes[1] == [32, 64, 128, 256, 512]


def test_fine_tuning_on_cityscapes_has_the_steps_of_the_paper():
    name = 'mask-rcnn_r50_fpn_{}e_cityscapes.py'
    path = ABLATIONS / name.format('from-coco_11')
    cfg, fine = load_config(path), load_config(MASK / name.format(18))
    assert cfg.model == fine.model
    loader = cfg.train_dataloader
    steps = cfg.train_cfg.max_epochs * loader.dataset.times * 2975 / 8
    assert steps == pytest.approx(4000, rel=0.03)
    schedule = cfg.param_scheduler[1]
    (drop,) = schedule.milestones
    assert drop * 2975 / 8 == pytest.approx(3000, rel=0.03)
    assert schedule.end == cfg.train_cfg.max_epochs
    before = load_config(MASK / 'mask-rcnn_r50_fpn_18e_coco.py')
    epochs = before.train_cfg.max_epochs
    trained = f'mask-rcnn_r50_fpn_18e_coco/epoch_{epochs}.pth'
    assert cfg.load_from == f'work_dirs/{trained}'
