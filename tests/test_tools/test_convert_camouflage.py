"""Conversion of sets of camouflaged objects."""

import importlib
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from mmengine.config import Config
from pycocotools import mask as mask_utils

from tests.config_family import FOLDER
from tests.helpers import ROOT
from tests.test_tools.camouflage_set import (
    DAMAGES,
    SCENES,
    SIZE,
    make_set,
    no_truth,
)

TOOLS = ROOT / 'tools/datasets'
COD10K = 'camouflage/ms-rcnn_r50_fpn_18e_cod10k.py'


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
    return make_set(tmp_path / 'set')


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


@pytest.mark.parametrize('damage', DAMAGES)
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
