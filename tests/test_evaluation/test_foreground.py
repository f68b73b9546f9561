"""Foreground maps against figures worked out by hand."""

import json
import re
import sys

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.foreground import (
    INSTALL,
    binary_masks,
    check_size,
    foreground_map,
    load_library,
    map_figures,
    mean_figures,
    stretch,
    true_foreground,
)
from tests.helpers import ROOT

TRUTH = np.zeros((5, 5), bool)
TRUTH[:3, :3] = True


def test_a_pixel_has_the_highest_score_of_the_masks_on_it():
    masks = np.zeros((3, 1, 4), bool)
    masks[0, 0, :2] = masks[1, 0, 1:3] = masks[2, 0, 1] = True
    found = foreground_map(masks, np.array([0.25, 0.75, 0.5]))
    assert found.tolist() == [[0.25, 0.75, 0.75, 0]]
    # In any order of the detections.
    found = foreground_map(masks[::-1], np.array([0.5, 0.75, 0.25]))
    assert found.tolist() == [[0.25, 0.75, 0.75, 0]]


def test_without_detections_the_map_is_empty():
    found = foreground_map(np.zeros((0, 2, 3), bool), np.zeros(0))
    assert found.tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize('score', [-0.1, 1.5, float('nan'), float('inf')])
def test_scores_must_be_in_range(score):
    with pytest.raises(ValueError, match=f'score is {score}.*from 0 to 1'):
        foreground_map(np.ones((2, 1, 1), bool), np.array([0.5, score]))


def test_masks_of_tensors_and_of_run_lengths_are_equal():
    masks = np.zeros((2, 3, 4), np.uint8)
    masks[0, 1] = masks[1, :, 2] = 1
    rles = [mask_utils.encode(np.asfortranarray(mask)) for mask in masks]
    for given in (torch.from_numpy(masks), torch.from_numpy(masks) > 0, rles):
        found = binary_masks(given, (3, 4))
        assert found.dtype == bool
        np.testing.assert_array_equal(found, masks)
    assert binary_masks([], (3, 4)).shape == (0, 3, 4)


def test_a_map_is_stretched_to_0_and_1():
    found = stretch(np.array([[0.25, 0.5], [0.75, 0.25]]))
    assert found.tolist() == [[0, 0.5], [1, 0]]
    for value in (0, 0.5):
        constant = np.full((2, 2), value)
        assert stretch(constant).tolist() == constant.tolist()


@pytest.fixture
def coco(tmp_path):
    """Image 7 has two polygons that overlap, image 8 has none."""

    def square(left, right):
        return [left, 1, right, 1, right, 3, left, 3]

    annotations = [
        dict(
            id=i,
            image_id=7,
            category_id=1,
            bbox=[1, 1, 2, 2],
            area=4,
            iscrowd=0,
            segmentation=[square(*sides)],
        )
        for i, sides in enumerate(((1, 3), (2, 5)), 1)
    ]
    images = [
        dict(id=i, file_name=f'{i}.jpg', width=6, height=4) for i in (7, 8)
    ]
    path = tmp_path / 'ann.json'
    categories = [dict(id=1, name='object')]
    path.write_text(
        json.dumps(
            dict(images=images, annotations=annotations, categories=categories)
        )
    )
    return COCO(str(path))


def test_the_truth_is_the_union_of_the_instances(coco):
    expected = np.zeros((4, 6), bool)
    expected[1:3, 1:5] = True
    np.testing.assert_array_equal(true_foreground(coco, 7), expected)
    np.testing.assert_array_equal(
        true_foreground(coco, 8), np.zeros((4, 6), bool)
    )


def test_an_image_that_is_not_in_the_annotations_is_named(coco):
    with pytest.raises(ValueError, match='no image with the id 9'):
        true_foreground(coco, 9)


def test_another_size_is_an_error():
    image = dict(id=3, file_name='a.jpg')
    check_size(np.zeros((2, 3)), np.zeros((2, 3), bool), image)
    with pytest.raises(ValueError, match=r"'a.jpg'.*\(2, 3\).*\(3, 2\)"):
        check_size(np.zeros((2, 3)), np.zeros((3, 2), bool), image)


