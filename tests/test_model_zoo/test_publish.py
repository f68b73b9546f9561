"""What of a training checkpoint is published."""

import hashlib
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import EMAHook
from torch import nn

from mmdet_msrcnn.model_zoo.publish import (
    portable_config,
    published_content,
    save_published,
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
        hook_msgs=dict(last_ckpt='/home/someone/secret/epoch_3.pth'),
    )
    state = dict(weight=torch.arange(4.0))
    return dict(meta=meta, state_dict=state, optimizer=dict(a=1), **more)


def test_meta_and_weights_are_kept_and_nothing_else(tmp_path):
    path = save_published(
        published_content(checkpoint(message_hub=dict(log=[1])), CFG),
        tmp_path,
        'name',
    )
    content = torch.load(path, weights_only=True)
    assert set(content) == {'meta', 'state_dict'}
    meta = content['meta']
    assert meta['epoch'] == 3
    assert meta['dataset_meta'] == dict(classes=('a', 'b'))
    assert 'hook_msgs' not in meta
    assert torch.equal(content['state_dict']['weight'], torch.arange(4.0))
    assert b'someone' not in path.read_bytes()
    assert Config.fromstring(meta['cfg'], '.py').data_root == 'data/coco/'


def test_name_tells_date_and_hash(tmp_path):
    content = published_content(checkpoint(), CFG)
    path = save_published(content, tmp_path / 'new', 'name')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    name, date, start = path.stem.replace('-', '_').split('_')
    assert (name, start) == ('name', digest[:8])
    assert len(date) == 8 and date.isdigit()
    assert list(path.parent.iterdir()) == [path]


def test_a_view_does_not_bring_its_storage_along(tmp_path):
    big = torch.zeros(1000, 1000)
    content = checkpoint()
    content['state_dict'] = dict(weight=big[:1])
    path = save_published(published_content(content, CFG), tmp_path, 'name')
    assert path.stat().st_size < 50_000


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
    saved = dict(state_dict=model.state_dict(), meta={})
    hook.before_save_checkpoint(runner, saved)
    state = published_content(saved, CFG)['state_dict']
    assert torch.allclose(state['weight'], start + 1)


def test_a_file_without_weights_is_an_error():
    with pytest.raises(ValueError, match=r"\['model'\], but no state_dict"):
        published_content(dict(model={}), CFG)


def test_absolute_paths_and_what_is_of_one_run_are_stripped():
    cfg = Config(
        dict(
            work_dir='work_dirs/a',
            load_from='/home/someone/mask.pth',
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
    )
    assert cfg.data_root == '/home/someone/coco/'
