"""Results of a model, read from a file."""

import json

import pytest

from mmdet_msrcnn.analysis.result_files import leave_out_images, read_results


def test_results(tmp_path):
    path = tmp_path / 'a.mask_scores.json'
    path.write_text(json.dumps(dict(detections=[1])))
    assert read_results(path) == dict(detections=[1])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'does not exist. Make it with tools/test.py'),
        ('{', 'is not a PREFIX.mask_scores.json'),
        ('[]', 'is not a PREFIX.mask_scores.json'),
        ('{}', 'is not a PREFIX.mask_scores.json'),
        ('{"detections": []}', 'contains no detections'),
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
