"""Links and commands in the READMEs of the config folders are valid."""

import re

import pytest

from tests.config_family import FOLDER
from tests.helpers import ROOT

READMES = [
    folder / 'README.md'
    for folder in sorted(FOLDER.iterdir())
    if folder.is_dir() and not folder.name.startswith('_')
]


@pytest.mark.parametrize('path', READMES, ids=lambda p: p.parent.name)
def test_every_config_is_listed_and_every_link_leads_somewhere(path):
    text = path.read_text()
    links = re.findall(r'\]\((?!http)([^)#]+)', text)
    assert all((path.parent / link).exists() for link in links)
    configs = {config.name for config in path.parent.glob('*.py')}
    assert configs <= {link.split('/')[-1] for link in links}
    assert re.search(r'^## Citation\n\n```latex\n@', text, re.MULTILINE)


@pytest.mark.parametrize('path', READMES, ids=lambda p: p.parent.name)
def test_commands_name_files_that_exist(path):
    text = path.read_text()
    files = re.findall(r'\b(?:configs|tools)/[\w./-]+\.(?:py|sh)\b', text)
    assert files
    assert all((ROOT / file).is_file() for file in files)


@pytest.mark.parametrize('path', READMES, ids=lambda p: p.parent.name)
def test_command_of_a_row_is_that_of_its_config(path):
    rows = re.findall(
        r'^\|.*\[config\]\([./]*([^)]+)\).*`([^`]+)` \|$',
        path.read_text(),
        re.MULTILINE,
    )
    assert rows
    for config, command in rows:
        assert command.split('configs/')[1].split()[0].endswith(config)


# folders whose tables hold no figures
WITHOUT_FIGURES = (
    'animals',
    'any_model',
    'camouflage',
    'car_parts',
    'demo',
    'ms_rcnn_plus',
    'nuclei',
)


# tables of results: every AP column says whose figures it holds
@pytest.mark.parametrize(
    'path',
    [p for p in READMES if p.parent.name not in WITHOUT_FIGURES],
    ids=lambda p: p.parent.name,
)
def test_figures_have_an_owner(path):
    headers = re.findall(r'^\|(.*\bAP.*)\|\n\|---', path.read_text(), re.M)
    assert headers
    for header in headers:
        for column in header.split('|'):
            assert 'AP' not in column or re.search('paper|mmdet', column)
