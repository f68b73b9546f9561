"""Which models there are, by the metafiles."""

from pathlib import Path

import mmdet
import pytest
import yaml

from mmdet_msrcnn.utils.metafile import find_model, read_metafile

MMDET = Path(mmdet.__file__).parent / '.mim'


def test_metafiles_of_mmdet_are_read():
    path = MMDET / 'configs/mask_rcnn/metafile.yml'
    expected = yaml.safe_load(path.read_text())
    assert len(expected['Models']) > 20
    assert read_metafile(path) == expected


@pytest.mark.parametrize(
    ('text', 'parts'),
    [
        (None, ([], [])),
        ('', ([], [])),
        ('Models:\n', ([], [])),
        ('Models: [{Name: a}]', ([], [dict(Name='a')])),
        (
            'Collections: [{Name: c, README: r}]',
            ([{'Name': 'c', 'README': 'r'}], []),
        ),
    ],
)
def test_parts_that_are_not_there_are_empty(tmp_path, text, parts):
    path = tmp_path / 'metafile.yml'
    if text is not None:
        path.write_text(text)
    collections, models = parts
    assert read_metafile(path) == dict(Collections=collections, Models=models)


@pytest.mark.parametrize(
    'text',
    ['Models: [a]', 'Models: [{Name: }]', 'Models: {a: b}', 'Models: 3'],
)
def test_entries_without_a_name_are_an_error(tmp_path, text):
    path = tmp_path / 'metafile.yml'
    path.write_text(text)
    with pytest.raises(ValueError, match=r'metafile\.yml is not a metafile'):
        read_metafile(path)


@pytest.fixture
def folder(tmp_path):
    """Two folders of configs with a metafile, and one without."""
    for name, models in (('a', 'one'), ('b', 'Two three'), ('c', None)):
        (tmp_path / 'configs' / name).mkdir(parents=True)
        if models:
            entries = ', '.join(f'{{Name: {m}}}' for m in models.split())
            path = tmp_path / 'configs' / name / 'metafile.yml'
            path.write_text(f'Models: [{entries}]')
    return tmp_path


@pytest.mark.parametrize('name', ['one', 'Two', 'three'])
def test_a_model_is_found_in_any_folder_and_case(folder, name):
    for spelled in (name, name.upper(), name.lower()):
        assert find_model(folder, spelled) == dict(Name=name)


@pytest.mark.parametrize('name', ['on', 'ones', '', 'a'])
def test_part_of_a_name_finds_no_model(folder, name):
    assert find_model(folder, name) is None
    assert find_model(folder / 'missing', name) is None
