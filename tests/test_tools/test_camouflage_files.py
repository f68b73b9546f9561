"""Files of a set of camouflaged objects."""

import importlib

import numpy as np
import pytest

from tests.helpers import ROOT


@pytest.fixture
def files(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/datasets'))
    return importlib.import_module('camouflage_files')


@pytest.mark.parametrize('high', [1, 128, 255])
def test_any_value_can_be_white(files, high, tmp_path):
    pixels = np.zeros((4, 5), np.uint8)
    pixels[1:3] = high
    found = files.foreground_of(pixels, tmp_path)
    np.testing.assert_array_equal(found, pixels > 0)


def test_smoothed_edges_are_cut_at_half_of_the_highest_value(files, tmp_path):
    pixels = np.zeros((20, 20), np.uint8)
    pixels[5:15, 5:15] = 255
    pixels[5, 5:15], pixels[14, 5:15] = 100, 180
    found = files.foreground_of(pixels, tmp_path)
    assert found[14, 7]
    assert not found[5, 7]
    assert found.sum() == 90


@pytest.fixture
def folder(tmp_path):
    names = ('COD10K-CAM-1.jpg', 'COD10K-NonCAM-2.jpg', 'COD10K-CAM-3.PNG')
    for name in (*names, 'COD10K-CAM-4.txt'):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ('pattern', 'numbers'),
    [
        ('*', '132'),
        ('COD10K-CAM-*', '13'),
        ('*-2', '2'),
    ],
)
def test_images_are_listed_by_the_pattern(files, folder, pattern, numbers):
    found = files.list_images(folder, pattern)
    assert ''.join(path.stem[-1] for path in found) == numbers


@pytest.mark.parametrize('pattern', ['CAM', '*.jpg', 'cod10k-*', ''])
def test_a_pattern_without_images_is_an_error(files, folder, pattern):
    message = (
        f'None of the 3 images of {folder} has a name without suffix that '
        f'matches {pattern!r}; the first is COD10K-CAM-1.jpg. '
        'Correct --pattern'
    )
    with pytest.raises(ValueError) as error:
        files.list_images(folder, pattern)
    assert str(error.value) == message


def test_images_that_do_not_match_may_have_the_same_stem(files, folder):
    (folder / 'COD10K-NonCAM-2.png').touch()
    assert len(files.list_images(folder, 'COD10K-CAM-*')) == 2
    with pytest.raises(ValueError, match='have the same ground truth'):
        files.list_images(folder)
