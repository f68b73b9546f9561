"""Wheel and sdist, used by mim from an empty folder."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.export.detector.onnx import write_detector
from mmdet_msrcnn.export.detector.tensor_detector import TensorDetector
from tests.file_server import serve
from tests.helpers import ROOT, build_model
from tests.test_export.test_detector.detectors import KINDS, detector, image
from tests.test_runtime.conftest import METADATA
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow
NAME = 'ms-rcnn_r18_fpn_demo'
PUBLISHED = 'ms-rcnn_r50-caffe_fpn_1x_coco'


@dataclass
class Environment:
    """A Python environment, an empty folder to be in, and what was built."""

    bin: Path
    folder: Path
    dist: Path

    def run(self, command: str, *arguments) -> str:
        done = subprocess.run(
            [str(part) for part in (self.bin / command, *arguments)],
            cwd=self.folder,
            env=dict(os.environ, PYTHONWARNINGS='ignore'),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope='module')
def server(tmp_path_factory):
    """A static file server on loopback: its folder and its address."""
    folder = tmp_path_factory.mktemp('zoo')
    with serve(folder) as url:
        yield folder, url


@pytest.fixture(scope='module')
def source(tmp_path_factory, server, workspace):  # noqa: F811
    """The project with a published model, as a maintainer leaves it."""
    tree = tmp_path_factory.mktemp('source') / 'project'
    names = ('mmdet_msrcnn', 'configs', 'tools', 'tests')
    skip = shutil.ignore_patterns('__pycache__', '.mim')
    for name in names:
        shutil.copytree(ROOT / name, tree / name, ignore=skip)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith('.git'):
            shutil.copy(path, tree / path.name)
    config = tree / f'configs/demo/{NAME}.py'
    cfg = Config.fromfile(config)
    meta = dict(epoch=1, dataset_meta=dict(cfg.metainfo))
    checkpoint = workspace.folder / 'epoch_1.pth'
    state = build_model(cfg).state_dict()
    # Random weights detect nothing above the config's 0.05 with zero bias.
    state['roi_head.bbox_head.fc_cls.bias'][:3] += 3
    torch.save(dict(meta=meta, state_dict=state), checkpoint)
    report = workspace.folder / 'report.json'
    report.write_text(
        '{"models": {"a": {"row": {"box AP": 0.1, "class_score": 0.1}}},'
        ' "max_dets": 100}'
    )
    image = next((workspace.folder / 'digits/val').glob('*.png'))
    folder, url = server
    workspace.run(
        tree / 'tools/publish_model.py',
        checkpoint,
        workspace.folder / 'published',
        f'--config={config}',
        f'--results={report}',
        f'--image={image}',
        f'--zoo-dir={folder}',
        f'--url={url}',
    )
    return tree


@pytest.fixture(scope='module')
def environment(tmp_path_factory, source):
    """An environment of its own, on top of this one's dependencies."""
    folder = tmp_path_factory.mktemp('environment')
    env = Environment(folder / 'env/bin', folder / 'empty', folder / 'dist')
    env.folder.mkdir()
    subprocess.run([sys.executable, '-m', 'venv', folder / 'env'], check=True)
    tools = ('openmim', 'build', 'twine', 'setuptools>=64,<81', 'wheel')
    env.run('pip', 'install', '--quiet', *tools)
    # A plain path: an editable mmdet_msrcnn of this environment stays out.
    site = Path(env.run('python', '-c', SITE).strip())
    (site / 'dependencies.pth').write_text(sysconfig.get_path('purelib'))
    env.run('python', '-m', 'build', '--outdir', env.dist, source)
    (wheel,) = env.dist.glob('*.whl')
    env.run('pip', 'install', '--quiet', '--no-deps', wheel)
    return env


SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def test_twine_finds_no_fault(environment):
    files = sorted(environment.dist.iterdir())
    assert [f.suffix for f in files] == ['.whl', '.gz']
    output = environment.run('twine', 'check', '--strict', *files)
    assert output.count('PASSED') == 2


def test_wheel_carries_configs_and_tools(environment):
    (wheel,) = environment.dist.glob('*.whl')
    names = set(zipfile.ZipFile(wheel).namelist())
    mim = 'mmdet_msrcnn/.mim'
    for path in (*ROOT.glob('configs/**/*.*'), *ROOT.glob('tools/**/*.*')):
        if '__pycache__' not in path.parts:
            assert f'{mim}/{path.relative_to(ROOT)}' in names
    assert f'{mim}/model-index.yml' in names
    assert not any('__pycache__' in name for name in names)
    assert not any(name.startswith('tests') for name in names)


