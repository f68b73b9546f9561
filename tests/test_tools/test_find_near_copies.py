"""The command line of find_near_copies."""

import json
import sys

import cv2
import pytest

from tests.helpers import load_tool
from tests.test_datasets.test_near_copies import crop, encode, flip, scene

CATEGORIES = [dict(id=1, name='a')]


def write_set(path, photos, folder=None):
    """Write annotations with an instance for each photo, and the photos."""
    folder = folder or path.with_suffix('')
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for index, (name, gray) in enumerate(photos.items()):
        cv2.imwrite(str(folder / name), gray)
        height, width = gray.shape
        image = dict(id=10 * index, file_name=name)
        images.append(dict(image, height=height, width=width))
    annotations = [
        dict(id=i, image_id=image['id'], category_id=1, bbox=[0, 0, 9, 9.5])
        for i, image in enumerate(images)
    ]
    content = dict(
        info=dict(version='1'),
        images=images,
        annotations=annotations,
        categories=CATEGORIES,
    )
    path.write_text(json.dumps(content))
    return content


@pytest.fixture
def case(tmp_path):
    """Four validation photos; two are near-copies, one of two photos."""
    train = dict(a=scene(1), b=scene(2), c=scene(3), d=encode(scene(2), 3))
    val = dict(w=scene(7), x=flip(scene(2)), y=crop(scene(1), 0.1), z=scene(8))
    for name, photos in (('train', train), ('val', val)):
        named = {f'{key}.png': gray for key, gray in photos.items()}
        write_set(tmp_path / f'{name}.json', named)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    tool = load_tool('datasets/find_near_copies')

    def run(*arguments) -> list[str]:
        argv = ['find_near_copies.py', *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', argv)
        tool.main()
        return capsys.readouterr().out.splitlines()

    return run


def test_pairs_are_printed_and_left_out(case, run):
    train, val, out = (case / f'{n}.json' for n in ('train', 'val', 'out'))
    *pairs, summary, wrote = run(train, val, '--out', out)
    cells = [line.split() for line in pairs]
    assert [line[2:] for line in cells] == [
        ['x.png', 'b.png', '(flipped)'],
        ['x.png', 'd.png', '(flipped)'],
        ['y.png', 'a.png'],
    ]
    distances = [float(line[0]) for line in cells]
    assert distances[0] == 0 < distances[1] < 0.1
    assert all(int(line[1]) >= 20 for line in cells)
    assert summary == (
        f'2 of 4 photos of {val} have a near-copy in {train} (3 pairs)'
    )
    assert wrote == f'Wrote {out} with 2 photos'
    content = json.loads(val.read_text())
    assert json.loads(out.read_text()) == content | dict(
        images=[content['images'][i] for i in (0, 3)],
        annotations=[content['annotations'][i] for i in (0, 3)],
    )


def test_nothing_is_written_without_out(case, run):
    before = sorted(case.rglob('*'))
    assert len(run(case / 'train.json', case / 'val.json')) == 4
    assert sorted(case.rglob('*')) == before


def test_no_copies(case, run):
    out = case / 'out.json'
    write_set(case / 'other.json', {'o.png': scene(5)})
    lines = run(case / 'other.json', case / 'val.json', '--out', out)
    assert lines[0].startswith('0 of 4 photos')
    val = json.loads((case / 'val.json').read_text())
    assert json.loads(out.read_text()) == val


def test_images_next_to_the_file_or_in_the_given_folder(case, run):
    for name, folder in (('p', case), ('q', case / 'elsewhere')):
        write_set(case / f'{name}.json', {f'{name}.png': scene(2)}, folder)
    p, q, val = (case / f'{name}.json' for name in ('p', 'q', 'val'))
    assert run(p, val)[0].split()[2:] == ['x.png', 'p.png', '(flipped)']
    folders = case / 'elsewhere', case / 'val'
    lines = run(q, val, '--img-dir', *folders)
    assert lines[0].split()[2:] == ['x.png', 'q.png', '(flipped)']
    # One folder is that of both files.
    cv2.imwrite(str(case / 'elsewhere/p.png'), scene(2))
    lines = run(q, p, '--img-dir', case / 'elsewhere')
    assert lines[0].split()[2:] == ['p.png', 'q.png']


def remove(case):
    (case / 'train/b.png').unlink()
    return "image 'b.png' (id 10) of", 'is not in', '; set --img-dir'


def damage(case):
    (case / 'val/x.png').write_bytes(b'no image')
    return str(case / 'val/x.png'), 'cannot be read as an image'


def empty(case):
    (case / 'val.json').write_text('{}')
    return 'Errors in', 'val.json', 'must have the lists'


def cut(case):
    (case / 'train.json').write_text('{')
    return 'train.json is not JSON', ''


@pytest.mark.parametrize('harm', [remove, damage, empty, cut])
def test_what_is_wrong_is_named(case, run, harm):
    expected = harm(case)
    with pytest.raises(SystemExit) as error:
        run(case / 'train.json', case / 'val.json', '--out', case / 'o.json')
    message = str(error.value)
    assert message.startswith('find_near_copies.py: ')
    assert all(text in message for text in expected)
    assert not (case / 'o.json').exists()


@pytest.mark.parametrize('name', ['train', 'val'])
def test_an_input_is_not_overwritten(case, run, name):
    path = case / f'{name}.json'
    before = path.read_bytes()
    with pytest.raises(SystemExit, match='would be overwritten'):
        run(case / 'train.json', case / 'val.json', '--out', path)
    assert path.read_bytes() == before


def test_three_folders_are_refused(case, run, capsys):
    with pytest.raises(SystemExit):
        run(case / 'a.json', case / 'b.json', '--img-dir', 'a', 'b', 'c')
    assert 'one folder, or one for each file' in capsys.readouterr().err
