"""Copies of the ground truth, and masks that cannot be read."""

import contextlib
import copy
import io
import json

import numpy as np
import pytest
from mmdet.datasets.api_wrappers import COCO as MMDetCOCO
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.ground_truth import (
    copy_ground_truth,
    rasterize_annotations,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.tables import box_precision
from tests.test_evaluation.coco_cases import (
    SIZE,
    evaluation_of,
    make_coco,
    random_case,
    rectangle,
    run_lengths,
)


@pytest.mark.parametrize('new_id', [lambda i: i, lambda i: i // 2 + 1])
@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_ids_of_annotations_do_not_matter(new_id, kind):
    """Ids from 0, and shared ids, give the figures of ids from 1."""
    coco, detections = random_case()
    renamed = copy.deepcopy(coco.dataset)
    for i, ann in enumerate(renamed['annotations']):
        ann['id'] = new_id(i)
    other = COCO()
    other.dataset = renamed
    with contextlib.redirect_stdout(io.StringIO()):
        other.createIndex()
    expected, found = (
        box_precision(gt, detections, coco.getCatIds(), coco.getImgIds())
        if kind == 'bbox'
        else evaluation_of(gt, detections).precision_by('score')
        for gt in (coco, other)
    )
    assert np.array_equal(expected, found)


def test_missing_crowd_flag_is_no_crowd():
    coco, detections = random_case()
    expected = evaluation_of(coco, detections).precision_by('score')
    for ann in coco.dataset['annotations']:
        if not ann['iscrowd']:
            del ann['iscrowd']
    found = evaluation_of(coco, detections).precision_by('score')
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    'segmentation', [[[40.0, 20, 60]], [], None, {}, 'text', [[1, 2, None]]]
)
def test_segmentation_that_cannot_be_read_is_named(segmentation):
    coco, detections = random_case()
    coco.dataset['annotations'][3].update(id=77, segmentation=segmentation)
    image = coco.dataset['annotations'][3]['image_id']
    message = f"annotation 77 of image '{image}.png'"
    with pytest.raises(ValueError, match=message):
        evaluation_of(coco, detections)


def test_annotation_of_an_image_that_is_not_listed_is_named():
    coco, detections = random_case()
    coco.dataset['annotations'][3].update(
        id=77, image_id=99, segmentation=None
    )
    protocol = coco.getCatIds(), [*coco.getImgIds(), 99]
    with pytest.raises(ValueError, match='annotation 77 cannot be read'):
        MaskEvaluation(coco, detections, *protocol)


@pytest.mark.parametrize('new_id', ['7', 0, None])
def test_copy_has_ids_from_1_and_the_ids_of_the_file(new_id):
    coco, _ = random_case()
    coco.dataset['annotations'][2].update(id=new_id)
    coco.dataset['annotations'][3].update(iscrowd=None)
    before = copy.deepcopy((coco.dataset, coco.anns, coco.imgToAnns))
    copied = copy_ground_truth(coco)
    num = len(coco.dataset['annotations'])
    assert list(copied.anns) == [*range(1, num + 1)]
    assert [ann['file_id'] for ann in copied.anns.values()] == [
        1,
        2,
        new_id,
        *range(4, num + 1),
    ]
    for ann, own in zip(
        coco.dataset['annotations'], copied.anns.values(), strict=True
    ):
        expected = dict(ann, iscrowd=ann['iscrowd'] or 0)
        del expected['id']
        assert {key: own[key] for key in expected} == expected
        own.update(bbox=None, iscrowd=5)
    assert (coco.dataset, coco.anns, coco.imgToAnns) == before
    assert copied.getCatIds() == coco.getCatIds()
    assert copied.getImgIds() == coco.getImgIds()


def test_copy_of_mmdets_class_has_its_indices(tmp_path):
    coco, _ = random_case()
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(coco.dataset))
    with contextlib.redirect_stdout(io.StringIO()):
        mmdets = MMDetCOCO(str(path))
    copied = copy_ground_truth(mmdets)
    assert type(copied) is MMDetCOCO
    # The ids of the file are those of the copy.
    for img_id in mmdets.get_img_ids():
        kwargs = dict(img_ids=[img_id], cat_ids=[10, 20])
        assert copied.get_ann_ids(**kwargs) == mmdets.get_ann_ids(**kwargs)
        anns = copied.img_ann_map[img_id]
        assert all(ann is copied.anns[ann['id']] for ann in anns)
    assert copied.cat_img_map == mmdets.cat_img_map


def test_a_file_without_annotations_is_copied():
    coco = COCO()
    coco.dataset = dict(images=[dict(id=1)], categories=[dict(id=2)])
    copied = copy_ground_truth(coco)
    assert copied.dataset['annotations'] == []
    assert copied.getImgIds() == [1]
    assert 'annotations' not in coco.dataset


def test_each_form_of_a_mask_becomes_the_same_run_lengths():
    box = (10, 10, 20, 30)
    coco = make_coco([(1, 10, box, 0)] * 3, 1, 1)
    compressed, runs, polygon = coco.dataset['annotations']
    counts = run_lengths(rectangle(*box))
    runs['segmentation'] = dict(size=[SIZE, SIZE], counts=counts)
    polygon['segmentation'] = [[10, 10, 30, 10, 30, 40, 10, 40]]
    rasterize_annotations(coco, [1], [10])
    for ann in (compressed, runs, polygon):
        mask = mask_utils.decode(ann['segmentation'])
        assert np.array_equal(mask, rectangle(*box))


def test_only_masks_that_are_evaluated_are_read():
    box = (10, 10, 20, 20)
    rows = [(image, cat, box, 0) for image in (1, 2) for cat in (10, 20)]
    coco = copy_ground_truth(make_coco(rows, 2, 2))
    for ann in coco.dataset['annotations'][1:]:
        ann['segmentation'] = 'text'
    rasterize_annotations(coco, [1], [10])
    rasterize_annotations(coco, [], [10, 20])
    for images, cats, ann in (([1], [20], 2), ([2], [10], 3)):
        message = f"annotation {ann} of image '{images[0]}.png'"
        with pytest.raises(ValueError, match=message):
            rasterize_annotations(coco, images, cats)
