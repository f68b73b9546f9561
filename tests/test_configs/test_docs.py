"""The configs that the documentation tells users to write."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmdet_msrcnn.models import FUSIONS, FrozenTwoStageDetector
from tests.config_family import FOLDER
from tests.helpers import ROOT, build_model


@pytest.fixture
def own_folder(tmp_path) -> Path:
    """A folder beside those of the configs, as the documentation has it."""
    for folder in FOLDER.iterdir():
        (tmp_path / folder.name).symlink_to(folder)
    (tmp_path / 'my_animals').mkdir()
    return tmp_path / 'my_animals'


def snippets(page: str) -> list[str]:
    """The Python blocks of a page that are configs."""
    text = (ROOT / page).read_text()
    return re.findall(r'```python\n(_base_.+?)```', text, re.DOTALL)


def load(folder: Path, text: str, name: str = 'config') -> Config:
    path = folder / f'{name}.py'
    path.write_text(text)
    cfg = Config.fromfile(path)
    cfg.model.backbone.init_cfg = None
    return cfg


def test_own_data(own_folder):
    cfg = load(own_folder, snippets('docs/own_data.md')[0])
    assert build_model(cfg).roi_head.mask_iou_head.num_classes == 7
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        assert loader.dataset.data_root == 'data/animals/'
        assert len(loader.dataset.metainfo.classes) == 7
    assert cfg.val_evaluator.ann_file == 'data/animals/val.json'


def test_frozen_detector_on_own_data(own_folder):
    base, frozen = snippets('docs/own_data.md')
    load(own_folder, base, 'ms-rcnn_r50_fpn_animals')
    cfg = load(own_folder, frozen)
    assert type(build_model(cfg)) is FrozenTwoStageDetector
    assert cfg.model.roi_head.bbox_head.num_classes == 7
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler[1].end == 6
    assert cfg.load_from.endswith('.pth')
    assert cfg.train_dataloader.dataset.data_root == 'data/animals/'


def test_cascade_on_own_data(own_folder):
    (text,) = snippets('configs/cascade_ms_rcnn/README.md')
    roi_head = build_model(load(own_folder, text)).roi_head
    assert [head.num_classes for head in roi_head.bbox_head] == [2, 2, 2]
    assert roi_head.mask_iou_head.num_classes == 2


def test_fusion_of_ones_own(own_folder, monkeypatch):
    page = 'configs/ablations/README.md'
    (text,) = snippets(page)
    (module,) = re.findall(
        r'```python\n(from.+?)```', (ROOT / page).read_text(), re.DOTALL
    )
    (own_folder / 'my_fusion.py').write_text(module)
    monkeypatch.syspath_prepend(own_folder)
    before = dict(FUSIONS)
    try:
        head = build_model(load(own_folder, text)).roi_head.mask_iou_head
    finally:
        added = FUSIONS.keys() - before.keys()
        for name in added:
            del FUSIONS[name]
    assert added == {'add'}
    assert head.convs[0].in_channels == 256


def test_no_placeholder_is_left():
    for page in (ROOT / 'README.md', *ROOT.glob('docs/**/*.md')):
        assert not re.search(r'@\w+@', page.read_text('utf-8')), page
