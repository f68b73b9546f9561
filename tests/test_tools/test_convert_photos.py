import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

TOOLS = Path(__file__).resolve().parents[2] / 'tools' / 'datasets'
SPLITS = ('train', 'val')
LICENSES = [{'id': 1, 'name': 'CC BY 4.0'}]
TRIANGLE = [[0, 0, 10, 0, 10, 10]]


def run_cli(*args):
    command = [sys.executable, str(TOOLS / 'convert_photos.py')]
    command += [str(arg) for arg in args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def convert_photos(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('convert_photos')


def image(index, size, name=None):
    return {
        'id': index,
        'file_name': name or f'{index}.jpg',
        'width': size[0],
        'height': size[1],
        'date_captured': 'today',
    }


def instance(index, image_id, category_id, bbox, area, segmentation):
    return {
        'id': index,
        'image_id': image_id,
        'category_id': category_id,
        'bbox': bbox,
        'area': area,
        'segmentation': segmentation,
        'iscrowd': False,
        'color': '#ffffff',
    }


def triangle(index, image_id, category_id):
    return instance(index, image_id, category_id, [0, 0, 10, 10], 50, TRIANGLE)


def write_split(annotations, photos, images, instances, names):
    photos.mkdir(parents=True, exist_ok=True)
    content = {
        'licenses': LICENSES,
        'categories': [
            {'id': i, 'name': name, 'supercategory': 'all', 'color': 'red'}
            for i, name in names.items()
        ],
        'images': images,
        'annotations': instances,
    }
    annotations.write_text(json.dumps(content))
    for entry in images:
        # Red at the left, blue at the right
        pixels = np.zeros((entry['height'], entry['width'], 3), np.uint8)
        pixels[:, : entry['width'] // 2, 0] = 200
        pixels[:, entry['width'] // 2 :, 2] = 200
        Image.fromarray(pixels).save(photos / entry['file_name'], quality=95)


@pytest.fixture
def animals(tmp_path):
    """A clone with 2 + 1 images; "all" and "lynx" have no instances."""
    root = tmp_path / 'animals'
    names = {0: 'all', 1: 'bear', 2: 'lynx', 3: 'otter'}
    train = root / 'dataset' / 'train'
    write_split(
        train / '_annotations.coco.json',
        train,
        [image(0, (640, 430)), image(1, (100, 300))],
        [
            instance(
                0,
                0,
                1,
                [100, 215, 40, 21.5],
                860,
                [[100, 215, 140, 215, 140, 236.5], [0.333, 430, 640, 0, 1, 1]],
            ),
            instance(
                1, 1, 1, [1.123, 2, 9, 9], 81.5, [[1.123, 2, 10, 2, 10, 11]]
            ),
        ],
        names,
    )
    valid = root / 'dataset' / 'valid'
    write_split(
        valid / '_annotations.coco.json',
        valid,
        [image(0, (300, 960))],
        [triangle(0, 0, 3)],
        names,
    )
    return root


@pytest.fixture
def car_parts(tmp_path):
    """A clone whose testset has images 11 to 15, not in order."""
    root = tmp_path / 'car-parts'
    names = {1: '_background_', 2: 'hood', 3: 'wheel'}
    write_split(
        root / 'trainingset' / 'annotations.json',
        root / 'trainingset' / 'JPEGImages',
        [image(1, (512, 512))],
        [triangle(7, 1, 2)],
        names,
    )
    write_split(
        root / 'testset' / 'annotations.json',
        root / 'testset' / 'JPEGImages',
        [image(i, (64, 48), f'te{20 - i}.jpg') for i in (14, 11, 15, 13, 12)],
        [triangle(100 + i, i, 3) for i in (12, 15, 11, 14, 13)],
        names,
    )
    return root


def load(out_dir):
    return {
        split: json.loads((out_dir / f'{split}.json').read_text())
        for split in SPLITS
    }


def test_animals(animals, tmp_path):
    out = tmp_path / 'out'
    result = run_cli('animals', animals, out)
    assert result.returncode == 0, result.stderr
    assert result.stdout == (
        'train: 2 images with 2 instances, val: 1 images with 1 instances; '
        '2 categories\n'
    )
    train, val = load(out).values()
    # Otter is in val alone, but both lists have it.
    assert train['categories'] == val['categories']
    assert train['categories'] == [
        {'id': 1, 'name': 'bear', 'supercategory': 'all'},
        {'id': 3, 'name': 'otter', 'supercategory': 'all'},
    ]
    assert train['licenses'] == LICENSES
    # 640 x 430 becomes 480 x 322 (322.5, to even), so y has 322 / 430.
    assert train['images'] == [
        {'id': 0, 'file_name': '0.jpg', 'width': 480, 'height': 322},
        {'id': 1, 'file_name': '1.jpg', 'width': 100, 'height': 300},
    ]
    # 215 * 322 / 430 = 161; 236.5 * 322 / 430 = 177.1;
    # 860 * 0.75 * 322 / 430 = 483
    assert train['annotations'] == [
        {
            'id': 0,
            'image_id': 0,
            'category_id': 1,
            'iscrowd': 0,
            'bbox': [75.0, 161.0, 30.0, 16.1],
            'area': 483.0,
            'segmentation': [
                [75.0, 161.0, 105.0, 161.0, 105.0, 177.1],
                [0.25, 322.0, 480.0, 0.0, 0.75, 0.75],
            ],
        },
        {
            'id': 1,
            'image_id': 1,
            'category_id': 1,
            'iscrowd': 0,
            'bbox': [1.12, 2.0, 9.0, 9.0],
            'area': 81.5,
            'segmentation': [[1.12, 2.0, 10.0, 2.0, 10.0, 11.0]],
        },
    ]
    # 0, not False
    assert '"iscrowd": 0' in (out / 'train.json').read_text()
    assert val['images'] == [
        {'id': 0, 'file_name': '0.jpg', 'width': 150, 'height': 480}
    ]
    assert val['annotations'][0]['segmentation'] == [[0, 0, 5, 0, 5, 5]]
    assert val['annotations'][0]['area'] == 12.5
    assert len(COCO(str(out / 'train.json')).getAnnIds([0])) == 1


def test_photos_are_scaled_with_their_content(animals, tmp_path):
    out = tmp_path / 'out'
    assert run_cli('animals', animals, out).returncode == 0
    for split, content in load(out).items():
        assert len(list((out / split).iterdir())) == len(content['images'])
        for entry in content['images']:
            with Image.open(out / split / entry['file_name']) as photo:
                assert photo.format == 'JPEG'
                pixels = np.asarray(photo).astype(int)
            assert pixels.shape == (entry['height'], entry['width'], 3)
            # Colours of JPEG bleed across the edge.
            left, right = np.split(pixels, 2, axis=1)
            assert abs(left[:, :-20] - (200, 0, 0)).max() < 8
            assert abs(right[:, 20:] - (0, 0, 200)).max() < 8


def test_car_parts_take_every_second_image_of_testset(car_parts, tmp_path):
    out = tmp_path / 'out'
    result = run_cli('car-parts', car_parts, out)
    assert result.returncode == 0, result.stderr
    train, val = load(out).values()
    assert train['images'][0]['width'] == 480
    # 10 * 480 / 512 = 9.375, to even
    assert train['annotations'][0]['bbox'] == [0, 0, 9.38, 9.38]
    # In order of ids, not of names or of the file
    assert [(i['id'], i['file_name']) for i in val['images']] == [
        (11, 'te9.jpg'),
        (13, 'te7.jpg'),
        (15, 'te5.jpg'),
    ]
    # In order of the file
    assert [a['id'] for a in val['annotations']] == [115, 111, 113]
    assert {path.name for path in (out / 'val').iterdir()} == {
        'te9.jpg',
        'te7.jpg',
        'te5.jpg',
    }
    assert [c['name'] for c in val['categories']] == ['hood', 'wheel']


def test_all_val(car_parts, tmp_path):
    out = tmp_path / 'out'
    result = run_cli('car-parts', car_parts, out, '--all-val')
    assert result.returncode == 0, result.stderr
    ids = [image['id'] for image in load(out)['val']['images']]
    assert ids == [11, 12, 13, 14, 15]


def test_images_of_the_other_half_are_not_needed(
    convert_photos, car_parts, tmp_path
):
    (car_parts / 'testset' / 'JPEGImages' / 'te8.jpg').unlink()
    convert_photos.convert('car-parts', car_parts, tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match=r'te8\.jpg is missing'):
        convert_photos.convert('car-parts', car_parts, tmp_path / 'o', True)


@pytest.mark.parametrize(
    ('size', 'expected'),
    [
        ((480, 360), (480, 360)),
        ((481, 480), (480, 479)),  # 479.002
        ((1024, 861), (480, 404)),  # 403.59
        ((259, 194), (259, 194)),
        ((10, 9600), (1, 480)),  # 0.5
    ],
)
def test_scaled_size(convert_photos, size, expected):
    assert convert_photos.scaled_size(*size) == expected


def change(path, edit):
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def drop_root(train):
    for path in (*train.iterdir(),):
        path.unlink()
    train.rmdir()
    path = train / '_annotations.coco.json'
    return FileNotFoundError, path, 'expected a clone of https://github.com/'


def drop_image(train):
    (train / '1.jpg').unlink()
    return FileNotFoundError, train / '1.jpg', 'expected all images of'


def break_image(train):
    (train / '1.jpg').write_bytes(b'not a picture')
    return ValueError, train / '1.jpg', 'expected a JPEG photo'


def cut_image(train):
    path = train / '1.jpg'
    path.write_bytes(path.read_bytes()[:-500])
    return ValueError, path, 'expected a JPEG photo'


def turn_image(train):
    Image.new('RGB', (300, 100)).save(train / '1.jpg')
    return ValueError, train / '1.jpg', '(300, 100): expected (100, 300)'


def break_annotations(train):
    path = train / '_annotations.coco.json'
    path.write_text(path.read_text()[:-9])
    return ValueError, path, 'is not JSON'


def drop_annotations(train):
    path = train / '_annotations.coco.json'
    change(path, lambda content: content.pop('annotations'))
    return ValueError, path, 'has no annotations: expected COCO format'


def lead_out(train):
    path = train / '_annotations.coco.json'
    name = '../../../victim.jpg'
    change(path, lambda content: content['images'][1].update(file_name=name))
    return ValueError, path, f'{name!r}: expected no folders'


def use_run_lengths(train):
    path = train / '_annotations.coco.json'
    rle = {'size': [430, 640], 'counts': 'a'}
    change(
        path,
        lambda content: content['annotations'][1].update(segmentation=rle),
    )
    return ValueError, 'annotation 1', 'expected a list of polygons'


def rename_class(train):
    path = train / '_annotations.coco.json'
    change(path, lambda content: content['categories'][1].update(name='cat'))
    return ValueError, 'train and val', 'different categories'


@pytest.mark.parametrize(
    'damage',
    [
        drop_root,
        drop_image,
        break_image,
        cut_image,
        turn_image,
        break_annotations,
        drop_annotations,
        lead_out,
        use_run_lengths,
        rename_class,
    ],
)
def test_incomplete_clone(convert_photos, damage, animals, tmp_path):
    error, path, expected = damage(animals / 'dataset' / 'train')
    out = tmp_path / 'out'
    with pytest.raises(error) as caught:
        convert_photos.convert('animals', animals, out)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)
    assert not list(out.glob('*.json'))


def test_lists_of_an_earlier_run_do_not_stay(
    convert_photos, animals, tmp_path
):
    out = tmp_path / 'out'
    convert_photos.convert('animals', animals, out)
    # The images of train are written before.
    (animals / 'dataset' / 'valid' / '0.jpg').write_bytes(b'')
    with pytest.raises(ValueError, match='cannot be read'):
        convert_photos.convert('animals', animals, out)
    assert not list(out.glob('*.json'))


def test_the_clone_is_not_overwritten(convert_photos, animals):
    path = animals / 'dataset' / 'train' / '0.jpg'
    before = path.read_bytes()
    with pytest.raises(ValueError, match='would be overwritten'):
        convert_photos.convert('animals', animals, animals / 'dataset')
    assert path.read_bytes() == before


def test_error_on_the_command_line_is_one_line(animals, tmp_path):
    result = run_cli('car-parts', animals, tmp_path / 'out')
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr
    last = result.stderr.rstrip().split(os.linesep)[-1]
    assert last.startswith('convert_photos.py: ')
    assert 'dsmlr/Car-Parts-Segmentation' in last
    assert not (tmp_path / 'out').exists()
