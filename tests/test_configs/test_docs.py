"""The configs that the documentation tells users to write."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmdet_msrcnn.models import FUSIONS, FrozenTwoStageDetector
from mmdet_msrcnn.utils.configs import main_metric
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


OPTION = 'test_evaluator.outfile_prefix'
OPTION_OF_LISTS = 'test_evaluator.0.outfile_prefix'
# Where users read how to write PREFIX.mask_scores.json.
PLACES = {
    'docs/reading_results.md': (OPTION, OPTION_OF_LISTS),
    'docs/camouflage.md': (OPTION_OF_LISTS,),
    'tools/find_suspects.py': (OPTION, OPTION_OF_LISTS),
    'mmdet_msrcnn/analysis/result_files.py': (OPTION, OPTION_OF_LISTS),
}


@pytest.mark.parametrize('place', PLACES)
def test_the_option_that_writes_mask_scores(place):
    text = (ROOT / place).read_text()
    found = re.findall(r'test_evaluator\.[\w.]*outfile_prefix', text)
    assert {*found} == {*PLACES[place]}


@pytest.mark.parametrize(
    ('name', 'option'),
    [
        ('nuclei/ms-rcnn_r18_fpn_16e_nuclei.py', OPTION),
        ('camouflage/ms-rcnn_r18_fpn_camouflage.py', OPTION_OF_LISTS),
        ('camouflage/ms-rcnn-plus_r50_fpn_18e_cod10k.py', OPTION_OF_LISTS),
        ('ms_rcnn/ms-rcnn_r50_fpn_18e_cityscapes.py', OPTION_OF_LISTS),
    ],
)
def test_the_option_reaches_the_metric_of_masks(name, option):
    cfg = Config.fromfile(FOLDER / name)
    is_list = isinstance(cfg.test_evaluator, list)
    assert is_list == (option == OPTION_OF_LISTS)
    if is_list:
        with pytest.raises(TypeError, match='list indices must be integers'):
            cfg.merge_from_dict({OPTION: 'PREFIX'})
    cfg.merge_from_dict({option: 'PREFIX'})
    metric = main_metric(cfg.test_evaluator)
    assert metric.type == 'mmdet_msrcnn.MaskScoringMetric'
    assert metric.outfile_prefix == 'PREFIX'