def test_sdist_has_no_tests(environment):
    (sdist,) = environment.dist.glob('*.tar.gz')
    with tarfile.open(sdist) as archive:
        folders = {Path(name).parts[1:2] for name in archive.getnames()}
    assert ('configs',) in folders
    assert ('tests',) not in folders


def test_package_is_that_of_the_wheel(environment):
    code = 'import mmdet_msrcnn; print(mmdet_msrcnn.__file__)'
    path = environment.run('python', '-c', code).splitlines()[-1]
    assert Path(path).is_relative_to(environment.bin.parent)


def test_mim_search(environment):
    output = environment.run('mim', 'search', 'mmdet_msrcnn')
    assert f'config id: {NAME}' in output
    assert f'config id: {PUBLISHED}' in output
    output = environment.run(
        'mim', 'search', 'mmdet_msrcnn', '--config', PUBLISHED
    )
    assert '36.0' in output


def test_mim_trains_tests_and_downloads(environment, workspace):  # noqa: F811
    data = f'{workspace.folder}/digits/'
    sets = ('train', 'val', 'test')
    options = [
        '--cfg-options',
        *(f'{name}_dataloader.dataset.data_root={data}' for name in sets),
        *(f'{name}_evaluator.ann_file={data}val.json' for name in sets[1:]),
    ]
    environment.run(
        'mim',
        'train',
        'mmdet_msrcnn',
        f'{NAME}.py',
        '--launcher=none',
        '--work-dir=work',
        *options,
        'train_cfg.max_epochs=1',
        'train_cfg.val_begin=10',
    )
    trained = environment.folder / 'work/epoch_1.pth'
    assert trained.is_file()

    environment.run(
        'mim', 'download', 'mmdet_msrcnn', '--config', NAME, '--dest', '.'
    )
    (downloaded,) = environment.folder.glob(f'{NAME}_*.pth')
    (published,) = (workspace.folder / 'published').glob('*.pth')
    assert downloaded.read_bytes() == published.read_bytes()
    environment.run(
        'mim',
        'test',
        'mmdet_msrcnn',
        f'{NAME}.py',
        '--checkpoint',
        downloaded,
        '--launcher=none',
        '--work-dir=tested',
        *options,
    )
    assert list(environment.folder.glob('tested/*/*.json'))


def test_editable_installation_links_to_the_tree(environment, source):
    # Last: it replaces the wheel.
    environment.run(
        *('pip', 'install', '--quiet', '--no-deps'),
        *('--no-build-isolation', '--editable', source),
    )
    mim = source / 'mmdet_msrcnn/.mim'
    for name in ('configs', 'tools', 'model-index.yml'):
        assert (mim / name).resolve() == (source / name).resolve()


def test_runtime_alone(tmp_path):
    """Its wheel runs an exported detector where there is no torch."""
    pytest.importorskip('onnxscript', reason='a detector is exported')
    model = detector(KINDS['plus']())
    described = METADATA | dict(classes='["a", "b", "c"]')
    write_detector(TensorDetector(model), described, tmp_path / 'all.onnx')
    pixels = image()[0].permute(1, 2, 0).numpy().astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'scene.png'), pixels)

    env = Environment(tmp_path / 'env/bin', tmp_path, tmp_path / 'dist')
    subprocess.run([sys.executable, '-m', 'venv', env.bin.parent], check=True)
    shutil.copytree(ROOT / 'runtime', tmp_path / 'runtime')
    env.run('pip', 'wheel', '--no-deps', '-w', env.dist, './runtime')
    (wheel,) = env.dist.iterdir()
    env.run('pip', 'install', '--quiet', wheel)
    listed = env.run('pip', 'list', '--format=freeze').lower()
    assert 'onnxruntime' in listed
    assert not re.search('^(torch|mm|onnx=|pycocotools)', listed, re.MULTILINE)
    env.run('pip', 'check')
    command = 'scene.png', 'all.onnx', '--out-dir', 'out'
    assert '10 detections' in env.run('msrcnn-detect', *command)
    found = json.loads((tmp_path / 'out/detections.json').read_text())
    assert len(found['annotations']) == 10
    drawn = cv2.imread(str(tmp_path / 'out/scene.png.png'))
    assert drawn.shape == pixels.shape
