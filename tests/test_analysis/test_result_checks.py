"""Damaged results are named."""

import json

import pytest

from mmdet_msrcnn.analysis.result_files import read_results

COMPLETE = dict(
    detections=[
        dict(
            image_id=1,
            category_id=7,
            bbox=[0, 0, 1, 1],
            segmentation=dict(size=[1, 1], counts='01'),
            score=0.5,
            mask_iou=0.5,
            mask_score=0.25,
        )
    ]
    * 2,
    cat_ids=[7],
    img_ids=[1],
    max_dets=5,
    iou_thrs=[0.5],
)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('score', None),
        ('mask_score', float('nan')),
        ('mask_score', 'high'),
        ('mask_score', 1e308),
        ('mask_iou', -0.1),
        ('score', True),
        ('score', 1.1),
        ('score', 10**400),
        ('bbox', None),
        ('bbox', [0, 0]),
        ('bbox', [0, 0, -1, 1]),
        ('bbox', [0, 0, 1, float('inf')]),
        ('segmentation', 'text'),
        ('segmentation', dict(size=[1, 1])),
        ('segmentation', dict(size=[1, 1], counts=[0, 1])),
        ('segmentation', dict(size=[1], counts='01')),
        ('segmentation', [[0, 0, 1, 0, 1, 1]]),
        ('image_id', 2),
        ('image_id', [1]),
        ('category_id', 8),
        ('bbox', ...),
        ('mask_iou', ...),
    ],
)
def test_damaged_detections_are_named(tmp_path, name, value):
    bad = dict(COMPLETE['detections'][1], **{name: value})
    if value is ...:
        del bad[name]
    content = dict(COMPLETE, detections=[COMPLETE['detections'][0], bad])
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'{name} of detection 1 of .* is '):
        read_results(path)


@pytest.mark.parametrize('detections', [{'a': 1}, 'text', [1], 7])
def test_what_is_no_list_of_detections_is_named(tmp_path, detections):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(COMPLETE, detections=detections)))
    with pytest.raises(ValueError, match='a.json are not a list of detecti'):
        read_results(path)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('cat_ids', []),
        ('cat_ids', 7),
        ('img_ids', [1, 1]),
        ('img_ids', [1, 'a']),
        ('img_ids', [1, None]),
        ('max_dets', '5'),
        ('max_dets', 0),
        ('max_dets', True),
        ('iou_thrs', []),
        ('iou_thrs', 0.5),
        ('iou_thrs', ['0.5']),
    ],
)
def test_damaged_protocols_are_named(tmp_path, name, value):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(COMPLETE, **{name: value})))
    with pytest.raises(ValueError, match=f'{name} of .* is .*must be a '):
        read_results(path)


@pytest.mark.parametrize('ids', [['a', 'b'], [1, 2.0]])
def test_ids_may_be_text_or_numbers(tmp_path, ids):
    content = json.loads(json.dumps(COMPLETE))
    content['img_ids'] = ids
    for det in content['detections']:
        det['image_id'] = ids[1]
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    assert read_results(path) == content
