"""Steps of the demo that ``make`` runs, by ``make -n``."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers import ROOT

HEADS = ('ms-rcnn', 'ms-rcnn-plus')
OUTPUTS = ('trained', 'last_checkpoint', 'results.mask_scores.json')
DONE = [
    'mask-rcnn/trained',
    'mask-rcnn/last_checkpoint',
    *(f'{head}/{name}' for name in OUTPUTS for head in HEADS),
    'report.md',
]


@pytest.fixture
def folder(tmp_path):
    """A folder in which the environment and the data exist."""
    if shutil.which('make') is None:
        pytest.skip('needs make')
    shutil.copy(ROOT / 'Makefile', tmp_path)
    sources = (
        *('requirements.txt', 'requirements-openmmlab.txt'),
        *('setup.py', 'pyproject.toml', 'runtime/pyproject.toml'),
    )
    for name in sources:
        touch(tmp_path / name, 0)
    touch(tmp_path / '.venv/bin/python', 1)
    touch(tmp_path / '.venv/.mmdet_msrcnn-ready', 2)
    touch(tmp_path / 'data/digits/val.json', 3)
    return tmp_path


def touch(path: Path, age: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('epoch_4.pth')
    os.utime(path, (1_000_000 + age,) * 2)


def make(folder: Path) -> list[str]:
    """Runs that are missing: what they do, and for which folder."""
    done = subprocess.run(
        ['make', '-n', 'demo'], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout.replace('\\\n', ' ')
    runs = []
    for line in text.splitlines():
        tool = re.search(r'tools/(\w+)\.py', line)
        if tool:
            where = re.search(r'--work-dir work_dirs/demo/(\S+)', line)
            runs.append(f'{tool[1]} {where[1]}' if where else tool[1])
    return runs


ALL = [
    'train mask-rcnn',
    'train ms-rcnn',
    'test ms-rcnn',
    'train ms-rcnn-plus',
    'test ms-rcnn-plus',
    'analyze_results',
]


def test_the_demo_trains_a_detector_and_two_heads(folder):
    assert make(folder) == ALL


def test_what_is_there_is_not_done_again(folder):
    for age, name in enumerate(DONE, start=10):
        touch(folder / 'work_dirs/demo' / name, age)
    assert make(folder) == []


@pytest.mark.parametrize(
    ('missing', 'runs'),
    [
        ('report.md', ALL[-1:]),
        ('ms-rcnn/results.mask_scores.json', [ALL[2], ALL[-1]]),
        ('ms-rcnn-plus/trained', ALL[3:]),
        ('mask-rcnn/trained', ALL),
    ],
)
def test_what_is_missing_is_done_with_all_that_needs_it(folder, missing, runs):
    for age, name in enumerate(DONE, start=10):
        if name != missing:
            touch(folder / 'work_dirs/demo' / name, age)
    assert make(folder) == runs
