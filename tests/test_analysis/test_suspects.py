"""Suspects in scenes whose faults are known."""

import contextlib
import io
import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.suspects import (
    polygons_of,
    suspect_labels,
    suspect_masks,
    to_coco,
    write_suspects,
)
from tests.helpers import ellipse_masks
from tests.test_analysis.test_errors import (
    FAR,
    INSTANCE,
    SECOND,
    detection,
)
from tests.test_evaluation.coco_cases import SIZE, evaluation_of, make_coco


def scene():
    """An unlabelled object, a wrong class, a poor label, an empty label."""
    coco = make_coco(
        [(1, 10, INSTANCE, 0), (1, 20, SECOND, 0), (2, 10, FAR, 0)], 2, 2
    )
    detections = [
        detection((10, 10, 20, 8), 0.8),
        detection(SECOND, 0.9),
        detection(FAR, 0.6),
    ]
    return coco, evaluation_of(coco, detections)


def test_labels():
    _, evaluator = scene()
    found = suspect_labels(evaluator)
    assert [(one['reason'], one['suspicion']) for one in found] == [
        # The first of each reason.
        ('nothing found', 1),
        ('another class', 0.45),
        ('another shape', 0.4),
        ('no label', 0.3),
    ]
    assert found[1]['source']['category_id'] == 10


def test_correct_labels_are_not_suspected():
    coco = make_coco([(1, 10, INSTANCE, 0)], 1, 1)
    evaluator = evaluation_of(
        coco, [detection(INSTANCE, 0.1), detection(INSTANCE, 0.05)]
    )
    assert suspect_labels(evaluator) == []


def test_a_label_that_is_found_is_not_suspected():
    coco = make_coco([(1, 10, INSTANCE, 0)], 1, 2)
    half, part = (10, 10, 20, 10), (10, 10, 20, 5)
    detections = [
        detection(half, 0.5),
        detection(INSTANCE, 0.4),
        detection(INSTANCE, 0.3, 20),
        detection(part, 0.9),
    ]
    assert suspect_labels(evaluation_of(coco, detections)) == []


def test_reasons_take_turns():
    coco = make_coco([(1, 10, INSTANCE, 0)], 1, 1)
    detections = [
        detection((10, 10, 20, 6), 0.3),
        detection(SECOND, 0.9),
        detection((35, 35, 20, 20), 0.8),
    ]
    found = suspect_labels(evaluation_of(coco, detections))
    assert [one['reason'] for one in found] == [
        'no label',
        'another shape',
        'no label',
    ]


@pytest.mark.parametrize('ids', [(2, 1, 3), (100, 200, 300), (0, 1, 2)])
def test_annotation_ids_of_any_kind(ids, tmp_path):
    coco, _ = scene()
    for ann, new in zip(coco.dataset['annotations'], ids, strict=True):
        ann['id'] = new
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    evaluator = evaluation_of(coco, [detection(INSTANCE, 0.9)])
    found = suspect_labels(evaluator)
    content = to_coco(coco, found)
    for ann, one in zip(content['annotations'], found, strict=True):
        rles = mask_utils.frPyObjects(ann['segmentation'], SIZE, SIZE)
        mask = mask_utils.decode(mask_utils.merge(rles))
        expected = mask_utils.decode(one['source']['segmentation'])
        assert (mask & expected).sum() / (mask | expected).sum() > 0.85
        x, y, width, height = ann['bbox']
        ys, xs = np.nonzero(mask)
        assert x <= xs.min() and xs.max() <= x + width
        assert y <= ys.min() and ys.max() <= y + height


def test_masks_of_a_few_pixels_are_not_suspected():
    for width, suspects in ((3, 0), (4, 1)):
        coco = make_coco([(2, 10, (0, 0, width, 20), 0)], 2, 1)
        dets = [detection((40, 40, 20, width), 0.9)]
        evaluator = evaluation_of(coco, dets)
        assert len(suspect_masks(evaluator)) == suspects
        assert len(suspect_labels(evaluator)) == 2 * suspects


