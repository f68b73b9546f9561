"""Figures in the documentation come from the stored results."""

import json
import re

import pytest
from mmengine.config import Config

from mmdet_msrcnn.apis.mask_scored_config import mask_scored_config
from mmdet_msrcnn.lab.reproduction import (
    PROTOCOLS,
    TABLES,
    fill_page,
    table_of,
)
from mmdet_msrcnn.lab.reproduction.protocols import load_config
from mmdet_msrcnn.lab.reproduction.tables import OTHER_TABLES
from tests.config_family import FOLDER, flatten
from tests.helpers import ROOT, squeezed

# With the fewest tables that each has.
PAGES = {
    'reproduction': 4,
    'better_score': 2,
    'photos': 6,
    'isolation': 1,
    'any_model': 1,
    # Its table is filled with the first results.
    'camouflage': 0,
}
RESULTS = ROOT / 'docs/results'


@pytest.mark.parametrize('page', PAGES)
def test_page_is_what_the_results_say(page):
    text = (ROOT / f'docs/{page}.md').read_text()
    assert fill_page(text, RESULTS) == text, (
        'run: python tools/reproduce_tables.py --write-docs'
    )
    assert text.count('<!-- table: ') >= PAGES[page]
    assert text.count('<!-- table: ') == text.count('<!-- end -->')


@pytest.mark.parametrize(
    'path',
    sorted(RESULTS.glob('*/*/*.json')),
    ids=lambda p: f'{p.parent.name}-{p.stem}',
)
def test_result_is_whole_and_names_no_machine(path):
    result = json.loads(path.read_text())
    assert result['variant'] == path.parent.name
    assert f'seed{result["seed"]}' == path.stem
    protocol = path.parents[1].name
    tables = [table_of(name, protocol) for name in TABLES | OTHER_TABLES]
    variants = {row.variant for table in tables for row in table.rows}
    assert result['variant'] in variants
    assert result['metrics']['mask']['mAP'] > 0
    # Neither absolute paths nor addresses of a machine.
    assert not re.search(r"""[\"'](/|~|file:)""", path.read_text())


def decisive(cfg: Config) -> dict:
    """What decides a result; data and mask heads that are equal bit for bit
    have one name.
    """
    keys = ('model', 'train_dataloader', 'optim_wrapper', 'param_scheduler')
    found = flatten({key: cfg.get(key) for key in keys})
    found['max_epochs'] = cfg.train_cfg.max_epochs
    return {
        key: value.removeprefix('mmdet_msrcnn.')
        if isinstance(value, str)
        else value
        for key, value in found.items()
    }


@pytest.mark.parametrize(
    'path',
    sorted(RESULTS.glob('*/*/seed0.json')),
    ids=lambda p: f'{p.parents[1].name}-{p.parent.name}',
)
def test_result_is_of_the_recipe_of_today(path):
    result = json.loads(path.read_text())
    protocol, _, kind = path.parents[1].name.partition('_')
    old = Config.fromstring(result['config'], '.py')
    if kind == 'any':
        name = f'*/{result["variant"]}_[0-9]*e_{protocol}.py'
        (detector,) = FOLDER.glob(name)
        new = mask_scored_config(load_config(detector), 'unused')
    else:
        recipe = PROTOCOLS[protocol](FOLDER).recipe(result['variant'])
        new = recipe.train or recipe.test
    assert decisive(old) == decisive(new)


def test_tables_between_the_marks_are_replaced(tmp_path):
    variant = TABLES['tau'].rows[0].variant
    folder = tmp_path / 'nuclei' / variant
    folder.mkdir(parents=True)
    metrics = dict(mask=dict(mAP=0.5, mAP_50=0.8, mAP_75=0.6))
    result = dict(variant=variant, metrics=metrics, mask_ap_resampled=[0.5])
    (folder / 'seed0.json').write_text(json.dumps(result))
    page = 'before\n<!-- table: nuclei tau -->\nold\n<!-- end -->\nafter\n'
    filled = fill_page(page, tmp_path)
    assert filled.startswith('before\n<!-- table: nuclei tau -->\n| ')
    assert filled.endswith('|\n<!-- end -->\nafter\n')
    # The paper's figures are of COCO.
    assert '| tau 0 | 50.0 | 80.0 | 60.0 |' in squeezed(filled)
    # Rows without a result are left out.
    assert 'tau 0.3' not in filled
    assert 'old' not in filled
    assert fill_page(filled, tmp_path) == filled


