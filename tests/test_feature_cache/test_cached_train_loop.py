"""A head trains from the cache as it does directly."""

import re
from functools import partial

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from mmdet_msrcnn.feature_cache.samples import from_fields, to_fields
from mmdet_msrcnn.feature_cache.storage import Storage
from mmdet_msrcnn.models.roi_heads.scorer_samples import scorer_loss
from tests.helpers import MASK_RCNN, MS_RCNN, PLUS, small_config
from tests.ranks import run_ranks
from tests.test_feature_cache.frozen_training import (
    frozen_any_model,
    frozen_cascade,
    frozen_config,
    head_of,
    runner,
)

CONFIGS = pytest.mark.parametrize('config', [MS_RCNN, PLUS])
INDEX = 'feature_cache/index.json'


def directly(cfg):
    cfg = cfg.copy()
    cfg.train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
    return cfg


def assert_same_weights(found, expected, rtol=0.0, atol=0.0):
    assert {*found} == {*expected}
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value, rtol=rtol, atol=atol, msg=name
        )


def use_all_positives(cfg):
    # Otherwise the RoIs are drawn at random.
    cfg.model.train_cfg.rcnn.sampler.update(num=1000, pos_fraction=1.0)
    return cfg


@CONFIGS
def test_losses_and_gradients_are_those_of_the_direct_way(tmp_path, config):
    cfg = use_all_positives(frozen_config(config, tmp_path))
    training = runner(directly(cfg), tmp_path / 'work')
    training.load_or_resume()
    model = training.model.train()
    head = model.roi_head.mask_iou_head
    dataset = training.build_dataloader(cfg.train_dataloader).dataset
    total = 0
    for index in range(len(dataset)):
        data = model.data_preprocessor(pseudo_collate([dataset[index]]), True)
        samples = model.scorer_samples(data['inputs'], data['data_samples'])
        ways = (
            model.loss(data['inputs'], data['data_samples']),
            scorer_loss(head, from_fields(to_fields(samples))),
        )
        gradients = []
        for losses in ways:
            loss = sum(v for k, v in losses.items() if k.startswith('loss'))
            head.zero_grad()
            loss.backward()
            gradients.append([p.grad.clone() for p in head.parameters()])
        direct, cached = ways
        assert {*cached} == {*direct} == {*head.logs}
        for name, value in direct.items():
            torch.testing.assert_close(cached[name], value, rtol=2e-3, atol=0)
        scale = max(g.abs().max() for g in gradients[0])
        assert scale > 0
        for found, expected in zip(*gradients, strict=True):
            torch.testing.assert_close(
                found, expected, rtol=0, atol=scale / 200
            )
        total += direct['mask_iou_samples']
    assert total > 20


@pytest.mark.parametrize(
    'config', [partial(frozen_config, PLUS), frozen_cascade, frozen_any_model]
)
def test_a_training_ends_as_the_direct_one(tmp_path, config):
    cfg = config(tmp_path)
    start = head_of(runner(directly(cfg), tmp_path / 'start').model)
    start = {name: value.clone() for name, value in start.items()}
    direct = head_of(runner(directly(cfg), tmp_path / 'direct').train())
    cached = head_of(runner(cfg, tmp_path / 'cached').train())
    moved = max((direct[k] - start[k]).abs().max() for k in start)
    assert moved > 1e-4
    assert_same_weights(cached, direct, atol=float(moved) / 100)


def test_a_resumed_training_ends_as_the_uninterrupted_one(tmp_path):
    # Its views and positives are drawn at random.
    cfg = frozen_config(MS_RCNN, tmp_path, flip=0.5)
    whole = head_of(runner(cfg, tmp_path / 'whole').train())
    runner(cfg, tmp_path / 'work', 1).train()
    index = tmp_path / 'work' / INDEX
    written = index.stat().st_mtime_ns
    checkpoint = str(tmp_path / 'work/epoch_1.pth')
    resumed = runner(
        cfg, tmp_path / 'work', load_from=checkpoint, resume=True, seed=7
    ).train()
    assert_same_weights(head_of(resumed), whole)
    assert index.stat().st_mtime_ns == written