def test_figures_worked_out_by_hand():
    """0.5 on the object, 0 elsewhere.

    S-measure. Object: 2 x 0.5 / (0.25 + 1) = 0.8 on the object, 1 around it:
    9/25 x 0.8 + 16/25 = 0.928. Regions: the centroid is (1, 1), so the map is
    cut after 2 rows and 2 columns. The first region (4/25) is constant in both
    maps: 1. In the others x = y / 2, so SSIM = 4 x 0.5 x 0.5 / (1.25 x 1.25) =
    0.64. Together 0.16 + 0.84 x 0.64 = 0.6976. The mean of both is 0.8128.

    MAE: 9 pixels of 25 are wrong by 0.5. E-measure: twice the mean is 0.36,
    which cuts out the object itself; the sum over 25 pixels is divided by 24.
    """
    found = map_figures(0.5 * TRUTH, TRUTH)
    assert found['s_measure'] == pytest.approx(0.8128)
    assert found['mae'] == pytest.approx(0.18)
    assert found['e_measure_adaptive'] == pytest.approx(25 / 24)
    assert found['e_curve'].shape == (256,)
    # At thresholds above 0.5 nothing is left, and each pixel counts 1/4; at 0
    # everything is foreground, likewise.
    curve = found['e_curve']
    assert curve[:128] == pytest.approx(25 / 24 / 4)
    assert curve[128:255] == pytest.approx(25 / 24)
    assert curve[255] == pytest.approx(25 / 24 / 4)


def test_a_perfect_map():
    found = map_figures(TRUTH.astype(float), TRUTH)
    assert found['s_measure'] == pytest.approx(1)
    assert found['weighted_f'] == pytest.approx(1)
    assert found['mae'] == 0
    assert found['e_curve'][:255] == pytest.approx(25 / 24)


def test_the_opposite_map():
    found = map_figures(1 - TRUTH.astype(float), TRUTH)
    assert found['s_measure'] == pytest.approx(0, abs=0.05)
    assert found['mae'] == 1


def test_an_empty_map():
    found = map_figures(np.zeros((5, 5)), TRUTH)
    assert found['mae'] == pytest.approx(9 / 25)
    # The object counts 0 and the rest 1; the region where both maps are
    # constant counts 1 and the others 0.
    assert found['s_measure'] == pytest.approx((16 / 25 + 4 / 25) / 2)
    assert found['e_curve'] == pytest.approx(25 / 24 / 4)


def test_weighted_f_of_wrong_maps():
    """It looks 3 pixels around, so the object is far from the border."""
    truth = np.zeros((40, 40), bool)
    truth[10:30, 10:30] = True
    for wrong in (np.zeros((40, 40)), 1.0 - truth):
        assert map_figures(wrong, truth)['weighted_f'] == pytest.approx(0)
    # Half the recall at full precision: 2 x 0.5 / (1 + 0.5).
    found = map_figures(0.5 * truth, truth)
    assert found['weighted_f'] == pytest.approx(2 / 3)


def test_an_image_without_foreground():
    nothing = np.zeros((5, 5), bool)
    found = map_figures(nothing.astype(float), nothing)
    assert found['s_measure'] == 1
    assert found['mae'] == 0
    assert found['weighted_f'] == 0
    found = map_figures(np.full((5, 5), 0.25), nothing)
    assert found['s_measure'] == 0.75
    assert found['mae'] == 0.25


def test_means_over_images():
    """The maximum is that of the mean curve, not the mean of maxima."""
    images = [
        dict(mae=0.25, e_curve=np.array([0.0, 1.0, 0.5])),
        dict(mae=0.75, e_curve=np.array([1.0, 0.0, 0.5])),
    ]
    assert mean_figures(images) == dict(
        mae=0.5, e_measure_mean=0.5, e_measure_max=0.5
    )


def test_the_command_has_the_versions_of_make_setup():
    makefile = (ROOT / 'Makefile').read_text()
    (pin,) = re.findall(r'^SOD := (\S+)$', makefile, re.MULTILINE)
    pins = (ROOT / 'requirements.txt').read_text().splitlines()
    (image,) = [line for line in pins if line.startswith('scikit-image')]
    page = (ROOT / 'docs/camouflage.md').read_text()
    for version in (pin, image):
        assert version in INSTALL
        assert version in page


def test_a_missing_library_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, 'py_sod_metrics', None)
    command = 'pip install --no-deps pysodmetrics=='
    with pytest.raises(ImportError, match=f'needs pysodmetrics.*{command}'):
        load_library()
