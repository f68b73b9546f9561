"""Checkpoints that do not fit are named by mmengine's own runner."""

import logging
import os
from types import SimpleNamespace

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner

from mmdet_msrcnn.hooks.checkpoint_fit_hook import (
    CheckpointFitHook,
    latest_checkpoint,
)
from tests.helpers import build_model
from tests.test_models.test_detectors.any_models import build_small, scored
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture

HEADS = 'roi_head.bbox_head.num_classes', 'roi_head.mask_head.num_classes'


def config(workspace, tmp_path, **options) -> Config:  # noqa: F811
    cfg = Config.fromfile(workspace.config)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = os.urandom(4).hex()
    cfg.merge_from_dict(options)
    return cfg


def checkpoint(cfg: Config, path) -> str:
    content = dict(
        meta=dict(epoch=1), state_dict=build_model(cfg).state_dict()
    )
    torch.save(content, path)
    return str(path)


def page(cfg: Config, path) -> str:
    path.write_text('<html>404</html>')
    return str(path)


def truncated(cfg: Config, path) -> str:
    checkpoint(cfg, path)
    path.write_bytes(path.read_bytes()[:5000])
    return str(path)


def mask_rcnn(cfg: Config, path) -> str:
    checkpoint(cfg, path)
    content = torch.load(path, weights_only=True)
    content['state_dict'] = {
        k: v for k, v in content['state_dict'].items() if 'mask_iou' not in k
    }
    torch.save(content, path)
    return str(path)


# Config of the checkpoint, how it is written, what the test says
MISFITS = {
    'classes': (
        {f'model.{head}': 7 for head in HEADS},
        checkpoint,
        'It has 7 classes, the config 10: test it with a config for its cl',
    ),
    'backbone': (
        {
            'model.backbone.base_channels': 16,
            'model.neck.in_channels': [16, 32, 64, 128],
        },
        checkpoint,
        'Of another shape: backbone.bn1.bias, .* Use the config that it was',
    ),
    'no MaskIoU head': ({}, mask_rcnn, 'It has no MaskIoU head: test it with'),
    'web page': ({}, page, 'is a web page, not a checkpoint'),
    'truncated': ({}, truncated, 'is incomplete or not a checkpoint'),
}


@pytest.mark.parametrize('case', MISFITS)
def test_a_test_is_refused(workspace, tmp_path, case):  # noqa: F811
    options, write, message = MISFITS[case]
    path = write(config(workspace, tmp_path, **options), tmp_path / 'a.pth')
    cfg = config(workspace, tmp_path, load_from=path)
    with pytest.raises(ValueError, match=message):
        Runner.from_cfg(cfg).test()


def test_fine_tuning_keeps_what_fits_and_says_what_not(
    workspace,  # noqa: F811
    tmp_path,
    caplog,
):
    """From 80 classes to 10, by the config alone."""
    options = {f'model.{head}': 80 for head in HEADS}
    path = checkpoint(config(workspace, tmp_path, **options), tmp_path / 'a')
    cfg = config(workspace, tmp_path, load_from=path)
    runner = Runner.from_cfg(cfg)
    # Away from the values that both models begin with.
    for parameter in runner.model.parameters():
        torch.nn.init.constant_(parameter, 0.5)
    runner.logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        runner.call_hook('before_run')
        runner.load_or_resume()
        runner.call_hook('before_train')
    source = torch.load(path, weights_only=True)['state_dict']
    anew = set()
    for name, value in runner.model.state_dict().items():
        if value.shape != source[name].shape:
            anew.add(name)
        else:
            assert torch.equal(value, source[name])
    assert anew == {
        f'roi_head.{layer}.{kind}'
        for layer in (
            'bbox_head.fc_cls',
            'bbox_head.fc_reg',
            'mask_head.conv_logits',
            'mask_iou_head.fc_mask_iou',
        )
        for kind in ('weight', 'bias')
    }
    (said,) = [
        record.getMessage()
        for record in caplog.records
        if 'Of another shape in the checkpoint, so initialized'
        in record.getMessage()
    ]
    assert 'roi_head.bbox_head.fc_cls.bias' in said
    assert '(8 in all)' in said
    assert path in said


