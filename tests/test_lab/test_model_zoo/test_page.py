"""The page of all models, from the metafiles."""

import pytest

from mmdet_msrcnn.lab.model_zoo.metafile import write_metafile
from mmdet_msrcnn.lab.model_zoo.page import zoo_page
from mmdet_msrcnn.utils.metafile import read_metafile
from tests.helpers import ROOT, squeezed

METAFILES = sorted(ROOT.glob('configs/*/metafile.yml'))


def test_page_is_that_of_the_metafiles():
    page = (ROOT / 'docs/model_zoo.md').read_text()
    assert page == zoo_page(ROOT / 'configs'), 'run: python tools/model_zoo.py'
    for path in METAFILES:
        for model in read_metafile(path)['Models']:
            assert f'](../{model["Config"]})' in page
            assert f']({model["Weights"]})' in page


def entry(name: str, metadata: dict, **metrics) -> dict:
    tasks = {
        'Object Detection': {'box AP': 40.1},
        'Instance Segmentation': metrics,
    }
    return {
        'Name': name,
        'Config': f'configs/a/{name}.py',
        'Metadata': metadata,
        'Results': [
            dict(Task=task, Dataset='fruit', Metrics=values)
            for task, values in tasks.items()
        ],
        'Weights': f'http://h/{name}_20260101-0123abcd.pth',
    }


@pytest.fixture
def page(tmp_path):
    """The page of two models of one folder, and two folders without any."""
    ours = entry(
        'ours',
        {'SHA256': '0123abcd', 'Epochs': 18},
        **{'mask AP': 36.0, 'mask AP by oracle': 41.5},
    )
    theirs = entry('theirs', {'Iterations': 90000}, **{'mask AP': 35.0})
    for folder, models in (('a', [ours, theirs]), ('b', []), ('c', [])):
        (tmp_path / folder).mkdir()
        collection = dict(Name=f'Method {folder}')
        write_metafile(
            tmp_path / folder / 'metafile.yml',
            dict(Collections=[collection], Models=models),
        )
    return zoo_page(tmp_path)


def test_a_row_for_each_model(page):
    table = page[page.index('## [Method a](../configs/a/README.md)\n') :]
    _, _, header, line, *rows = squeezed(table).splitlines()
    assert set(line) == set('|-')
    assert header == (
        '| model | data | box AP | mask AP | mask AP by class score | '
        'mask AP by oracle | training | weights |'
    )
    url = 'http://h/ours_20260101-0123abcd'
    assert rows[:2] == [
        # A file of ours has a card beside it.
        '| [ours](../configs/a/ours.py) | fruit | 40.1 | 36.0 | - | 41.5 | '
        f'18 epochs | [0123abcd]({url}.pth) · [card]({url}.md) |',
        '| [theirs](../configs/a/theirs.py) | fruit | 40.1 | 35.0 | - | - | '
        '90000 iterations | '
        '[0123abcd](http://h/theirs_20260101-0123abcd.pth) |',
    ]


def test_folders_without_weights_are_one_line(page):
    assert page.endswith(
        'No weights yet: [Method b](../configs/b/README.md), '
        '[Method c](../configs/c/README.md).\n'
    )
    assert page.count('## ') == 1