def test_masks():
    _, evaluator = scene()
    evaluator.detections[0]['mask_score'] = 0.1
    evaluator.detections[2]['score'] = 0.49
    found = suspect_masks(evaluator)
    assert [one['suspicion'] for one in found] == pytest.approx([0.7, 0.45])
    # A learned mask score may be above the class score.
    evaluator.detections[1]['mask_score'] = 0.95
    assert len(suspect_masks(evaluator)) == 1
    assert found[0]['source'] is evaluator.detections[0]


@pytest.mark.parametrize('seed', range(3))
def test_polygons_are_the_mask_with_holes_filled(seed):
    (mask,) = ellipse_masks(1, 80, 90, seed)
    filled = mask.copy()
    outlines, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(filled, outlines, -1, 1, -1)
    rles = mask_utils.frPyObjects(polygons_of(mask), 80, 90)
    found = mask_utils.decode(mask_utils.merge(rles))
    assert (found & filled).sum() / (found | filled).sum() > 0.95


def test_a_single_pixel_is_a_polygon():
    mask = np.zeros((5, 5), np.uint8)
    mask[2, 3] = 1
    (polygon,) = polygons_of(mask)
    assert len(polygon) >= 6


def read(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)


def test_pycocotools_reads_the_data_set(tmp_path):
    coco, evaluator = scene()
    found = suspect_labels(evaluator)
    path = tmp_path / 'suspects.json'
    path.write_text(json.dumps(to_coco(coco, found)))
    suspects = read(path)
    assert len(suspects.anns) == len(found)
    for ann, one in zip(suspects.anns.values(), found, strict=True):
        mask = suspects.annToMask(ann).astype(bool)
        source = one['source']
        expected = mask_utils.decode(source['segmentation']).astype(bool)
        assert (mask & expected).sum() / (mask | expected).sum() > 0.85
        assert ('class_score' in ann) == (one['reason'] != 'nothing found')


def test_files(tmp_path):
    coco, evaluator = scene()
    images = tmp_path / 'images'
    images.mkdir()
    for image in coco.dataset['images']:
        picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
        cv2.imwrite(str(images / image['file_name']), picture)
    out = tmp_path / 'out'
    found = suspect_labels(evaluator)
    write_suspects(out, coco, found, images)
    assert len(list((out / 'pictures').iterdir())) == len(found)
    pictures = [
        cv2.imread(str(path)).astype(int)
        for path in sorted((out / 'pictures').iterdir())
    ]
    for picture in pictures:
        assert min(picture.shape[:2]) >= 200
        assert ((picture[..., 2] > 180) & (picture[..., 1] < 120)).any()
    # The label of another class is drawn too.
    green = (pictures[1][..., 1] > 170) & (pictures[1][..., 2] < 130)
    assert found[1]['reason'] == 'another class'
    assert green.any()
    own = out / 'pictures' / '0001_left.png'
    own.touch()
    write_suspects(out, coco, found[:2], images)
    own.unlink()
    assert len(list((out / 'pictures').iterdir())) == 2
    write_suspects(out, coco, found, images)
    assert (out / 'images.txt').read_text() == '2.png\n1.png\n'
    assert len(read(out / 'suspects.json').anns) == len(found)
    names = sorted(path.name for path in (out / 'pictures').iterdir())
    assert names[1] == '0002_another-class.png'
    assert len(names) == len(found)
    # One of the pictures can still be drawn.
    (images / '1.png').unlink()
    before = {p: p.read_bytes() for p in out.rglob('*.*')}
    with pytest.raises(FileNotFoundError, match='1.png is missing'):
        write_suspects(out, coco, found[::-1], images)
    assert {p: p.read_bytes() for p in out.rglob('*.*')} == before


def test_pictures_are_not_written_among_the_images(tmp_path):
    coco, evaluator = scene()
    with pytest.raises(ValueError, match='pictures holds the images'):
        write_suspects(
            tmp_path,
            coco,
            suspect_labels(evaluator),
            tmp_path / 'pictures',
        )