def test_a_training_of_another_model_is_not_resumed(
    workspace,  # noqa: F811
    tmp_path,
):
    options = {f'model.{head}': 80 for head in HEADS}
    path = checkpoint(config(workspace, tmp_path, **options), tmp_path / 'a')
    cfg = config(workspace, tmp_path, load_from=path, resume=True)
    with pytest.raises(ValueError, match='It has 80 classes, the config 10'):
        Runner.from_cfg(cfg).train()


def test_a_cut_off_checkpoint_is_not_resumed(
    workspace,  # noqa: F811
    tmp_path,
):
    path = truncated(config(workspace, tmp_path), tmp_path / 'epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text(path)
    cfg = config(workspace, tmp_path, resume=True)
    with pytest.raises(ValueError, match='epoch_1.pth was not loaded: it is'):
        Runner.from_cfg(cfg).train()


def test_a_file_without_state_dict_is_refused(
    workspace,  # noqa: F811
    tmp_path,
):
    path = tmp_path / 'a.pth'
    state_dict = build_model(config(workspace, tmp_path)).state_dict()
    torch.save(dict(model=state_dict, epoch=3), path)
    cfg = config(workspace, tmp_path, load_from=str(path))
    with pytest.raises(
        ValueError, match='Missing in the checkpoint: backbone.bn1.bias'
    ):
        Runner.from_cfg(cfg).test()


def test_what_fits_passes(workspace, tmp_path, caplog):  # noqa: F811
    path = checkpoint(config(workspace, tmp_path), tmp_path / 'a.pth')
    cfg = config(workspace, tmp_path, load_from=path)
    runner = Runner.from_cfg(cfg)
    runner.logger.addHandler(caplog.handler)
    metrics = runner.test()
    assert 'coco/segm_mAP' in metrics
    assert 'initialized' not in caplog.text


# Nothing to load, an address, and a file of which mmengine says that it is
# not there.
@pytest.mark.parametrize(
    'path', [None, 'https://example.org/a.pth', '/gone/a.pth']
)
def test_what_is_no_local_file_is_left_to_mmengine(path):
    run = SimpleNamespace(_resume=False, _load_from=path)
    CheckpointFitHook().before_run(run)
    assert run._load_from == path


@pytest.mark.parametrize('given', [True, False])
def test_moved_work_dir(tmp_path, given):
    """``last_checkpoint`` names a file in a folder that is not there."""
    (tmp_path / 'last_checkpoint').write_text('/gone/epoch_2.pth')
    if given:
        (tmp_path / 'epoch_2.pth').write_bytes(b'')
    expected = tmp_path / 'epoch_2.pth' if given else '/gone/epoch_2.pth'
    assert latest_checkpoint(tmp_path) == str(expected)


@pytest.mark.parametrize('old', [False, True])
def test_checkpoint_of_the_detector_alone(old):
    """A mask score for any model renames its tensors when it loads them."""
    detector = build_small('YOLACT')
    state = {
        name.replace('mask_head.segm_branch.', 'segm_head.')
        if old
        else name: value
        for name, value in detector.state_dict().items()
    }
    lines = []
    runner = SimpleNamespace(
        model=MODELS.build(scored('YOLACT')),
        logger=SimpleNamespace(warning=lines.append),
        _resume=False,
        _load_from='yolact.pth',
    )
    hook = CheckpointFitHook()
    hook.after_load_checkpoint(runner, dict(state_dict=state))
    hook.before_train(runner)
    (line,) = lines
    kept = len([k for k in state if not k.endswith('num_batches_tracked')])
    assert f'Loaded {kept} of ' in line
    assert 'so initialized: mask_iou_head.convs.0.bias, ' in line
    assert 'In the checkpoint, but not in the model: none.' in line
    hook.after_load_checkpoint(runner, dict(state_dict=state))
    with pytest.raises(ValueError, match='It has no MaskIoU head'):
        hook.before_test(runner)
