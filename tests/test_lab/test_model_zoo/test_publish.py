"""Parts of a training checkpoint to publish."""

import getpass
import hashlib
import io
import json
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import EMAHook
from torch import nn

from mmdet_msrcnn.lab.model_zoo.publish import (
    portable_config,
    published_content,
    serialize,
    training_memory,
)

CFG = Config(dict(model=dict(type='a'), data_root='data/coco/'))


def checkpoint(**more) -> dict:
    meta = dict(
        epoch=3,
        iter=30,
        seed=7,
        dataset_meta=dict(classes=('a', 'b')),
        mmengine_version='0.10.7',
        cfg="work_dir = '/home/someone/secret'",
        experiment_name='someone_host',
        time='20260101_000000',
        score_thresholds=dict(mask_score=dict(a=0.5, b=0.25)),
        hook_msgs=dict(last_ckpt='/home/someone/secret/epoch_3.pth'),
    )
    state = dict(weight=torch.arange(4.0))
    return dict(meta=meta, state_dict=state, optimizer=dict(a=1), **more)


def test_meta_and_weights_are_kept_and_nothing_else():
    content = published_content(checkpoint(message_hub=dict(log=[1])), CFG)
    data, digest = serialize(content)
    assert digest == hashlib.sha256(data).hexdigest()
    assert b'someone' not in data
    read = torch.load(io.BytesIO(data), weights_only=True)
    assert set(read) == {'meta', 'state_dict'}
    assert torch.equal(read['state_dict']['weight'], torch.arange(4.0))
    meta = read['meta']
    assert meta['epoch'] == 3
    # Of a model that was published before.
    assert meta['score_thresholds'] == dict(mask_score=dict(a=0.5, b=0.25))
    assert meta['dataset_meta'] == dict(classes=('a', 'b'))
    assert 'hook_msgs' not in meta
    assert Config.fromstring(meta['cfg'], '.py').data_root == 'data/coco/'


def test_a_view_does_not_bring_its_storage_along():
    big = torch.zeros(1000, 1000)
    content = checkpoint()
    content['state_dict'] = dict(weight=big[:1])
    data, _ = serialize(published_content(content, CFG))
    assert len(data) < 50_000


def test_averaged_weights_are_those_of_the_ema_hook():
    model = nn.Linear(2, 2)
    hook = EMAHook(momentum=0.5)
    runner = SimpleNamespace(model=model, iter=0, epoch=0)
    hook.before_run(runner)
    start = model.weight.detach().clone()
    # The first update copies; the second averages.
    hook.after_train_iter(runner, 0)
    with torch.no_grad():
        model.weight += 2
    hook.after_train_iter(runner, 1)
    meta = checkpoint()['meta']
    saved = dict(state_dict=model.state_dict(), meta=meta)
    hook.before_save_checkpoint(runner, saved)
    state = published_content(saved, CFG)['state_dict']
    assert torch.allclose(state['weight'], start + 1)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(model={}), r"has \['model'\], but no state_dict"),
        (dict(state_dict=dict(a=1)), 'no state_dict of tensors'),
        (dict(state_dict={}, meta=None), 'does not name its classes'),
        (
            dict(state_dict={}, meta=dict(dataset_meta=None)),
            'does not name its classes',
        ),
    ],
)
def test_a_file_that_cannot_be_published_is_an_error(content, message):
    with pytest.raises(ValueError, match=message):
        published_content(content, CFG)


def test_absolute_paths_and_what_is_of_one_run_are_stripped():
    cfg = Config(
        dict(
            work_dir='work_dirs/a',
            load_from='/home/someone/mask.pth',
            vis_backends=[dict(type='WandbVisBackend', entity='someone')],
            visualizer=dict(
                type='mmdet_msrcnn.MaskScoringVisualizer',
                save_dir='/home/someone/drawn',
                vis_backends=[dict(type='WandbVisBackend', entity='someone')],
                line_width=2,
            ),
            data_root='/home/someone/coco/',
            val=[dict(ann_file='/home/someone/coco/val.json')],
            home='~/coco',
            scale=(1333, 800),
        )
    )
    assert portable_config(cfg).to_dict() == dict(
        data_root='coco/',
        val=[dict(ann_file='val.json')],
        home='coco',
        scale=(1333, 800),
        # Without it nothing can be drawn.
        visualizer=dict(
            type='mmdet_msrcnn.MaskScoringVisualizer',
            line_width=2,
            vis_backends=[dict(type='LocalVisBackend')],
        ),
    )
    assert cfg.data_root == '/home/someone/coco/'


@pytest.mark.parametrize(
    'private',
    [
        f'file://{Path.home()}/coco',
        f'../../{getpass.getuser()}/coco',
        f'http://{socket.gethostname()}:80/coco',
        f'{socket.gethostname()}.cluster.example:29500',
        f'{socket.gethostname()}:/data/coco',
    ],
)
def test_what_still_tells_of_the_machine_is_an_error(private):
    cfg = Config(dict(model=dict(a=1), data_root=private))
    with pytest.raises(ValueError, match='contains .* identifies this'):
        portable_config(cfg)


def test_names_that_tell_nothing(monkeypatch):
    # As in a container.
    def no_user():
        raise KeyError('uid not found')

    monkeypatch.setattr(getpass, 'getuser', no_user)
    monkeypatch.setattr(socket, 'gethostname', lambda: 'train')
    monkeypatch.setenv('HOME', '/')
    content = dict(ann_file='train.json', img='train/', host='@trainer')
    assert portable_config(Config(content)).to_dict() == content
    with pytest.raises(ValueError, match='The config contains'):
        portable_config(Config(dict(url='http://train/coco')))


def test_memory_of_a_killed_training(tmp_path):
    assert training_memory(tmp_path / 'epoch_1.pth') is None
    log = tmp_path / 'run/vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    lines = [json.dumps(dict(memory=m, loss=1)) for m in (2048, 4608)]
    log.write_text('\n'.join([*lines, lines[0][:5]]))
    assert training_memory(tmp_path / 'epoch_1.pth') == 4.5
