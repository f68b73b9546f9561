"""Images: reading, checks and size."""

import struct
import zlib

import cv2
import mmcv
import numpy as np
import pytest
from mmcv.transforms import Resize
from msrcnn_runtime.images import (
    checked,
    find_images,
    new_size,
    read_image,
    resized,
)

PHOTO = np.random.default_rng(0).integers(0, 256, (83, 61, 3), np.uint8)


@pytest.mark.parametrize(
    'how',
    [
        dict(scale=[1333, 800], keep_ratio=True),
        dict(scale=[100, 100], keep_ratio=True),
        dict(scale=[50, 40], keep_ratio=False),
        dict(scale_factor=[0.5, 0.5]),
        dict(scale_factor=[1.0, 1.0]),
    ],
)
def test_resized_as_by_the_test_pipeline(how):
    step = {k: tuple(v) if k != 'keep_ratio' else v for k, v in how.items()}
    expected = Resize(**step).transform(dict(img=PHOTO))['img']
    assert np.array_equal(resized(PHOTO, how), expected)
    assert resized(PHOTO, {}) is PHOTO


@pytest.mark.parametrize('size', [(1, 1), (1, 8000), (8000, 8000)])
def test_any_size(size):
    how = dict(scale=[1333, 800], keep_ratio=True)
    width, height = new_size(*size, how)
    assert 1 <= width <= 1333
    assert 1 <= height <= 1333


def test_too_large_for_the_model():
    image = np.zeros((5000, 5000, 3), np.uint8)
    with pytest.raises(ValueError, match='5000x5000 pixels for the model'):
        resized(image, dict(scale_factor=[1.0, 1.0]))


def test_read_as_by_mmcv(tmp_path):
    for suffix in ('.png', '.jpg'):
        path = tmp_path / f'ö{suffix}'
        path.write_bytes(cv2.imencode(suffix, PHOTO)[1].tobytes())
        assert np.array_equal(read_image(path), mmcv.imread(path))
    cv2.imwrite(str(tmp_path / 'gray.png'), PHOTO[..., 0])
    assert read_image(tmp_path / 'gray.png').shape == (83, 61, 3)


@pytest.mark.parametrize('content', [b'', b'text', b'\x89PNG\r\n\x1a\n'])
def test_no_image(tmp_path, content):
    (tmp_path / 'a.png').write_bytes(content)
    with pytest.raises(ValueError, match=r'a.png is not an image'):
        read_image(tmp_path / 'a.png')
    with pytest.raises(ValueError, match=r'b.png was not read: No such'):
        read_image(tmp_path / 'b.png')


def test_images_of_a_folder(photos, tmp_path):
    names = [path.name for path in find_images(photos)]
    assert names == ['a.jpg', 'b.png']
    assert find_images(photos / 'notes.txt') == [photos / 'notes.txt']
    for path in (tmp_path / 'none', tmp_path):
        with pytest.raises(ValueError, match='no file, and no folder with'):
            find_images(path)


def test_gray_and_float_images():
    gray = PHOTO[..., 0]
    for image in (gray, gray[..., None]):
        assert np.array_equal(checked(image), np.stack([gray] * 3, -1))
    assert checked(PHOTO).dtype == np.uint8
    assert checked(PHOTO / 2).dtype == np.float32


@pytest.mark.parametrize(
    ('image', 'message'),
    [
        (np.zeros((4, 4, 4), np.uint8), 'shape .*got .4, 4, 4'),
        (np.zeros((0, 4, 3), np.uint8), 'shape .*got .0, 4, 3'),
        (np.zeros(4, np.uint8), 'shape .*got .4,'),
        (np.zeros((4, 4, 3), np.int64), 'must be uint8, .*got int64'),
        (np.full((4, 4, 3), np.nan), 'NaN or infinite'),
        (np.full((4, 4, 3), np.inf), 'NaN or infinite'),
    ],
)
def test_another_image_is_refused(image, message):
    with pytest.raises(ValueError, match=message):
        checked(image)


def test_more_pixels_than_opencv_allows(tmp_path):
    data = bytearray(cv2.imencode('.png', PHOTO)[1].tobytes())
    size = struct.pack('>II', 40000, 40000)
    data[16:24] = size
    data[29:33] = struct.pack('>I', zlib.crc32(bytes(data[12:29])))
    (tmp_path / 'large.png').write_bytes(data)
    with pytest.raises(ValueError, match='large.png (was not|is not)'):
        read_image(tmp_path / 'large.png')
