"""Results of a model that predicts boxes alone."""

import json

import pytest
from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.box_results import (
    collect_boxes,
    predicts_masks,
)


@pytest.fixture
def run(tmp_path):
    """One image with two boxes, one of which is found."""
    boxes = [[0, 0, 10, 10], [20, 20, 10, 10]]
    content = dict(
        images=[dict(id=1, file_name='a.png', height=40, width=40)],
        annotations=[
            dict(id=i, image_id=1, category_id=3, bbox=box, area=100)
            | dict(iscrowd=0, segmentation=[])
            for i, box in enumerate(boxes, 1)
        ],
        categories=[dict(id=3, name='a')],
    )
    (tmp_path / 'val.json').write_text(json.dumps(content))
    found = dict(image_id=1, category_id=3, bbox=boxes[0], score=0.9)
    (tmp_path / 'results.bbox.json').write_text(json.dumps([found]))
    log = tmp_path / 'test/1/1.json'
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps(dict(time=0.5, data_time=0.25)))
    evaluator = dict(ann_file=str(tmp_path / 'val.json'), metric='bbox')
    return tmp_path, Config(dict(test_evaluator=evaluator))


def test_half_of_the_boxes(run):
    folder, cfg = run
    result = collect_boxes(folder, cfg, cfg)
    # Recall 0.5: 51 of the 101 points of the precision are 1.
    for item in ('mAP', 'mAP_50', 'mAP_75'):
        assert result['metrics']['box'][item] == pytest.approx(51 / 101)
    assert result['metrics']['run'] == dict(seconds_per_image=0.25)
    assert result['detections'] == 1
    assert result['config'] == cfg.pretty_text
    assert json.dumps(result)


def test_no_detection_is_an_error(run):
    folder, cfg = run
    (folder / 'results.bbox.json').write_text('[]')
    with pytest.raises(ValueError, match='detects nothing'):
        collect_boxes(folder, cfg, cfg)


@pytest.mark.parametrize(
    ('metric', 'expected'),
    [
        (None, True),
        ('segm', True),
        (['bbox', 'segm'], True),
        ('bbox', False),
        (['bbox'], False),
    ],
)
def test_a_config_says_whether_it_has_masks(metric, expected):
    evaluator = {} if metric is None else dict(metric=metric)
    cfg = Config(dict(test_evaluator=evaluator))
    assert predicts_masks(cfg) == expected
