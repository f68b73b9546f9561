"""Files whose size is not that of the annotations."""

import cv2
import mmcv
import numpy as np
import pytest
from PIL import Image

from mmdet_msrcnn.datasets.image_checks import check_image_files
from tests.test_datasets.files import HEIGHT, WIDTH

PIXELS = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


def check(folder, name, width=WIDTH, height=HEIGHT):
    image = dict(id=7, file_name=name, width=width, height=height)
    return check_image_files([image], folder)


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
    assert f'{width} x {height} as {path} is loaded' in finding.what
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
    assert f'{left} gray levels are left' in finding.what


def test_the_order_is_that_of_the_images(tmp_path):
    images = [
        dict(id=i, file_name=f'{i}.png', width=WIDTH, height=HEIGHT)
        for i in range(30)
    ]
    found = check_image_files(images, tmp_path)
    assert [f.where for f in found] == [
        f"image '{i}.png' (id {i})" for i in range(30)
    ]
