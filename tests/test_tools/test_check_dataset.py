"""Messages about annotation files."""

import json
import sys

import pytest

from tests.helpers import load_tool
from tests.test_datasets.files import content, write

check_dataset = load_tool('check_dataset')


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments) -> str:
        command = ['check_dataset.py', *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', command)
        check_dataset.main()
        return capsys.readouterr().out

    return run


def test_fine_files(run, tmp_path):
    train = write(tmp_path, content(), 'train.json')
    (tmp_path / 'val').mkdir()
    val = tmp_path / 'val.json'
    val.write_text(json.dumps(content()))
    for image in (1, 2):
        path = tmp_path / f'{image}.png'
        (tmp_path / 'val' / path.name).write_bytes(path.read_bytes())
    out = run(train, val)
    line = '2 images, 4 annotations, 2 categories; image files in '
    assert f'{train}: {line}{tmp_path}\n  no problems found\n' in out
    assert out.count('\n  no problems found\n') == 2
    assert '\n  no problems found\n' in run(
        train, '--img-dir', tmp_path / 'val'
    )


def test_images_that_are_not_found(run, tmp_path):
    path = write(tmp_path / 'x', content())
    moved = tmp_path / 'ann.json'
    path.rename(moved)
    assert 'image files not checked; set --img-dir' in run(moved)


def test_files_of_another_order(run, tmp_path):
    first = write(tmp_path, content(), 'a.json')
    other = content()
    other['categories'].reverse()
    second = write(tmp_path, other, 'b.json')
    with pytest.raises(SystemExit) as error:
        run(first, second)
    assert error.value.code == 1


def test_errors(run, tmp_path, capsys):
    what = content()
    what['annotations'][0]['segmentation'] = []
    path = write(tmp_path, what)
    with pytest.raises(SystemExit) as error:
        run(path)
    assert error.value.code == 1
    out = capsys.readouterr().out
    assert "annotation 1 of image '1.png' (id 1): segmentation is []" in out


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'{', 'is not JSON'),
        (b'[]', 'contains a list'),
        (None, 'No such file'),
    ],
)
def test_what_is_no_annotation_file(run, tmp_path, capsys, data, message):
    path = tmp_path / 'bad.json'
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(SystemExit) as error:
        run(path, write(tmp_path, content()))
    assert error.value.code == 1
    out = capsys.readouterr().out
    assert message in out
    # The other file is checked all the same.
    assert '\n  no problems found\n' in out
