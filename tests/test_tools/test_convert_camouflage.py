"""Conversion of sets of camouflaged objects."""

import importlib
import json
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from pycocotools import mask as mask_utils

from tests.config_family import FOLDER
from tests.helpers import ROOT

TOOLS = ROOT / 'tools/datasets'
COD10K = 'camouflage/ms-rcnn_r50_fpn_18e_cod10k.py'
SIZE = (30, 40)
# Instances of each image, as (y, x) slices.
SCENES = {
    'a': [(slice(0, 10), slice(0, 10)), (slice(5, 20), slice(20, 40))],
    'b': [],
    'c': [(slice(8, 30), slice(3, 9))],
}
COLOURS = [(0, 0, 255), (10, 20, 30)]


def run_cli(*args):
    script = TOOLS / 'convert_camouflage.py'
    command = [sys.executable, str(script), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def convert_camouflage(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('convert_camouflage')


@pytest.fixture
def root(tmp_path):
    """A set in the layout of COD10K."""
    root = tmp_path / 'set'
    for name in ('Image', 'GT', 'Instance'):
        (root / name).mkdir(parents=True)
    for stem, regions in SCENES.items():
        image = np.full((*SIZE, 3), 128, np.uint8)
        truth = np.zeros(SIZE, np.uint8)
        instances = np.zeros((*SIZE, 3), np.uint8)
        for region, colour in zip(regions, COLOURS, strict=False):
            truth[region] = 255
            instances[region] = colour
        cv2.imwrite(str(root / f'Image/{stem}.jpg'), image)
        cv2.imwrite(str(root / f'GT/{stem}.png'), truth)
        cv2.imwrite(str(root / f'Instance/{stem}.png'), instances)
    (root / 'Image/readme.txt').write_text('no image')
    # Some sets keep the ground truth of all splits in one folder.
    cv2.imwrite(str(root / 'GT/other.png'), np.zeros((3, 3), np.uint8))
    return root


def folders(root):
    return root / 'Image', root / 'GT'


def masks_by_stem(content):
    stems = {i['id']: i['file_name'][0] for i in content['images']}
    found = {stem: [] for stem in stems.values()}
    for annotation in content['annotations']:
        mask = mask_utils.decode(annotation['segmentation']).astype(bool)
        assert annotation['area'] == mask.sum()
        assert annotation['category_id'] == 1
        assert annotation['iscrowd'] == 0
        found[stems[annotation['image_id']]].append(mask)
    return found


def expected_masks(stem):
    masks = []
    for region in SCENES[stem]:
        mask = np.zeros(SIZE, bool)
        mask[region] = True
        masks.append(mask)
    return masks


def test_instances(root, tmp_path):
    out = tmp_path / 'new/out.json'
    result = run_cli(*folders(root), out, '--instances', root / 'Instance')
    assert result.returncode == 0, result.stderr
    assert '3 images with 3 instances, 1 images without' in result.stdout
    content = json.loads(out.read_text())
    assert [c['name'] for c in content['categories']] == ['camouflaged object']
    assert content['images'] == [
        dict(id=i, file_name=f'{stem}.jpg', width=40, height=30)
        for i, stem in enumerate('abc', 1)
    ]
    assert [a['id'] for a in content['annotations']] == [1, 2, 3]
    for stem, masks in masks_by_stem(content).items():
        expected = expected_masks(stem)
        assert len(masks) == len(expected)
        for mask in expected:
            assert any(np.array_equal(mask, other) for other in masks)


def test_without_instances_the_foreground_is_one(
    convert_camouflage, root, tmp_path
):
    out = tmp_path / 'out.json'
    convert_camouflage.convert(*folders(root), out)
    found = masks_by_stem(json.loads(out.read_text()))
    assert found['b'] == []
    for stem in 'ac':
        (mask,) = found[stem]
        np.testing.assert_array_equal(mask, np.any(expected_masks(stem), 0))


def test_only_images_that_match_the_pattern(root, tmp_path):
    # What is left out is not even read.
    (root / 'GT/b.png').unlink()
    out = tmp_path / 'out.json'
    result = run_cli(*folders(root), out, '--pattern', '[ac]*')
    assert result.returncode == 0, result.stderr
    assert '2 images with 2 instances, 0 images without' in result.stdout
    content = json.loads(out.read_text())
    names = [image['file_name'] for image in content['images']]
    assert names == ['a.jpg', 'c.jpg']


def test_the_documented_commands_leave_out_what_is_not_camouflaged(
    root, tmp_path
):
    text = (ROOT / 'docs/camouflage.md').read_text()
    (loop,) = re.findall(
        r'```bash\n(for split in Train.+?\ndone)\n', text, re.DOTALL
    )
    data = tmp_path / 'data/COD10K-v3'
    names = {'Image': 'Image', 'GT': 'GT_Object', 'Instance': 'GT_Instance'}
    kinds = {'a': 'CAM', 'b': 'NonCAM', 'c': 'CAM'}
    for split in ('Train', 'Test'):
        for old, new in names.items():
            (data / split / new).mkdir(parents=True)
            for stem, kind in kinds.items():
                (path,) = (root / old).glob(f'{stem}.*')
                name = f'COD10K-{kind}-1-Aquatic-{stem}{path.suffix}'
                shutil.copy(path, data / split / new / name)
    (tmp_path / 'tools').symlink_to(ROOT / 'tools')
    command = f'set -e\npython() {{ {sys.executable} "$@"; }}\n{loop}'
    subprocess.run(['bash', '-c', command], cwd=tmp_path, check=True)
    cfg = Config.fromfile(FOLDER / COD10K)
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        path = tmp_path / cfg.data_root / loader.dataset.ann_file
        images = json.loads(path.read_text())['images']
        assert [image['file_name'] for image in images] == [
            f'COD10K-CAM-1-Aquatic-{stem}.jpg' for stem in 'ac'
        ]


def no_truth(root):
    (root / 'GT/c.png').unlink()
    return root / 'GT/c.png', 'is missing'


def no_instances(root):
    (root / 'Instance/c.png').unlink()
    return root / 'Instance/c.png', 'is missing'


def other_size(root):
    path = root / 'GT/a.png'
    cv2.imwrite(str(path), np.zeros((40, 30), np.uint8))
    return path, 'has (height, width) (40, 30), but its image (30, 40)'


def not_binary(root):
    path = root / 'GT/a.png'
    pixels = np.tile(np.arange(0, 240, 6, dtype=np.uint8), (30, 1))
    cv2.imwrite(str(path), pixels)
    return path, 'is not binary'


def two_objects_in_grey(root):
    path = root / 'GT/a.png'
    pixels = np.zeros(SIZE, np.uint8)
    pixels[:10], pixels[20:] = 1, 2
    cv2.imwrite(str(path), pixels)
    return path, 'as --instances'


def broken_image(root):
    (root / 'Image/b.jpg').write_bytes(b'not a picture')
    return root / 'Image/b.jpg', 'cannot be read'


def broken_truth(root):
    (root / 'GT/b.png').write_bytes(b'')
    return root / 'GT/b.png', 'cannot be read'


def smoothed_instances(root):
    path = root / 'Instance/a.png'
    pixels = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    cv2.imwrite(str(path), pixels)
    return path, 'without smoothing'


def black_instances(root):
    path = root / 'Instance/c.png'
    cv2.imwrite(str(path), np.zeros(SIZE, np.uint8))
    return path, 'is black, but'


def empty_folder(root):
    shutil.rmtree(root / 'Image')
    (root / 'Image').mkdir()
    return root / 'Image', 'has no images'


def no_folder(root):
    shutil.rmtree(root / 'Image')
    return root / 'Image', 'has no images'


def same_stem(root):
    shutil.copy(root / 'Image/a.jpg', root / 'Image/a.png')
    return root / 'Image/a.jpg', 'a.png have the same ground truth'


@pytest.mark.parametrize(
    'damage',
    [
        no_truth,
        no_instances,
        other_size,
        not_binary,
        two_objects_in_grey,
        broken_image,
        broken_truth,
        smoothed_instances,
        black_instances,
        empty_folder,
        no_folder,
        same_stem,
    ],
)
def test_bad_files_are_named_and_nothing_is_written(
    convert_camouflage, damage, root, tmp_path
):
    path, message = damage(root)
    out = tmp_path / 'out.json'
    out.write_text('before')
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        convert_camouflage.convert(*folders(root), out, root / 'Instance')
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert '\n' not in str(error.value)
    assert out.read_text() == 'before'
    assert not list(tmp_path.glob('.out*'))


def test_error_on_the_command_line_is_one_line(root, tmp_path):
    no_truth(root)
    result = run_cli(*folders(root), tmp_path / 'out.json')
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr
    last = result.stderr.rstrip().splitlines()[-1]
    assert last.startswith('convert_camouflage.py: ')


def test_an_image_is_not_overwritten(convert_camouflage, root):
    images, truths = folders(root)
    with pytest.raises(ValueError, match='would be overwritten'):
        convert_camouflage.convert(images, truths, images / 'a.jpg')
