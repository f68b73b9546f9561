"""Results of a model, read from a file."""

import json

import pytest

from mmdet_msrcnn.analysis.result_files import (
    leave_out_images,
    read_ground_truth,
    read_results,
)
from tests.test_analysis.test_result_checks import COMPLETE
from tests.test_evaluation.coco_cases import random_case


def test_results(tmp_path):
    path = tmp_path / 'a.mask_scores.json'
    path.write_text(json.dumps(COMPLETE))
    assert read_results(path) == COMPLETE


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'does not exist. Make it with tools/test.py'),
        (None, r'or test_evaluator\.0\.outfile_prefix=PREFIX if the config'),
        ('{', 'is not a PREFIX.mask_scores.json'),
        ('[]', 'is not a PREFIX.mask_scores.json'),
        ('{}', 'is not a PREFIX.mask_scores.json'),
        (
            '{"detections": [], "cat_ids": 1, "img_ids": 1, "max_dets": 1,'
            ' "iou_thrs": 1}',
            'contains no detections',
        ),
    ],
)
def test_other_files_are_named(tmp_path, content, message):
    path = tmp_path / 'a.json'
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_results(path)


def test_images_that_the_annotations_lack(capsys):
    protocol = dict(img_ids=[1, 2, 3], max_dets=5)
    detections = dict(a=[dict(image_id=1), dict(image_id=3)])
    left, kept = leave_out_images(protocol, detections, [3, 1], 'ann.json')
    assert left == dict(img_ids=[1, 3], max_dets=5)
    assert kept == detections
    assert 'Left out 1 of 3 images' in capsys.readouterr().out
    with pytest.raises(ValueError, match='contains none of the 3 images'):
        leave_out_images(protocol, detections, [4], 'ann.json')
    with pytest.raises(ValueError, match='a has no detections on images'):
        leave_out_images(protocol, detections, [2], 'ann.json')


@pytest.mark.parametrize(
    'name', ['cat_ids', 'img_ids', 'max_dets', 'iou_thrs']
)
def test_results_without_their_protocol_are_named(tmp_path, name):
    path = tmp_path / 'a.json'
    path.write_text(
        json.dumps({k: v for k, v in COMPLETE.items() if k != name})
    )
    with pytest.raises(ValueError, match=f'a.json has no {name}'):
        read_results(path)


@pytest.mark.parametrize('name', ['file_name', 'height', 'width'])
def test_images_without_a_key_are_named(tmp_path, name):
    content = json.loads(json.dumps(annotations()))
    del content['images'][-1][name]
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'an image of .* has no {name}'):
        read_ground_truth(path, [])


@pytest.mark.parametrize('name', [2, 0, ['a'], {}, '', None])
def test_names_of_categories_that_are_no_text(tmp_path, name):
    content = annotations()
    content['categories'] = [dict(id=1, name='a'), dict(id=2, name=name)]
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='its own, as text|name of its own'):
        read_ground_truth(path, [1, 2])


def annotations(**changes):
    coco, _ = random_case()
    return dict(coco.dataset, **changes)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{', 'ann.json cannot be read as COCO annotations'),
        ('[]', 'ann.json cannot be read as COCO annotations'),
        (json.dumps(annotations(categories=[])), 'has no category 10'),
        ('{}', 'has no category 10'),
    ],
)
def test_other_annotations_are_named(tmp_path, content, message):
    path = tmp_path / 'ann.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_ground_truth(path, [10])


@pytest.mark.parametrize('name', ['area', 'bbox', 'id', 'segmentation'])
def test_annotations_without_a_key_are_named(tmp_path, name):
    content = annotations()
    del content['annotations'][2][name]
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='ann.json'):
        read_ground_truth(path, [10])


@pytest.mark.parametrize('changed', [dict(name='cat'), {}])
def test_categories_without_a_name_of_their_own(tmp_path, changed):
    categories = [dict(id=i, name='cat') for i in (10, 20)]
    categories[1] = dict(id=20, **changed)
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(annotations(categories=categories)))
    with pytest.raises(ValueError, match='Give each a name of its own'):
        read_ground_truth(path, [10, 20])


def test_annotations(tmp_path):
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(annotations()))
    assert len(read_ground_truth(path, [10, 20, 30]).anns) > 10
