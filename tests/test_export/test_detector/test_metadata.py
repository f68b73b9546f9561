"""Metadata of an exported detector."""

import hashlib
import json

import pytest
from mmengine.config import Config

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.export.detector.metadata import (
    FORMAT,
    digest_of,
    metadata,
    resize_of,
)
from mmdet_msrcnn.version import __version__
from tests.helpers import build_model

LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackDetInputs')


def test_what_is_stored(trained):
    cfg = Config.fromfile(trained.config)
    meta = read_checkpoint(trained.checkpoint)['meta']
    model = build_model(cfg)
    found = metadata(model, cfg, meta, digest_of(trained.checkpoint))
    assert found.pop('format') == FORMAT
    assert found.pop('mmdet_msrcnn') == __version__
    values = {name: json.loads(text) for name, text in found.items()}
    digest = hashlib.sha256(trained.checkpoint.read_bytes()).hexdigest()
    assert values.pop('checkpoint_sha256') == digest
    assert values.pop('test_cfg')['rcnn']['max_per_img'] == 10
    assert values.pop('preprocessing') == dict(
        input='BGR, 0 to 255',
        mean=pytest.approx([123.675, 116.28, 103.53], abs=1e-4),
        std=pytest.approx([58.395, 57.12, 57.375], abs=1e-4),
        flip_channels=True,
        pad_size_divisor=32,
        pad_value=0,
    )
    assert values == dict(
        classes=['a', 'b', 'c'],
        resize=dict(scale=[160, 160], keep_ratio=True),
        mask_thr=0.5,
    )


def config(*steps) -> Config:
    dataset = dict(pipeline=[LOAD, *steps, PACK])
    return Config(dict(test_dataloader=dict(dataset=dataset)))


@pytest.mark.parametrize(
    ('step', 'expected'),
    [
        (
            dict(type='Resize', scale=(1333, 800), keep_ratio=True),
            dict(scale=[1333, 800], keep_ratio=True),
        ),
        (
            dict(type='mmdet.Resize', scale=320),
            dict(scale=[320, 320], keep_ratio=False),
        ),
        (
            dict(
                type='Resize',
                scale_factor=0.5,
                backend='cv2',
                clip_object_border=False,
            ),
            dict(scale_factor=[0.5, 0.5]),
        ),
        (
            dict(type='Resize', scale_factor=(0.5, 2.0)),
            dict(scale_factor=[0.5, 2.0]),
        ),
        (dict(type='LoadAnnotations'), {}),
    ],
)
def test_resize(step, expected):
    assert resize_of(config(step)) == expected


@pytest.mark.parametrize(
    'steps',
    [
        [dict(type='Pad', size_divisor=32)],
        [dict(type='Resize', scale=(9, 9))] * 2,
        [dict(type='Resize', scale=(9, 9), interpolation='nearest')],
        [dict(type='Resize', scale=(9, 9), backend='pillow')],
        [dict(type='Resize', scale=(9, 9), scale_factor=1.0)],
        [dict(type='Resize', scale_factor=0.5, keep_ratio=True)],
        [dict(type='LoadImageFromFile', color_type='grayscale')],
    ],
)
def test_another_pipeline_is_refused(steps):
    with pytest.raises(ValueError, match='no more than one Resize'):
        resize_of(config(*steps))


def test_options_of_loading_are_refused():
    cfg = config()
    cfg.test_dataloader.dataset.pipeline[0].to_float32 = True
    with pytest.raises(ValueError, match='to_float32'):
        resize_of(cfg)
    with pytest.raises(ValueError, match='has no test_dataloader'):
        resize_of(Config())


def test_a_wrapped_data_set():
    inner = config(dict(type='Resize', scale=9)).test_dataloader.dataset
    wrapped = dict(type='RepeatDataset', times=1, dataset=inner)
    cfg = Config(dict(test_dataloader=dict(dataset=wrapped)))
    assert resize_of(cfg) == dict(scale=[9, 9], keep_ratio=False)
