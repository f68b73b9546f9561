import importlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool
from mmdet_msrcnn.utils.io import write_json

TOOLS = Path(__file__).resolve().parents[2] / 'tools' / 'datasets'
SPLITS = ('train', 'val')


def run_cli(*args):
    command = [sys.executable, str(TOOLS / 'make_digits.py'), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def make_digits(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('make_digits')


@pytest.fixture
def digit_scenes(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('digit_scenes')


@pytest.fixture(scope='module')
def out_dir(tmp_path_factory):
    out = tmp_path_factory.mktemp('digits') / 'set'
    result = run_cli(out, '--num-train', 14, '--num-val', 6)
    assert result.returncode == 0, result.stderr
    return out


@pytest.fixture(scope='module')
def lists(out_dir):
    return {
        split: json.loads((out_dir / f'{split}.json').read_text())
        for split in SPLITS
    }


def by_image(annotations):
    groups = {}
    for annotation in annotations:
        groups.setdefault(annotation['image_id'], []).append(annotation)
    return groups


def test_same_seed_gives_same_bytes(out_dir, tmp_path):
    result = run_cli(tmp_path, '--num-train', 14, '--num-val', 6)
    assert result.returncode == 0, result.stderr
    files = sorted(p for p in out_dir.rglob('*') if p.is_file())
    assert len(files) == 14 + 6 + 2
    copies = sorted(p for p in tmp_path.rglob('*') if p.is_file())
    assert [p.relative_to(tmp_path) for p in copies] == [
        p.relative_to(out_dir) for p in files
    ]
    for file, copy in zip(files, copies, strict=True):
        assert file.read_bytes() == copy.read_bytes()


def test_other_seed_gives_other_pictures(make_digits, out_dir, tmp_path):
    make_digits.make_digits(tmp_path, num_train=1, num_val=1, seed=1)
    name = 'train/000001.png'
    assert (tmp_path / name).read_bytes() != (out_dir / name).read_bytes()


def test_more_pictures_leave_the_first_as_they_are(
    make_digits, out_dir, tmp_path
):
    make_digits.make_digits(tmp_path, num_train=2, num_val=1)
    name = 'train/000002.png'
    assert (tmp_path / name).read_bytes() == (out_dir / name).read_bytes()


def test_splits_share_no_source_digit(make_digits, lists):
    pools = make_digits.load_pools(seed=0)
    train, val = (set(pools[split].sources.tolist()) for split in SPLITS)
    assert not train & val
    assert train | val == set(range(1797))
    for split, allowed in (('train', train), ('val', val)):
        digits = make_digits.load_digits()
        for annotation in lists[split]['annotations']:
            if not annotation['iscrowd']:
                source = annotation['source']
                assert source in allowed
                value = digits.target[source]
                assert annotation['category_id'] == value + 1


@pytest.mark.parametrize('split', SPLITS)
def test_lists_are_valid_coco(out_dir, lists, split):
    content = lists[split]
    names = [category['name'] for category in content['categories']]
    assert names == [str(digit) for digit in range(10)]
    ids = [annotation['id'] for annotation in content['annotations']]
    assert ids == list(range(1, len(ids) + 1))
    for image in content['images']:
        pixels = cv2.imread(str(out_dir / split / image['file_name']))
        assert pixels.shape == (image['height'], image['width'], 3)
        assert pixels.std() > 5
    coco = COCO(str(out_dir / f'{split}.json'))
    for annotation in content['annotations']:
        mask = coco.annToMask(annotation)
        assert mask.shape == (192, 192)
        assert mask.sum() == annotation['area']
        rows, columns = np.flatnonzero(mask.any(1)), mask.any(0).nonzero()[0]
        assert annotation['bbox'] == [
            columns[0],
            rows[0],
            columns[-1] - columns[0] + 1,
            rows[-1] - rows[0] + 1,
        ]


@pytest.mark.parametrize('split', SPLITS)
def test_visible_masks_are_disjoint(lists, split):
    groups = by_image(lists[split]['annotations'])
    assert len(groups) == len(lists[split]['images'])
    for annotations in groups.values():
        masks = [
            mask_utils.decode(annotation['segmentation'])
            for annotation in annotations
            if not annotation['iscrowd']
        ]
        assert 1 <= len(masks) <= 9
        assert min(mask.sum() for mask in masks) >= 40
        assert np.sum(masks, axis=0).max() == 1


def test_digits_are_covered_in_part_only(make_digits, digit_scenes):
    pool = make_digits.load_pools(seed=0)['train']
    ratios = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        scene = digit_scenes.compose_scene(rng, pool, 192, crowd=False)
        for number, instance in enumerate(scene.instances, 1):
            visible = (scene.owner == number).sum()
            ratios.append(visible / instance.area)
    assert min(ratios) >= digit_scenes.MIN_VISIBLE
    assert min(ratios) < 0.9
    assert max(ratios) == 1


@pytest.mark.parametrize('split', SPLITS)
def test_crowd_regions(lists, split):
    crowds = [a for a in lists[split]['annotations'] if a['iscrowd']]
    assert {a['image_id'] for a in crowds} == {
        image['id']
        for image in lists[split]['images']
        if image['id'] % 12 == 1
    }
    for annotation in crowds:
        assert 'source' not in annotation
        assert annotation['area'] > 300


def test_rendered_digit_lies_where_asked(digit_scenes):
    glyph = np.zeros((8, 8), np.float32)
    glyph[1:7, 3:5] = 1
    size, height = 100, 40
    centre = np.array([30.0, 60.0])
    alpha = digit_scenes.render_digit(glyph, size, centre, height, angle=0)
    assert alpha.shape == (size, size)
    assert alpha.min() == 0
    assert alpha.max() == 1
    rows, columns = np.nonzero(alpha > 0.5)
    assert abs(columns.mean() - 30) < 1
    assert abs(rows.mean() - 60) < 1
    # 6 of 8 rows and 2 of 8 columns of ink.
    assert abs(np.ptp(rows) + 1 - 0.75 * height) <= 3
    assert abs(np.ptp(columns) + 1 - 0.25 * height) <= 3
    turned = digit_scenes.render_digit(glyph, size, centre, height, angle=90)
    rows, columns = np.nonzero(turned > 0.5)
    assert np.ptp(columns) > 2 * np.ptp(rows)


def test_lists_are_written_last(make_digits, monkeypatch, tmp_path):
    make_digits.make_digits(tmp_path, num_train=1, num_val=1, size=96)
    assert (tmp_path / 'train.json').exists()

    def fail(*args, **kwargs):
        raise OSError('disk full')

    monkeypatch.setattr(make_digits, 'save_image', fail)
    with pytest.raises(OSError, match='disk full'):
        make_digits.make_digits(tmp_path, num_train=1, num_val=1, size=96)
    assert not list(tmp_path.glob('*.json'))


@pytest.mark.parametrize(
    'args', [('--num-val', 0), ('--size', 20), ('--seed', -1)]
)
def test_numbers_out_of_range(args, tmp_path):
    result = run_cli(tmp_path / 'set', *args)
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr
    assert f'{args[0][2:].replace("-", "_")}={args[1]}' in result.stderr
    assert not (tmp_path / 'set').exists()


def test_json_is_whole_or_absent(tmp_path):
    path = tmp_path / 'list.json'
    with pytest.raises(TypeError):
        write_json(path, {'images': [1, 2, object()]})
    assert not list(tmp_path.iterdir())
    write_json(path, {'images': [1]})
    with pytest.raises(TypeError):
        write_json(path, {'images': [1, 2, object()]})
    assert json.loads(path.read_text()) == {'images': [1]}
    assert list(tmp_path.iterdir()) == [path]


def test_mmdets_error_analysis_reads_it(out_dir, tmp_path):
    """Perfect detections are analysed to the end."""
    ann = out_dir / 'val.json'
    content = json.loads(ann.read_text())
    keys = ('image_id', 'category_id', 'bbox', 'segmentation')
    results = tmp_path / 'results.json'
    results.write_text(
        json.dumps(
            [
                {key: label[key] for key in keys} | {'score': 0.9}
                for label in content['annotations']
                if not label['iscrowd']
            ]
        )
    )
    script = mmdet_tool('analysis_tools/coco_error_analysis.py')
    command = [sys.executable, '-W', 'ignore', str(script), str(results)]
    command += [str(tmp_path / 'out'), '--ann', str(ann), '--types', 'segm']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'out/segm/segm-allclass-allarea.png').is_file()
