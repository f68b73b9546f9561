"""Ids of an annotation file."""

import json
from pathlib import Path

import pytest
from msrcnn_runtime.ids import look_up, numbered, read_ids

PATHS = [Path('photos/a.jpg'), Path('photos/b.png')]
CONTENT = dict(
    images=[
        dict(id=40, file_name='val/b.png'),
        dict(id=30, file_name='a.jpg'),
        dict(id=50, file_name='c.jpg'),
    ],
    categories=[dict(id=9, name='dog'), dict(id=5, name='cat')],
)


@pytest.fixture
def read(tmp_path):
    def run(paths=PATHS, classes=('cat', 'dog'), **changes):
        path = tmp_path / 'val.json'
        path.write_text(json.dumps(CONTENT | changes))
        return read_ids(path, paths, classes)

    return run


def test_by_name(read):
    ids = read()
    assert ids.images == [30, 40]
    assert ids.classes == [5, 9]


def test_without_a_file():
    ids = numbered(PATHS, ['cat', 'dog'])
    assert ids.images == [1, 2]
    assert ids.classes == [0, 1]


def test_names_that_are_missing_or_there_twice(read):
    with pytest.raises(
        ValueError, match="no image of .*val.json has the name 'd.jpg'$"
    ):
        read([Path('d.jpg')])
    with pytest.raises(ValueError, match="name 'd.jpg' and 1 more"):
        read([Path('d.jpg'), PATHS[0], Path('e.jpg')])
    with pytest.raises(ValueError, match="no category of .* the name 'cow'"):
        read(classes=['cat', 'cow'])
    images = [dict(id=i, file_name=f'{i}/a.jpg') for i in range(2)]
    with pytest.raises(ValueError, match="more than one image .* 'a.jpg'"):
        read(PATHS[:1], images=images)


class CountedStr(str):
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        CountedStr.compared += 1
        return str.__eq__(self, other)


def test_each_name_is_looked_up_once():
    num = 300
    pairs = [(CountedStr(f'{i}.jpg'), i) for i in range(num)]
    names = [CountedStr(f'{i}.jpg') for i in range(num)]
    CountedStr.compared = 0
    assert look_up(names, pairs, 'image') == [*range(num)]
    assert CountedStr.compared < 10 * num


def test_other_files(read, tmp_path):
    with pytest.raises(ValueError, match='is not an annotation file'):
        read(images=[dict(id=1)])
    with pytest.raises(ValueError, match='is not an annotation file'):
        read(categories=[dict(id=1, name=['cat'])])
    with pytest.raises(ValueError, match='none.json was not read: No such'):
        read_ids(tmp_path / 'none.json', PATHS, [])
