"""The cells of versions: those of the workflow and those of the docs."""

import re

import yaml
from packaging.specifiers import SpecifierSet

from mmdet_msrcnn.compat.dependencies import BASES, PYTHONS, TORCH
from tests.helpers import ROOT

ROW = re.compile(r'^\| (\w+) \| (3\.\d+) \| (\S+) \| (\S+) \|', re.MULTILINE)


def cells() -> list[tuple[str, ...]]:
    """Base, Python, torch and NumPy of each cell of the workflow."""
    text = (ROOT / '.github/workflows/versions.yml').read_text()
    matrix = yaml.safe_load(text)['jobs']['cell']['strategy']['matrix']
    return [tuple(cell.values()) for cell in matrix['include']]


def test_the_docs_list_the_cells_of_the_workflow():
    docs = (ROOT / 'docs/robustness.md').read_text()
    assert ROW.findall(docs) == cells()


def test_the_package_accepts_each_cell():
    for base, python, torch, _ in cells():
        assert python in SpecifierSet(PYTHONS[base])
        assert torch in SpecifierSet(TORCH[0])


def test_each_base_runs_on_its_oldest_and_its_newest_python():
    for base in BASES:
        minors = [
            minor
            for minor in range(30)
            if f'3.{minor}' in SpecifierSet(PYTHONS[base])
        ]
        pythons = {python for name, python, *_ in cells() if name == base}
        assert {f'3.{minors[0]}', f'3.{minors[-1]}'} <= pythons
