"""Run lengths, as pycocotools reads them."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.run_lengths import read_counts
from tests.test_datasets.files import (
    HEIGHT,
    WIDTH,
    assert_only_finding,
    content,
    rle,
)

NUM = HEIGHT * WIDTH


def masks() -> list[np.ndarray]:
    """Empty, full, noise, and long runs, which differ by many digits."""
    rng = np.random.default_rng(0)
    shapes = [(60, 80), (1, 1), (700, 900), (5, 2000)]
    found = [np.zeros((60, 80)), np.ones((60, 80))]
    for shape in shapes:
        for share in (0.001, 0.1, 0.5, 0.9):
            found.append(rng.random(shape) < share)
    for _ in range(20):
        mask = np.zeros((700, 900))
        x, y = rng.integers(0, 600, 2)
        mask[y : y + rng.integers(1, 300), x : x + rng.integers(1, 300)] = 1
        found.append(mask)
    return found


def test_the_code_of_pycocotools():
    for mask in masks():
        code = mask_utils.encode(np.asfortranarray(mask, np.uint8))
        runs = read_counts(code['counts'].decode())
        ones = np.arange(len(runs)) % 2
        pixels = np.repeat(ones, runs)
        np.testing.assert_array_equal(pixels, mask.ravel(order='F'))


def test_runs_that_are_not_compressed():
    assert read_counts([10, 20, 4770]).tolist() == [10, 20, 4770]
    assert read_counts([10.0, 20.0]).tolist() == [10, 20]


def compress(runs: list[int]) -> str:
    code = dict(size=[HEIGHT, WIDTH], counts=runs)
    code = mask_utils.frPyObjects(code, HEIGHT, WIDTH)
    return code['counts'].decode()


@pytest.mark.parametrize(
    ('counts', 'what'),
    [
        # pycocotools decodes what is in memory.
        ([10, 20], 'cover 30 pixels, but the image has 4800'),
        (compress([10, 20]), 'cover 30 pixels, but the image has 4800'),
        ([], 'cover 0 pixels'),
        ('', 'cover 0 pixels'),
        ([10, 20, NUM], 'cover 4830 pixels'),
        ([10, -20, NUM + 10], 'cover 4800 pixels'),
        (['10', NUM - 10], 'not a whole number'),
        ([10.5, NUM - 10.5], 'not a whole number'),
        ([10, None], 'not a whole number'),
        ([10, float('inf')], 'not a whole number'),
        ([10, 1e300], 'too long'),
        ([True, NUM - 1], 'not a whole number'),
        ('é', "not in COCO's format"),
        (' ', "not in COCO's format"),
        # More characters are announced than there are.
        ('z', "not in COCO's format"),
        ('o' * 20 + '0', 'too many characters'),
    ],
)
@pytest.mark.filterwarnings('error')
def test_bad_counts(counts, what):
    broken = content()
    broken['annotations'][0]['segmentation'] = dict(
        size=[HEIGHT, WIDTH], counts=counts
    )
    (finding,) = check_annotations(broken)
    assert (finding.level, finding.kind) == ('error', 'run lengths')
    assert what in finding.what
    assert finding.where == "annotation 1 of image '1.png' (id 1)"


@pytest.mark.parametrize('counts', [[NUM], [NUM, 0], compress([NUM])])
def test_empty_masks(counts):
    broken = content()
    broken['annotations'][0]['segmentation'] = dict(
        size=[HEIGHT, WIDTH], counts=counts
    )
    (finding,) = check_annotations(broken)
    assert (finding.level, finding.kind) == ('error', 'empty mask')


# changes of annotation 1 of image 1, level, kind, part of what is said
SIZES = [
    (
        dict(segmentation=rle(WIDTH, HEIGHT)),
        'error',
        'size of run lengths',
        '[80, 60], the image [60, 80]',
    ),
    (
        dict(segmentation=dict(size=[60, 80])),
        'error',
        'segmentation',
        'counts and size',
    ),
]


@pytest.mark.parametrize(('changes', 'level', 'kind', 'what'), SIZES)
def test_size_of_run_lengths(changes, level, kind, what):
    assert_only_finding(changes, level, kind, what)
