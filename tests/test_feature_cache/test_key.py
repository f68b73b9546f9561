"""A cache is valid for one checkpoint, one config and one data set."""

import copy
import importlib.metadata

import pytest
import torch
from mmdet.registry import DATASETS

from mmdet_msrcnn.feature_cache.key import (
    annotation_hashes,
    images_hash,
    model_settings,
    plain,
    versions,
    weights_hash,
)
from mmdet_msrcnn.utils.differences import first_difference
from tests.helpers import MS_RCNN, PLUS, build_model, small_config
from tests.test_feature_cache.frozen_training import frozen_config

SCORER = 'roi_head.mask_iou_head'


def frozen_model():
    cfg = small_config()
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    return build_model(cfg)


def test_weights_of_the_detector_count():
    model = frozen_model()
    before = weights_hash(model)
    assert weights_hash(copy.deepcopy(model)) == before
    head = model.roi_head
    with torch.no_grad():
        head.mask_iou_head.fcs[0].bias += 1
    assert weights_hash(model) == before
    with torch.no_grad():
        head.bbox_head.fc_cls.bias[0] += 1e-6
    assert weights_hash(model) != before


def test_running_statistics_count():
    model = frozen_model()
    before = weights_hash(model)
    model.backbone.bn1.running_mean[0] += 1e-6
    assert weights_hash(model) != before


def settings(path=MS_RCNN, needs_all_masks=False, **changes):
    cfg = small_config(path)
    cfg.merge_from_dict(changes)
    return plain(model_settings(cfg.model.to_dict(), SCORER, needs_all_masks))


@pytest.mark.parametrize(
    'changes',
    [
        {'model.roi_head.mask_iou_head.fusion': 'multiply'},
        {'model.roi_head.mask_iou_head.fc_out_channels': 8},
        {'model.roi_head.mask_iou_head.num_neighbors': 8},
        {'model.roi_head.mask_iou_head.loss_iou.tau': 0.3},
    ],
)
def test_layers_and_losses_of_the_scorer_do_not_count(changes):
    assert settings(**changes) == settings()


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        (
            {'model.test_cfg.rcnn.score_thr': 0.3},
            'test_cfg.rcnn.score_thr was 0.0 and is 0.3',
        ),
        (
            {'model.roi_head.mask_iou_head.target_classes': 'all'},
            "scorer.target_classes was None and is 'all'",
        ),
        (
            {'model.data_preprocessor.mean': [0, 0, 0]},
            'data_preprocessor.mean was [123.675, 116.28, 103.53] and is '
            '[0, 0, 0]',
        ),
        (
            {'model.rpn_head.anchor_generator.scales': [4]},
            'rpn_head.anchor_generator.scales was [8] and is [4]',
        ),
        (dict(needs_all_masks=True), 'scorer.all_masks was False and is True'),
        (
            dict(path=PLUS),
            'roi_head.type was '
            "'mmdet_msrcnn.MaskScoringRoIHead' and is "
            "'mmdet_msrcnn.DetectionScoringRoIHead'",
        ),
    ],
)
def test_what_decides_the_stored_values_counts(changes, expected):
    assert first_difference(settings(), settings(**changes)) == expected


def test_an_argument_of_a_scorer_of_ones_own_counts():
    cfg = small_config().model.to_dict()
    changed = copy.deepcopy(cfg)
    changed['roi_head']['mask_iou_head']['my_target'] = 3
    found = first_difference(
        model_settings(cfg, SCORER, False),
        model_settings(changed, SCORER, False),
    )
    assert found == 'scorer.my_target was None and is 3'


def test_two_files_of_one_name_are_two_files(tmp_path):
    datasets = []
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'train.json').write_text(name)
        datasets.append(
            dict(data_root=f'{tmp_path}/{name}', ann_file='train.json')
        )
    hashes = annotation_hashes(dict(datasets=datasets))
    assert len({*hashes}) == 2


def test_versions_are_those_that_are_installed():
    found = versions()
    assert found['mmdet'] == importlib.metadata.version('mmdet')
    assert found['mmcv'] == importlib.metadata.version('mmcv')


def test_a_built_model_has_the_same_settings():
    cfg = small_config()
    before = plain(model_settings(cfg.model, SCORER, False))
    build_model(cfg)
    assert plain(model_settings(cfg.model, SCORER, False)) == before


def test_files_count(tmp_path):
    data = frozen_config(MS_RCNN, tmp_path).train_dataloader.dataset
    path = tmp_path / 'ann.json'

    def state():
        dataset = DATASETS.build(data)
        return annotation_hashes(data), images_hash(dataset)

    annotations, images = state()
    assert len(annotations) == 1
    assert state() == (annotations, images)
    path.write_text(path.read_text() + ' ')
    assert state()[0] != annotations
    assert state()[1] == images
    with open(tmp_path / '0.png', 'ab') as file:
        file.write(b'0')
    assert state()[1] != images
