"""Instances of camouflaged objects."""

import importlib

import cv2
import numpy as np
import pytest

from tests.helpers import ROOT

SIZE = (60, 80)


@pytest.fixture
def instances(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools/datasets'))
    return importlib.import_module('camouflage_instances')


@pytest.mark.parametrize(
    'values',
    [
        np.array([0, 7, 255], np.uint8),
        np.array([0, 300, 40000], np.uint16),
        np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0]], np.uint8),
        # The last channel is opacity.
        np.array([[0, 0, 0, 255], [0, 0, 9, 255], [9, 0, 0, 255]], np.uint8),
    ],
)
def test_each_colour_or_grey_is_an_instance(instances, values, tmp_path):
    index = np.repeat(np.arange(3), 4).reshape(3, 4)
    masks = instances.instances_of(values[index], tmp_path)
    found = {tuple(np.unique(index[mask])) for mask in masks}
    assert len(masks) == 2
    assert found == {(1,), (2,)}


def box(top, bottom, left, right):
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


# Two objects of 400 and 800 pixels, which touch.
MASKS = [box(10, 30, 10, 30), box(10, 50, 30, 50)]
FOREGROUND = np.any(MASKS, axis=0)
NOTHING = np.zeros(SIZE, bool)


@pytest.fixture
def check(instances, tmp_path):
    def check(masks, foreground):
        instances.check_instances(
            masks, foreground, tmp_path / 'own.png', tmp_path / 'truth.png'
        )

    return check


@pytest.fixture
def message_of(check, tmp_path):
    """What the error says after the name of the file."""

    def message_of(masks, foreground):
        with pytest.raises(ValueError) as error:
            check(masks, foreground)
        text = str(error.value)
        assert text.startswith(f'{tmp_path}/own.png ')
        assert text.endswith(', or leave out --instances')
        return text.removeprefix(f'{tmp_path}/own.png ').replace(
            f'{tmp_path}/', ''
        )

    return message_of


def test_instances_that_agree_with_the_foreground(check):
    check(MASKS, FOREGROUND)
    check([], NOTHING)


def resized(mask, change):
    return change(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


@pytest.mark.parametrize('change', [cv2.dilate, cv2.erode])
def test_the_outline_may_be_a_pixel_off(check, change):
    # Of objects so small that this is more than a tenth of their pixels.
    union = resized(FOREGROUND, change)
    assert (union ^ FOREGROUND).sum() > 0.1 * FOREGROUND.sum()
    check([union], FOREGROUND)
    check(MASKS, union)


def test_a_background_that_is_not_black(message_of):
    message = message_of([*MASKS, ~FOREGROUND], FOREGROUND)
    assert message.startswith('contradicts truth.png in 3436 pixels, but ')
    assert 'at most 5 % of its 1200 foreground pixels are allowed' in message


def test_an_object_without_a_colour(message_of):
    # All of it but its outline.
    message = message_of(MASKS[:1], FOREGROUND)
    assert message.startswith('contradicts truth.png in 702 pixels')


def test_up_to_5_percent_of_the_foreground_may_differ(check, message_of):
    # 60 of 1200 pixels, away from its outline.
    inside, outside = box(32, 42, 37, 43), box(10, 20, 60, 66)
    check([FOREGROUND & ~inside], FOREGROUND)
    check([*MASKS, outside], FOREGROUND)
    # One more pixel, inside or outside.
    one_more = [inside | box(31, 32, 40, 41), outside | box(20, 21, 60, 61)]
    for masks in ([FOREGROUND & ~one_more[0]], [*MASKS, one_more[1]]):
        assert ' in 61 pixels, but' in message_of(masks, FOREGROUND)


def test_colours_in_an_image_without_foreground(message_of):
    message = message_of(MASKS, NOTHING)
    assert message.startswith(
        'has 2 colours other than black, but truth.png has no foreground, so '
        'only black is allowed'
    )


def test_no_colours_in_an_image_with_foreground(message_of):
    assert message_of([], FOREGROUND).startswith('is black, but truth.png has')


def test_colours_of_smoothed_edges(instances, message_of, tmp_path):
    picture = np.zeros((*SIZE, 3), np.uint8)
    cv2.circle(picture, (40, 30), 25, (0, 0, 255), -1, cv2.LINE_AA)
    masks = instances.instances_of(picture, tmp_path)
    assert 1 < len(masks) <= 100
    largest = max(masks, key=np.sum)
    message = message_of(masks, largest)
    assert message.startswith(
        f'has {len(masks) - 1} colours without a square of 3 x 3 pixels'
    )


def test_the_smallest_object(check):
    spot = box(20, 23, 70, 73)
    check([*MASKS, spot], FOREGROUND | spot)
    with pytest.raises(ValueError, match='1 colours without a square'):
        check([*MASKS, spot & box(0, 60, 0, 72)], FOREGROUND | spot)
