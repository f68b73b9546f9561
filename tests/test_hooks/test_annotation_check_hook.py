"""All annotation files are checked before the first step."""

import shutil

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmdet_msrcnn.hooks.annotation_check_hook import coco_files
from mmdet_msrcnn.utils.io import write_json
from mmdet_msrcnn.utils.mmdet_tools import mmdet_tool
from tests.helpers import ROOT
from tests.test_datasets.files import content, write
from tests.test_tools.conftest import CONFIG, workspace  # noqa: F401

FRUIT = """
metainfo = dict(classes=('apple', 'pear'), palette=[(1, 2, 3), (4, 5, 6)])
model = dict(
    roi_head=dict(bbox_head=dict(num_classes=2), mask_head=dict(num_classes=2))
)
dataset = dict(metainfo=metainfo, data_prefix=dict(img=''))
train_dataloader.update(dataset=dict(dataset, data_root=data_root, {train}))
val_dataloader.update(dataset=dict(dataset, data_root=data_root, {val}))
"""


@pytest.fixture
def fruit(workspace, tmp_path):  # noqa: F811
    """A config of two classes, and a function that runs mmdet's train.py."""
    base = str(ROOT / 'configs/demo/ms-rcnn_r18_fpn_demo.py')
    text = CONFIG.format(base=base, data=f'{tmp_path}/')
    files = dict(train="ann_file='train.json'", val="ann_file='val.json'")
    config = tmp_path / 'fruit.py'
    config.write_text(text + FRUIT.format(**files))
    for name in ('train.json', 'val.json'):
        write(tmp_path, content(), name)

    def train(check=False):
        arguments = config, '--work-dir', tmp_path / 'work'
        return workspace.run(mmdet_tool('train.py'), *arguments, check=check)

    return tmp_path, train


def broken(change) -> dict:
    what = content()
    change(what)
    return what


# file, what is wrong, what is said
@pytest.mark.parametrize(
    ('name', 'change', 'messages'),
    [
        (
            'val.json',
            lambda c: c['annotations'][1].update(
                segmentation=[[5.0, 10, 25, 30]]
            ),
            ('short polygon (1)', "annotation 2 of image '1.png' (id 1)"),
        ),
        (
            'train.json',
            lambda c: c['categories'].reverse(),
            ('order of the annotations', "got ['apple', 'pear']"),
        ),
        (
            'train.json',
            lambda c: c['images'][0].update(width=60, height=80),
            ('60 x 80 pixels in the annotations, 80 x 60 as', "'1.png'"),
        ),
    ],
)
def test_mmdets_train_py_stops_before_the_first_step(
    fruit, name, change, messages
):
    folder, train = fruit
    write_json(folder / name, broken(change))
    done = train()
    assert done.returncode != 0
    for message in (*messages, f'{folder}/{name} has 1 errors'):
        assert message in done.stderr
    assert not list(folder.glob('work/epoch_*.pth'))
    assert 'Epoch(train)' not in done.stdout + done.stderr


def test_a_training_with_warnings_goes_on(fruit):
    folder, train = fruit
    what = content()
    for i, ann in enumerate(what['annotations']):
        ann['id'] = i
    what['annotations'][3]['area'] = 0
    write_json(folder / 'train.json', what)
    write_json(folder / 'val.json', what)
    done = train(check=True)
    log = done.stdout + done.stderr
    assert f'Checked {folder}/train.json in ' in log
    assert log.count('note: id 0 (1)') == 2
    assert log.count('warning: no area (1)') == 2
    # No image is read a second time for the test set.
    assert log.count('Checked') == 2
    assert (folder / 'work/epoch_1.pth').is_file()


def test_wrapped_data_sets_and_the_test_set_are_found(fruit):
    folder, _ = fruit
    cfg = Config.fromfile(folder / 'fruit.py')
    cfg.work_dir = str(folder / 'built')
    shutil.copy(folder / 'val.json', folder / 'test.json')
    inner = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='RepeatDataset',
        times=2,
        dataset=dict(type='ConcatDataset', datasets=[inner, inner]),
    )
    cfg.test_dataloader.dataset.ann_file = 'test.json'
    runner = Runner.from_cfg(cfg)
    assert list(coco_files(runner)) == []
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    found = list(dict.fromkeys(coco_files(runner)))
    assert [file.path.name for file in found] == ['train.json', 'test.json']
    assert {file.classes for file in found} == {('apple', 'pear')}
    assert {file.folder for file in found} == {folder}
    runner._val_loop = runner.build_val_loop(runner._val_loop)
    assert len(set(coco_files(runner))) == 3
