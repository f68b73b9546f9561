"""Figures are written whole, or not at all."""

import cv2
import pytest

from mmdet_msrcnn.analysis.figure_files import saved_figure


@pytest.mark.parametrize('name', ['a.png', 'a.jpg'])
def test_a_figure_has_the_size_that_was_asked_for(tmp_path, name):
    path = tmp_path / 'new' / name
    with saved_figure(path, (3, 2), 50) as figure:
        figure.add_subplot().plot([0, 1], [0, 1])
    image = cv2.imread(str(path))
    assert image.shape == (100, 150, 3)
    assert image.min() < 255


def test_nothing_is_written_after_an_error(tmp_path):
    with (
        pytest.raises(ValueError, match='odd'),
        saved_figure(tmp_path / 'a.png', (3, 2), 50),
    ):
        raise ValueError('odd')
    assert not [*tmp_path.iterdir()]
