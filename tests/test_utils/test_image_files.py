"""Images of a folder, and an output for each."""

from pathlib import Path

import pytest

from mmdet_msrcnn.utils.image_files import (
    OutputNames,
    find_images,
    unreadable,
)

FILES = (
    '_annotations.coco.json',
    'IMG_1.JPG',
    'a.png',
    'sub/b.TIFF',
    'sub/deep/c.webp',
    'sub/notes.txt',
)


def test_images_by_type_in_all_folders(tmp_path):
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    images, others = find_images(tmp_path)
    assert [p.relative_to(tmp_path).as_posix() for p in images] == [
        'IMG_1.JPG',
        'a.png',
        'sub/b.TIFF',
        'sub/deep/c.webp',
    ]
    assert [p.name for p in others] == ['_annotations.coco.json', 'notes.txt']


# inputs in order, expected names without and with suffix
@pytest.mark.parametrize(
    ('sources', 'names', 'with_suffix'),
    [
        (['/x/a.png', '/x/b.png'], ['a', 'b'], ['a.png', 'b.png']),
        # two suffixes
        (['/x/a.png', '/x/a.jpg'], ['a', 'a.jpg'], ['a.png', 'a.jpg']),
        # two folders
        (
            ['/x/p/1.png', '/x/q/1.png', '/y/q/1.png'],
            ['1', 'q/1', 'q/1.png'],
            ['1.png', 'q/1.png', 'y/q/1.png'],
        ),
        # a file system that does not tell cases apart
        (['/x/A.png', '/x/a.png'], ['A', 'x/a'], ['A.png', 'x/a.png']),
        # the same input
        (['/x/a.png', '/x/a.png'], ['a', 'a'], ['a.png', 'a.png']),
        # addresses
        (
            ['http://h/x/a.png?size=1', 'http://h/y/a.png'],
            ['a', 'y/a'],
            ['a.png', 'y/a.png'],
        ),
        # a name that looks like another with its suffix
        (
            ['/x/a.png', '/x/a.jpg', '/x/a.jpg.png'],
            ['a', 'a.jpg', 'a.jpg.png'],
            ['a.png', 'a.jpg', 'a.jpg.png'],
        ),
        # no folder
        (['/a.png', '/A.png'], ['a', 'A_2'], ['a.png', 'A_2.png']),
    ],
)
def test_two_inputs_share_no_output(sources, names, with_suffix):
    for suffix, expected in ((False, names), (True, with_suffix)):
        outputs = OutputNames(suffix)
        assert [outputs.name(source) for source in sources] == expected


def test_names_stay_in_the_folder():
    outputs = OutputNames()
    for source in (
        '../../x/a.png',
        '../y/a.png',
        '~/a.png',
        'a.png',
        '..',
        'http://h/a/x.jpg',
        'http://h/../x.jpg',
        'http://h/../../../x.jpg',
        'http://h/..',
    ):
        name = Path(outputs.name(source))
        assert not name.is_absolute()
        assert '..' not in name.parts


def test_unreadable_images_are_explained():
    said = 'a.png cannot be read as an image'
    assert (
        unreadable('a.png', ValueError('bad')) == f'{said} (ValueError: bad)'
    )
    assert unreadable('a.png', AssertionError('bad')) == f'{said} (bad)'
    assert unreadable('a.png', AssertionError()) == f'{said} (it is not one)'
