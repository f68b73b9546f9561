import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils

TOOLS = Path(__file__).resolve().parents[2] / 'tools' / 'datasets'
SPLITS = ('train', 'val')
NAMES = [f'image{index}' for index in range(8)]


def run_cli(*args):
    command = [sys.executable, str(TOOLS / 'convert_nuclei.py')]
    command += [str(arg) for arg in args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def convert_nuclei(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('convert_nuclei')


def nuclei(index):
    """Masks of one image, (N, H, W) bool: discs that overlap in part."""
    height, width = 40 + index, 60
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(index)
    return [
        (x - rng.integers(width)) ** 2 + (y - rng.integers(height)) ** 2 < 64
        for _ in range(1 + index % 4)
    ]


def rgba_image(index):
    shape = (40 + index, 60, 4)
    return np.random.default_rng(100 + index).integers(
        0, 256, shape, dtype=np.uint8
    )


@pytest.fixture
def stage1_train(tmp_path):
    """A folder in the layout of the original download."""
    root = tmp_path / 'stage1_train'
    for index, name in enumerate(NAMES):
        (root / name / 'images').mkdir(parents=True)
        (root / name / 'masks').mkdir()
        path = root / name / 'images' / f'{name}.png'
        cv2.imwrite(str(path), rgba_image(index))
        for number, mask in enumerate(nuclei(index)):
            path = root / name / 'masks' / f'{number}.png'
            cv2.imwrite(str(path), mask.astype(np.uint8) * 255)
    return root


def load(out_dir):
    return {
        split: json.loads((out_dir / f'{split}.json').read_text())
        for split in SPLITS
    }


def test_round_trip(stage1_train, tmp_path):
    out = tmp_path / 'out'
    result = run_cli(stage1_train, out, '--val-fraction', 0.5)
    assert result.returncode == 0, result.stderr
    seen = []
    for split, content in load(out).items():
        assert content['categories'] == [
            {'id': 1, 'name': 'nucleus', 'supercategory': 'cell'}
        ]
        annotations = content['annotations']
        ids = [annotation['id'] for annotation in annotations]
        assert ids == list(range(1, len(ids) + 1))
        for image in content['images']:
            name = Path(image['file_name']).stem
            index = NAMES.index(name)
            seen.append(name)
            pixels = cv2.imread(
                str(out / split / image['file_name']), cv2.IMREAD_UNCHANGED
            )
            np.testing.assert_array_equal(pixels, rgba_image(index)[..., :3])
            assert pixels.shape[:2] == (image['height'], image['width'])
            own = [a for a in annotations if a['image_id'] == image['id']]
            for annotation, mask in zip(own, nuclei(index), strict=True):
                rle = annotation['segmentation']
                assert isinstance(rle['counts'], str)
                np.testing.assert_array_equal(mask_utils.decode(rle), mask)
                assert annotation['area'] == mask.sum()
                rows, columns = np.nonzero(mask)
                assert annotation['bbox'] == [
                    columns.min(),
                    rows.min(),
                    np.ptp(columns) + 1,
                    np.ptp(rows) + 1,
                ]
                assert annotation['category_id'] == 1
                assert annotation['iscrowd'] == 0
    assert sorted(seen) == NAMES


def test_split_ignores_listing_order_and_other_images(
    convert_nuclei, stage1_train, tmp_path, monkeypatch
):
    convert_nuclei.convert(stage1_train, tmp_path / 'first', 0.5)
    listing = Path.iterdir
    monkeypatch.setattr(
        Path, 'iterdir', lambda path: sorted(listing(path), reverse=True)
    )
    convert_nuclei.convert(stage1_train, tmp_path / 'second', 0.5)
    for name in ('train.json', 'val.json'):
        first = (tmp_path / 'first' / name).read_bytes()
        assert first == (tmp_path / 'second' / name).read_bytes()
    before = {
        folder.name: split
        for split, folder in convert_nuclei.list_samples(stage1_train, 0.5, 0)
    }
    shutil.rmtree(stage1_train / NAMES[0])
    for split, folder in convert_nuclei.list_samples(stage1_train, 0.5, 0):
        assert before[folder.name] == split


def test_split_has_the_asked_share_and_depends_on_the_seed(convert_nuclei):
    names = [f'{index:064x}' for index in range(2000)]
    first = [convert_nuclei.is_val(name, 0.14, 0) for name in names]
    assert abs(np.mean(first) - 0.14) < 0.03
    assert first == [convert_nuclei.is_val(name, 0.14, 0) for name in names]
    assert first != [convert_nuclei.is_val(name, 0.14, 1) for name in names]


def test_empty_masks_are_skipped_and_counted(stage1_train, tmp_path):
    for name in NAMES[:2]:
        path = stage1_train / name / 'masks' / 'empty.png'
        size = cv2.imread(str(path.with_name('0.png'))).shape[:2]
        cv2.imwrite(str(path), np.zeros(size, np.uint8))
    out = tmp_path / 'out'
    result = run_cli(stage1_train, out, '--val-fraction', 0.5)
    assert result.returncode == 0, result.stderr
    assert '2 empty masks skipped' in result.stdout
    areas = [a['area'] for c in load(out).values() for a in c['annotations']]
    assert len(areas) == sum(len(nuclei(i)) for i in range(len(NAMES)))
    assert min(areas) > 0


def drop_image(root):
    path = root / NAMES[3] / 'images' / f'{NAMES[3]}.png'
    path.unlink()
    return FileNotFoundError, path, 'expected <ImageId>/images/<ImageId>.png'


def drop_image_folder(root):
    path = root / NAMES[3] / 'images'
    shutil.rmtree(path)
    return FileNotFoundError, path, 'expected <ImageId>/images/<ImageId>.png'


def drop_mask_folder(root):
    path = root / NAMES[3] / 'masks'
    shutil.rmtree(path)
    return FileNotFoundError, path, 'expected a folder of PNG masks'


def resize_mask(root):
    path = root / NAMES[3] / 'masks' / '0.png'
    cv2.imwrite(str(path), np.full((10, 20), 255, np.uint8))
    return ValueError, path, r'(10, 20): expected (43, 60)'


def break_mask(root):
    path = root / NAMES[3] / 'masks' / '0.png'
    path.write_bytes(b'not a picture')
    return ValueError, path, 'expected a PNG picture'


def drop_everything(root):
    shutil.rmtree(root)
    root.mkdir()
    return FileNotFoundError, root, 'one folder <ImageId> per image'


def drop_root(root):
    shutil.rmtree(root)
    return FileNotFoundError, root, 'one folder <ImageId> per image'


@pytest.mark.parametrize(
    'damage',
    [
        drop_image,
        drop_image_folder,
        drop_mask_folder,
        resize_mask,
        break_mask,
        drop_everything,
        drop_root,
    ],
)
def test_incomplete_download(convert_nuclei, damage, stage1_train, tmp_path):
    error, path, expected = damage(stage1_train)
    out = tmp_path / 'out'
    with pytest.raises(error) as caught:
        convert_nuclei.convert(stage1_train, out, 0.5)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)
    assert not list(out.glob('*.json'))


def test_error_on_the_command_line_is_one_line(stage1_train, tmp_path):
    drop_mask_folder(stage1_train)
    out = tmp_path / 'out'
    result = run_cli(stage1_train, out, '--val-fraction', 0.5)
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr
    last = result.stderr.rstrip().split(os.linesep)[-1]
    assert last.startswith('convert_nuclei.py: ')
    assert 'masks is missing' in last


@pytest.mark.parametrize('val_fraction', [0, 1, -0.5, 2, float('nan')])
def test_val_fraction_out_of_range(convert_nuclei, val_fraction, tmp_path):
    with pytest.raises(ValueError, match='val_fraction'):
        convert_nuclei.convert(tmp_path, tmp_path / 'out', val_fraction)


def test_split_without_images(convert_nuclei, stage1_train, tmp_path):
    with pytest.raises(ValueError, match='none of them for val'):
        convert_nuclei.convert(stage1_train, tmp_path / 'out', 1e-9)
    assert not (tmp_path / 'out').exists()