def test_filling_the_cache_does_not_change_the_training(tmp_path):
    cfg = frozen_config(MS_RCNN, tmp_path, flip=0.5)
    cfg.train_cfg.cache_dir = str(tmp_path / 'cache')
    cfg.train_dataloader.batch_sampler = dict(type='AspectRatioBatchSampler')
    filled = head_of(runner(cfg, tmp_path / 'a', 1).train())
    read = head_of(runner(cfg, tmp_path / 'b', 1).train())
    assert_same_weights(read, filled)


def test_the_detector_stays_as_it_is(tmp_path):
    cfg = frozen_config(PLUS, tmp_path)
    before = torch.load(cfg.load_from, weights_only=True)['state_dict']
    model = runner(cfg, tmp_path / 'work').train()
    saved = torch.load(tmp_path / 'work/epoch_2.pth', weights_only=True)
    for name, value in before.items():
        assert torch.equal(model.state_dict()[name], value), name
        assert torch.equal(saved['state_dict'][name], value), name
    assert saved['meta']['dataset_meta']['classes'] == ['class 1']


def test_a_scorer_of_the_same_kind_uses_the_cache_of_another(tmp_path):
    cfg = frozen_config(MS_RCNN, tmp_path)
    cfg.train_cfg.cache_dir = str(tmp_path / 'cache')
    runner(cfg, tmp_path / 'a', 1).train()
    written = (tmp_path / 'cache/index.json').stat().st_mtime_ns
    cfg.model.roi_head.mask_iou_head.update(
        fusion='multiply', loss_iou=dict(tau=0.3)
    )
    cfg.model.roi_head.update(roi_feat_grad=0.0, mask_grad=0.0)
    training, lines = runner(cfg, tmp_path / 'b', 1), []
    training.logger.info = lambda line, *args: lines.append(str(line))
    training.train()
    (line,) = [line for line in lines if 'Feature cache' in line]
    assert re.search(rf'training on \d+ RoIs of 5 .*{tmp_path}/cache$', line)
    assert (tmp_path / 'cache/index.json').stat().st_mtime_ns == written


def test_random_views_differ_but_not_with_the_seed_of_the_training(tmp_path):
    cfg = frozen_config(PLUS, tmp_path)
    resize = dict(type='RandomResize', scale=(96, 96), ratio_range=(0.5, 1.5))
    cfg.train_dataloader.dataset.pipeline.insert(2, resize)
    cfg.train_cfg.num_views = 3
    caches = []
    for seed in range(2):
        training = runner(cfg, tmp_path / f'work{seed}', seed=seed)
        before = {k: v.clone() for k, v in head_of(training.model).items()}
        after = head_of(training.train())
        assert any(not torch.equal(before[k], after[k]) for k in before)
        caches.append(Storage(tmp_path / f'work{seed}/feature_cache'))
    assert len(caches[0]) == 3 * 5
    for index in range(5):
        views = [
            [cache.read(view * 5 + index)['context'] for view in range(3)]
            for cache in caches
        ]
        for found, expected in zip(*views, strict=True):
            torch.testing.assert_close(found, expected)
        different = {tuple(view.flatten().tolist()) for view in views[0]}
        assert len(different) == 3


def test_the_cache_of_another_training_is_refused(tmp_path):
    cfg = frozen_config(MS_RCNN, tmp_path)
    runner(cfg, tmp_path / 'work', 1).train()
    cfg.model.test_cfg.rcnn.score_thr = 0.3
    match = 'another training: model.test_cfg.rcnn.score_thr was 0.0 and is'
    with pytest.raises(ValueError, match=match):
        runner(cfg, tmp_path / 'work', 1).train()


