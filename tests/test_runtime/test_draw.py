"""Pictures of detections."""

import numpy as np
from msrcnn_runtime.draw import colour_of, draw

from tests.test_runtime.test_detections import dets


def test_masks_are_drawn_where_they_are():
    image = np.full((40, 50, 3), 90, np.uint8)
    found = dets(1)
    drawn = draw(image, found)
    assert (image == 90).all()
    changed = (drawn != image).any(-1)
    assert changed[found.masks[0]].mean() > 0.9
    # The text is above the middle.
    assert not changed[20:].any()


def test_nothing_to_draw():
    image = np.full((40, 50, 3), 90, np.uint8)
    assert np.array_equal(draw(image, dets(0)), image)


def test_colours_differ():
    assert len({colour_of(i) for i in range(30)}) == 30


def test_gray_and_float_images():
    gray = np.full((40, 50), 90, np.uint8)
    expected = draw(np.stack([gray] * 3, -1), dets(1))
    for image in (gray, gray.astype('f4'), gray[..., None].astype('f8')):
        assert np.array_equal(draw(image, dets(1)), expected)
