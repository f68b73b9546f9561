"""The site of the documentation; its links are those of GitHub."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT


def build(tree: Path, site: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, '-m', 'mkdocs', 'build', '--strict', '-d', site],
        cwd=tree,
        env=dict(os.environ, NO_MKDOCS_2_WARNING='1'),
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope='module')
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('site')
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there(site):
    pages = (*ROOT.glob('docs/**/*.md'), *ROOT.glob('configs/*/README.md'))
    for page in pages:
        path = page.relative_to(ROOT).with_suffix('')
        folder = path.parent if path.name == 'README' else path
        assert (site / folder / 'index.html').is_file(), page


def test_linked_files_are_there(site):
    for name in ('LICENSE', 'configs/ms_rcnn/ms-rcnn_r50_fpn_18e_coco.py'):
        assert (site / name).read_bytes() == (ROOT / name).read_bytes()


@pytest.mark.parametrize(
    'name',
    [
        'models.mask_heads.mask_iou_head.MaskIoUHead',
        'models.roi_heads.mask_scoring_roi_head.MaskScoringRoIHead',
        'models.targets.mask_iou_target.mask_iou_target',
        'evaluation.mask_scoring_metric.MaskScoringMetric',
        'apis.mask_scoring_inferencer.MaskScoringInferencer',
        'registry.MODELS',
    ],
)
def test_public_names_are_explained(site, name):
    page = 'registry' if 'registry' in name else name.rsplit('.', 2)[0]
    html = (site / f'api/{page}/index.html').read_text('utf-8')
    assert f'id="mmdet_msrcnn.{name}"' in html


@pytest.fixture
def tree(tmp_path) -> Path:
    """A project of one page and one module."""
    for name in ('mkdocs.yml', 'docs/site_hooks.py'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in (
        'CONTRIBUTING.md',
        'CHANGELOG.md',
        'mmdet_msrcnn/registry.py',
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / 'configs').mkdir()
    return tmp_path


def test_pages_may_be_missing_from_the_nav_and_new(tree):
    (tree / 'README.md').write_text('# A\n\n[b](docs/b.md#two-words)')
    (tree / 'docs/b.md').write_text("# B\n\n## Two words'\n\n[to](../docs)")
    done = build(tree, tree / 'site')
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'docs/b/' in (tree / 'site/index.html').read_text()


@pytest.mark.parametrize(
    'link',
    [
        'docs/missing.md',
        'missing.py',
        'CHANGELOG.md#missing',
        '#missing',
        '../outside.md',
        '/LICENSE',
    ],
)
def test_bad_link_fails_the_build(tree, link):
    (tree / 'README.md').write_text(f'# A\n\n[b]({link})\n')
    done = build(tree, tree / 'site')
    assert done.returncode != 0
    assert f"'{link}'" in done.stderr