def test_table_of_the_first_seeds(tmp_path):
    variant = TABLES['tau'].rows[0].variant
    folder = tmp_path / 'nuclei' / variant
    folder.mkdir(parents=True)
    for seed, ap in enumerate((0.5, 0.6, 0.1)):
        metrics = dict(mask=dict(mAP=ap, mAP_50=ap, mAP_75=ap))
        result = dict(variant=variant, seed=seed, metrics=metrics)
        result['mask_ap_resampled'] = [ap]
        (folder / f'seed{seed}.json').write_text(json.dumps(result))
    begin = '<!-- table: nuclei tau 2 seeds -->\n'
    filled = fill_page(f'{begin}<!-- end -->\n', tmp_path)
    assert filled.startswith(begin)
    assert '| tau 0 | 55.0 ± 7.1 |' in squeezed(filled)
    assert fill_page(filled, tmp_path) == filled


@pytest.mark.parametrize('protocol', ['animals', 'animals_detector1'])
def test_photos_have_rows_of_their_backbone(protocol):
    table = table_of('upper-bound', protocol)
    assert table.rows[0].label == 'EfficientNet-Lite0 FPN'
    assert table.rows[0].variant == 'ms-rcnn_efflite0_fpn'
    assert table.rows[0].paper == (None,) * len(table.columns)
    # Rows of other backbones stay as they are.
    assert table.rows[-1] == table_of('upper-bound', 'nuclei').rows[-1]
    tau = table_of('tau', protocol)
    assert tau.title.endswith('EfficientNet-Lite0 FPN')
    assert tau.reference == tau.rows[0].variant
    assert table_of('cost', protocol).reference is None


def test_the_tables_of_coco_are_those_of_the_paper():
    assert table_of('tau', 'coco') is TABLES['tau']
    assert table_of('tau', 'nuclei').rows[0].variant == 'ms-rcnn_r18_fpn'


def test_the_papers_figures_need_no_results(tmp_path):
    begin = '<!-- table: coco mask-rcnn-test-dev-boxes -->\n'
    filled = fill_page(f'{begin}<!-- end -->\n', tmp_path)
    text = squeezed(filled)
    assert '| box AP, paper | box AP50, paper | box AP75, paper |' in text
    assert text.count('([published](https://') == 4
    assert '| Mask R-CNN, R-101 FPN | 38.2 | 60.3 | 41.7 |' in text
    assert fill_page(filled, tmp_path) == filled


@pytest.mark.parametrize('name', ['demo tau', 'coco unknown'])
def test_a_table_with_nothing_to_show_is_an_error(tmp_path, name):
    with pytest.raises(ValueError, match=f'has the table {name}, which'):
        fill_page(f'<!-- table: {name} -->\n<!-- end -->\n', tmp_path)


def test_the_figures_of_camouflaged_objects_are_those_of_cod10k():
    rows = {row.label: row for row in table_of('camouflage', 'cod10k').rows}
    assert rows['MS R-CNN'].paper == (0.641, None, None, 0.073)
    assert rows['MS R-CNN'].variant == 'ms-rcnn_r50_fpn'
    assert rows['MS R-CNN, CHAMELEON'].paper[0] == 0.637
    rows = table_of('camouflage', 'camouflage').rows
    assert [row.label for row in rows] == [
        'class score',
        'MS R-CNN',
        'MS R-CNN+',
    ]
    assert all(row.paper == (None,) * 4 for row in rows)
    # Other protocols lack the metric.
    assert table_of('camouflage', 'coco').rows == ()
    # COCO's figures are not those of COD10K.
    assert not any(table_of('tau', 'cod10k').rows[0].paper)