def test_a_cache_that_is_too_large_is_refused(tmp_path):
    cfg = frozen_config(MS_RCNN, tmp_path)
    cfg.train_cfg.max_gb = 1e-4
    with pytest.raises(ValueError, match=r'larger than max_gb=0.0001'):
        runner(cfg, tmp_path / 'work').train()
    assert not (tmp_path / 'work/feature_cache').exists()


def test_a_detector_without_weights_is_refused(tmp_path):
    cfg = frozen_config(MS_RCNN, tmp_path)
    cfg.load_from = None
    with pytest.raises(RuntimeError, match='random weights'):
        runner(cfg, tmp_path / 'work').train()


def test_nothing_to_train_on_is_an_error(tmp_path):
    cfg = frozen_config(PLUS, tmp_path)
    cfg.model.test_cfg.rcnn.score_thr = 1.0
    with pytest.raises(ValueError, match='finds nothing to train on'):
        runner(cfg, tmp_path / 'work').train()


def not_frozen(cfg):
    cfg.model.type = 'MaskRCNN'


def without_mask_score(cfg):
    cfg.model.roi_head = small_config(MASK_RCNN, 1).model.roi_head
    cfg.model.type = 'MaskRCNN'


def mmdets_head(cfg):
    cfg.model.roi_head.type = 'MaskScoringRoIHead'
    cfg.model.roi_head.mask_iou_head = dict(
        type='MaskIoUHead', num_classes=1, in_channels=16
    )


def other_sampler(cfg):
    cfg.model.train_cfg.rcnn.sampler.type = 'InstanceBalancedPosSampler'


def batch_augments(cfg):
    cfg.model.data_preprocessor.batch_augments = [
        dict(type='BatchFixedSizePad', size=(96, 96))
    ]


def random_crop(cfg):
    cfg.train_dataloader.dataset.pipeline.insert(
        2, dict(type='RandomCrop', crop_size=(32, 32))
    )


@pytest.mark.parametrize(
    ('change', 'error', 'match'),
    [
        (not_frozen, TypeError, 'The model is MaskRCNN'),
        (without_mask_score, TypeError, 'The model is MaskRCNN'),
        (mmdets_head, TypeError, 'The RoI head is MaskScoringRoIHead'),
        (other_sampler, TypeError, 'InstanceBalancedPosSampler'),
        (batch_augments, ValueError, 'batch_augments'),
        (random_crop, ValueError, 'RandomCrop'),
    ],
)
def test_what_cannot_be_stored_is_refused_at_once(
    tmp_path, change, error, match
):
    cfg = frozen_config(MS_RCNN, tmp_path)
    change(cfg)
    training = runner(cfg, tmp_path / 'work')
    with pytest.raises(error, match=match):
        training.build_train_loop(training._train_loop)


WAYS = dict(direct=directly, cached=lambda cfg: cfg)


def train_on_ranks(rank, folder):
    cfg = Config.fromfile(folder / 'config.py')
    for name, way in WAYS.items():
        training = runner(way(cfg), folder / name, launcher='pytorch')
        torch.save(head_of(training.model.module), folder / f'start{rank}.pth')
        model = training.train()
        torch.save(head_of(model.module), folder / f'{name}{rank}.pth')
        del training, model


def test_two_processes_train_from_one_cache(tmp_path):
    cfg = frozen_config(PLUS, tmp_path)
    # mmengine's default needs a GPU.
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        find_unused_parameters=True,
    )
    cfg.dump(tmp_path / 'config.py')
    run_ranks(train_on_ranks, tmp_path, 2)
    heads = {
        (way, rank): torch.load(tmp_path / f'{way}{rank}.pth')
        for way in ('start', *WAYS)
        for rank in range(2)
    }
    for way in WAYS:
        assert_same_weights(heads[way, 0], heads[way, 1])
    cached, direct, start = (
        heads[k, 0] for k in ('cached', 'direct', 'start')
    )
    moved = max(float((direct[k] - start[k]).abs().max()) for k in start)
    assert moved > 1e-4
    assert_same_weights(cached, direct, atol=moved / 50)
