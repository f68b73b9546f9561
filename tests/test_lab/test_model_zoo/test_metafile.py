"""Metafiles of the config folders, as mim and people read them."""

import re
from pathlib import Path

import mmdet
import pytest
import yaml

from mmdet_msrcnn.lab.model_zoo.metafile import (
    add_model,
    read_metafile,
    write_metafile,
)
from tests.helpers import ROOT
from tests.test_configs.test_published import PUBLISHED

METAFILES = sorted(ROOT.glob('configs/*/metafile.yml'))
MMDET = Path(mmdet.__file__).parent / '.mim'


def models(path: Path) -> dict[str, dict]:
    content = yaml.safe_load(path.read_text())
    return {model['Name']: model for model in content['Models']}


def test_every_folder_of_configs_is_in_the_index():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    folders = {
        path.parent.name
        for path in ROOT.glob('configs/*/*.py')
        if path.parent.name != '_base_'
    }
    expected = {f'configs/{folder}/metafile.yml' for folder in folders}
    assert set(index['Import']) == expected
    assert {str(p.relative_to(ROOT)) for p in METAFILES} == expected


@pytest.mark.parametrize('path', METAFILES, ids=lambda p: p.parent.name)
def test_entries_resolve(path):
    content = read_metafile(path)
    (collection,) = content['Collections']
    assert (ROOT / collection['README']).is_file()
    for model in content['Models']:
        config = ROOT / model['Config']
        assert config.is_file()
        assert config.parent == path.parent
        assert config.stem == model['Name']
        assert model['In Collection'] == collection['Name']
        # Without weights, mim download fails with an AttributeError.
        assert re.fullmatch(r'https?://.+-[0-9a-f]{8}\.pth', model['Weights'])
        tasks = {result['Task'] for result in model['Results']}
        assert tasks == {'Object Detection', 'Instance Segmentation'}


def test_names_of_configs_are_unique():
    # mim train finds a config by its file name.
    names = [path.name for path in ROOT.glob('configs/*/*.py')]
    assert len(names) == len(set(names))


def test_published_models_are_those_of_mmdet():
    paths = [p / 'configs/ms_rcnn/metafile.yml' for p in (MMDET, ROOT)]
    theirs, ours = map(models, paths)
    collections = [
        yaml.safe_load(path.read_text())['Collections'][0] for path in paths
    ]
    assert collections[0].keys() == collections[1].keys()
    for key in ('Name', 'Paper', 'README'):
        assert collections[0][key] == collections[1][key]
    for name in PUBLISHED:
        for key in ('Weights', 'Results', 'Metadata'):
            assert ours[name][key] == theirs[name][key]


def test_a_model_is_added_then_replaced(tmp_path):
    path = tmp_path / 'metafile.yml'
    collection = dict(Name='c', Metadata={'Training Data': 'd'})
    write_metafile(path, dict(Collections=[collection], Models=[]))
    for epochs in (1, 2):
        for name in ('a', 'b'):
            add_model(path, dict(Name=name, Epochs=epochs))
    assert yaml.safe_load(path.read_text()) == dict(
        Collections=[collection],
        Models=[dict(Name='a', Epochs=2), dict(Name='b', Epochs=2)],
    )


@pytest.mark.parametrize(
    'text',
    [
        '- a list',
        'Import: [x]',
        'just text',
        'Collections: text',
        'Models: [{Config: a}]',
        'a: [b: {',
    ],
)
def test_another_file_is_an_error(tmp_path, text):
    path = tmp_path / 'metafile.yml'
    path.write_text(text)
    with pytest.raises(ValueError, match='is not a metafile'):
        add_model(path, dict(Name='a'))
    assert path.read_text() == text
