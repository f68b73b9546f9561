"""Metafile entry of a published model."""

import json

import pytest
from mmengine.config import Config

from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.lab.model_zoo.entry import (
    data_set_name,
    model_entry,
    read_report,
    training_length,
)
from tests.config_family import FOLDER

ROW = {'box AP': 0.41, 'class_score': 0.35}
COLLECTION = dict(Name='Method', Metadata={'Training Data': 'fruit'})


def write(folder, content):
    path = folder / 'report.json'
    path.write_text(
        content if isinstance(content, str) else json.dumps(content)
    )
    return path


def test_figures_of_the_one_model(tmp_path):
    row = dict(ROW, mask_score=0.36, share=None)
    content = dict(models=dict(a=dict(row=row)), max_dets=300)
    figures, max_dets = read_report(write(tmp_path, content))
    assert figures == Figures(box_ap=0.41, class_score=0.35, mask_score=0.36)
    assert max_dets == 300


@pytest.mark.parametrize(
    'content',
    [
        '{"models": {',
        '[]',
        dict(max_dets=100),
        dict(models={}, max_dets=100),
        dict(models=dict(a=dict(row=ROW), b=dict(row=ROW)), max_dets=100),
        dict(models=dict(a=dict(row=ROW))),
        dict(models=dict(a=dict(row={'box AP': 0.41})), max_dets=100),
        dict(models=dict(a=dict(row=dict(class_score=0.3))), max_dets=100),
        dict(models=dict(a=dict(row=dict(ROW, mae='low'))), max_dets=100),
        dict(models=dict(a=[ROW]), max_dets=100),
    ],
)
def test_another_file_is_named(tmp_path, content):
    with pytest.raises(ValueError, match=r'report\.json is not the report of'):
        read_report(write(tmp_path, content))


@pytest.mark.parametrize(
    ('config', 'name'),
    [
        ('ms_rcnn/ms-rcnn_r50_fpn_18e_cityscapes', 'Cityscapes'),
        ('ms_rcnn/ms-rcnn_r50_fpn_18e_coco', 'fruit'),
    ],
)
def test_data_set_is_that_of_the_config_or_the_collection(config, name):
    cfg = Config.fromfile(FOLDER / f'{config}.py')
    assert data_set_name(cfg, COLLECTION) == name


@pytest.mark.parametrize('version', ['LVIS v0.5', 'LVIS v1'])
def test_data_set_within_a_wrapper(version):
    kind = {'LVIS v0.5': 'LVISV05Dataset', 'LVIS v1': 'LVISV1Dataset'}[version]
    dataset = dict(type=kind, ann_file='a.json')
    wrapped = dict(type='ClassBalancedDataset', dataset=dataset)
    cfg = Config(dict(train_dataloader=dict(dataset=wrapped)))
    assert data_set_name(cfg, COLLECTION) == version


# loop of the config, meta of the checkpoint, length
@pytest.mark.parametrize(
    ('loop', 'meta', 'length'),
    [
        # What was trained, else what was planned.
        (dict(max_epochs=18), dict(epoch=12, iter=900), {'Epochs': 12}),
        (dict(max_epochs=18), {}, {'Epochs': 18}),
        (dict(max_iters=70), dict(epoch=0, iter=60), {'Iterations': 60}),
        (dict(max_iters=70), {}, {'Iterations': 70}),
    ],
)
def test_length_of_the_training(loop, meta, length):
    assert training_length(Config(dict(train_cfg=loop)), meta) == length


def metrics(figures: Figures) -> dict:
    """Metrics of an entry by task, after a look at the rest of it."""
    metadata = {'Epochs': 18}
    found = model_entry(
        FOLDER / 'ms_rcnn/ms-rcnn_r50_fpn_18e_coco.py',
        COLLECTION,
        'fruit',
        metadata,
        figures,
        'http://h/a-0123abcd.pth',
    )
    results = found.pop('Results')
    assert found == {
        'Name': 'ms-rcnn_r50_fpn_18e_coco',
        'In Collection': 'Method',
        'Config': 'configs/ms_rcnn/ms-rcnn_r50_fpn_18e_coco.py',
        'Metadata': metadata,
        'Weights': 'http://h/a-0123abcd.pth',
    }
    assert {result['Dataset'] for result in results} == {'fruit'}
    return {result['Task']: result['Metrics'] for result in results}


def test_entry_of_a_model_with_mask_scores():
    figures = Figures(
        box_ap=0.40149, class_score=0.3, mask_score=0.3251, oracle=0.4, mae=0.1
    )
    assert metrics(figures) == {
        'Object Detection': {'box AP': 40.1},
        'Instance Segmentation': {
            'mask AP': 32.5,
            'mask AP by class score': 30.0,
            'mask AP by oracle': 40.0,
        },
    }


def test_entry_of_a_model_without_mask_scores():
    figures = Figures(box_ap=0.4, class_score=0.3, oracle=0.4)
    assert metrics(figures)['Instance Segmentation'] == {'mask AP': 30.0}
