"""Image files whose size differs from the annotations."""

import struct
import zlib

import cv2
import mmcv
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from mmdet_msrcnn.datasets.image_checks import (
    DEEP_FILES,
    DEFAULT_LOADING,
    Loading,
    check_image_files,
)
from tests.test_datasets.files import HEIGHT, WIDTH

PIXELS = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


def check(folder, name, width=WIDTH, height=HEIGHT, loading=DEFAULT_LOADING):
    image = dict(id=7, file_name=name, width=width, height=height)
    return check_image_files([image], folder, loading)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp'])
def test_exif_as_mmcv_loads_it(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f'a.{suffix}'
    Image.fromarray(PIXELS).save(path, exif=exif)
    height, width = mmcv.imread(str(path)).shape[:2]
    assert check(tmp_path, path.name, width, height) == []
    (finding,) = check(tmp_path, path.name, height, width)
    assert finding.level == 'error'
    assert finding.where == f"image '{path.name}' (id 7)"
    assert f'{height} x {width} pixels in the annotations' in finding.what
    assert f'{path} is loaded as {width} x {height} (' in finding.what
    assert 'EXIF orientation' in finding.what


def test_another_size(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), PIXELS)
    (finding,) = check(tmp_path, 'a.png', WIDTH - 1)
    assert finding.kind == 'size of an image'
    assert 'EXIF' not in finding.what


@pytest.mark.parametrize(
    ('data', 'kind'),
    [
        (None, 'missing file'),
        (b'', 'empty file'),
        (b'no image', 'unreadable file'),
    ],
)
def test_files_that_are_no_images(tmp_path, data, kind):
    if data is not None:
        (tmp_path / 'a.png').write_bytes(data)
    (finding,) = check(tmp_path, 'a.png')
    assert (finding.level, finding.kind) == ('error', kind)
    assert str(tmp_path / 'a.png') in finding.what


@pytest.mark.parametrize('suffix', ['png', 'tif'])
@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize(('bits', 'levels'), [(12, 16), (8, 1), (16, None)])
def test_sixteen_bits(tmp_path, suffix, channels, bits, levels):
    """mmcv keeps the upper 8 of 16 bits."""
    ramp = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    deep = (ramp * (2**bits - 1) // ramp.max()).astype(np.uint16)
    if channels > 1:
        deep = np.dstack([deep] * channels)
    path = tmp_path / f'a.{suffix}'
    cv2.imwrite(str(path), deep)
    found = check(tmp_path, path.name)
    if levels is None:
        assert found == []
        return
    # What reaches the network; of TIFF, mmcv rounds.
    left = len(np.unique(mmcv.imread(str(path))))
    assert left in (levels, levels + 1)
    (finding,) = found
    assert (finding.level, finding.kind) == ('warning', '16 bits')
    assert f'only {left} gray levels remain' in finding.what


def test_the_order_is_that_of_the_images(tmp_path):
    images = [
        dict(id=i, file_name=f'{i}.png', width=WIDTH, height=HEIGHT)
        for i in range(30)
    ]
    found = check_image_files(images, tmp_path)
    assert [f.where for f in found] == [
        f"image '{i}.png' (id {i})" for i in range(30)
    ]


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize(
    'color_type',
    ['color', 'grayscale', 'unchanged', 'color_ignore_orientation'],
)
@pytest.mark.parametrize('suffix', ['jpg', 'png', 'tif'])
def test_sizes_as_the_pipeline_loads_them(
    tmp_path, suffix, color_type, backend
):
    """Also without the EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f'a.{suffix}'
    Image.fromarray(PIXELS).save(path, exif=exif)
    loader = LoadImageFromFile(color_type=color_type, imdecode_backend=backend)
    height, width = loader.transform(dict(img_path=str(path)))['ori_shape']
    loading = Loading(color_type, backend)
    assert check(tmp_path, path.name, width, height, loading) == []
    assert check(tmp_path, path.name, height, width, loading)


def test_all_bits_of_a_pipeline_that_loads_them(tmp_path):
    deep = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)
    cv2.imwrite(str(tmp_path / 'a.png'), deep)
    assert check(tmp_path, 'a.png')
    assert check(tmp_path, 'a.png', loading=Loading('unchanged')) == []


def test_a_few_images_of_many_are_read_for_their_bits(tmp_path):
    deep = np.full((HEIGHT, WIDTH), 900, np.uint16)
    cv2.imwrite(str(tmp_path / 'a.png'), deep)
    num = DEEP_FILES + 5
    images = [
        dict(id=i, file_name='a.png', width=WIDTH, height=HEIGHT)
        for i in range(num)
    ]
    found = check_image_files(images, tmp_path)
    assert len(found) == DEEP_FILES + 1
    assert (
        found[-1].what == f'{num} files have 16 bits; {DEEP_FILES} were read'
    )


def write_black_png(path, side):
    """A PNG of one bit a pixel, which takes little memory to write."""

    def chunk(name, data):
        code = struct.pack('>I', zlib.crc32(name + data))
        return struct.pack('>I', len(data)) + name + data + code

    header = struct.pack('>IIBBBBB', side, side, 1, 0, 0, 0, 0)
    rows = bytes(1 + (side + 7) // 8) * side
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + chunk(b'IDAT', zlib.compress(rows, 1))
        + chunk(b'IEND', b'')
    )


@pytest.mark.filterwarnings('error::PIL.Image.DecompressionBombWarning')
def test_large_images_are_no_attack(tmp_path, monkeypatch):
    """Pillow warns from 89 million pixels on and fails from 179 million on."""
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    for side in (40, 100):
        path = tmp_path / f'{side}.png'
        write_black_png(path, side)
        assert cv2.imread(str(path)).shape == (side, side, 3)
        assert check(tmp_path, path.name, side, side) == []
        (finding,) = check(tmp_path, path.name, side, side + 1)
        assert finding.kind == 'size of an image'


def test_folders_of_windows(tmp_path):
    (finding,) = check(tmp_path, 'train\\a.png')
    assert finding.kind == 'missing file'
    assert 'write file_name with / between folders' in finding.what
