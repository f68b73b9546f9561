"""Checkpoints and settings of a mask score for any model."""

import copy

import torch
from mmdet.registry import MODELS
from mmengine.hooks import EMAHook
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.runner import load_checkpoint

from tests.helpers import collate, losses_of, scene
from tests.ranks import run_ranks
from tests.test_models.test_detectors.any_models import (
    build_small,
    save,
    scored,
)


def test_checkpoint_of_both(detector, build, tmp_path):
    model = build()
    model.init_weights()
    state = dict(model.state_dict())
    other = build()
    path = save(tmp_path / 'both.pth', state_dict=state)
    load_checkpoint(other, path, map_location='cpu', strict=True)
    for name, value in other.state_dict().items():
        assert torch.equal(value, state[name]), name
    losses_of(other.train(), collate(scene()))


def test_checkpoint_of_the_detector(detector, build, tmp_path):
    model = build()
    head = copy.deepcopy(model.mask_iou_head.state_dict())
    state = dict(detector.state_dict())
    path = save(tmp_path / 'detector.pth', state_dict=state)
    load_checkpoint(model, path, map_location='cpu')
    for name, value in model.detector.state_dict().items():
        assert torch.equal(value, detector.state_dict()[name]), name
    for name, value in model.mask_iou_head.state_dict().items():
        assert torch.equal(value, head[name]), name


def test_averaged_weights_are_loaded(detector, build, tmp_path):
    """mmengine's EMAHook stores the average as the model's weights."""
    averaged, last = detector.state_dict(), {}
    for name, value in averaged.items():
        last[name] = value + 1 if value.is_floating_point() else value
    hook = EMAHook()
    hook.src_model = build_small('MaskRCNN')
    hook.src_model.load_state_dict(last)
    hook.ema_model = torch.optim.swa_utils.AveragedModel(detector)
    checkpoint = dict(state_dict=dict(last))
    hook.before_save_checkpoint(None, checkpoint)
    assert 'ema_state_dict' in checkpoint
    model = build()
    path = save(tmp_path / 'ema.pth', **checkpoint)
    load_checkpoint(model, path, map_location='cpu')
    for name, value in model.detector.state_dict().items():
        assert torch.equal(value, averaged[name]), name


def test_last_weights_of_old_files_are_left_out(detector, build, tmp_path):
    """mmdet 2 stored them as buffers of the model, with a prefix."""
    state = dict(detector.state_dict())
    for name, value in detector.state_dict().items():
        state['ema_' + name.replace('.', '_')] = value + 1
    model = build()
    path = save(tmp_path / 'old.pth', state_dict=state)
    load_checkpoint(model, path, map_location='cpu')
    for name, value in model.detector.state_dict().items():
        assert torch.equal(value, detector.state_dict()[name]), name


def test_preprocessor_of_early_files_is_left_out(detector, build, tmp_path):
    """https://github.com/open-mmlab/mmdetection/issues/10695"""
    state = dict(detector.state_dict())
    state['data_preprocessor.mean'] = torch.zeros(3, 1, 1)
    model = build()
    path = save(tmp_path / 'early.pth', state_dict=state)
    load_checkpoint(model, path, map_location='cpu')
    losses_of(model.train(), collate(scene()))


def test_old_names_of_yolact(tmp_path):
    """mmdet 2 had its semantic branch, for training alone, beside the head."""
    detector = build_small('YOLACT')
    new = 'mask_head.segm_branch.'
    state = {
        name.replace(new, 'segm_head.'): value
        for name, value in detector.state_dict().items()
    }
    assert any(name.startswith('segm_head.') for name in state)
    model = MODELS.build(scored('YOLACT'))
    path = save(tmp_path / 'yolact.pth', state_dict=state)
    load_checkpoint(model, path, map_location='cpu')
    for name, value in model.detector.state_dict().items():
        assert torch.equal(value, detector.state_dict()[name]), name


def test_config_file_as_detector():
    cfg = scored('MaskRCNN')
    cfg.detector = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
    model = MODELS.build(cfg)
    assert model.detector.roi_head.bbox_head.num_classes == 80


def test_config_is_not_changed(build):
    cfg = scored('MaskRCNN')
    before = copy.deepcopy(cfg)
    MODELS.build(cfg)
    assert cfg == before


def train_on_ranks(rank, folder):
    """One step of a detector with SyncBN, with other images on each rank."""
    model = MODELS.build(scored('RTMDet'))
    model.init_weights()
    model.load_state_dict(torch.load(folder / 'both.pth', weights_only=True))
    before = copy.deepcopy(model.detector.state_dict())
    wrapped = MMDistributedDataParallel(model.train())
    optimizer = OptimWrapper(torch.optim.SGD(model.scorer.parameters(), 0.1))
    # One rank has an image without instances.
    wrapped.train_step(collate(scene(3 * rank, seed=rank)), optimizer)
    for name, value in model.detector.state_dict().items():
        assert torch.equal(value, before[name]), name
    torch.save(model.scorer.state_dict(), folder / f'{rank}.pth')


def test_two_processes_with_sync_bn(tmp_path):
    """torch's DDP refuses SyncBN on a CPU."""
    assert any(
        isinstance(module, torch.nn.SyncBatchNorm)
        for module in build_small('RTMDet').modules()
    )
    start = MODELS.build(scored('RTMDet'))
    start.init_weights()
    torch.save(start.state_dict(), tmp_path / 'both.pth')
    run_ranks(train_on_ranks, tmp_path, 2)
    first, second = (
        torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        for rank in (0, 1)
    )
    before = start.scorer.state_dict()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        assert value.isfinite().all()
    assert any(not torch.equal(first[name], before[name]) for name in first)
