"""All annotation files are checked before the first step."""

import shutil

import pytest
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool
from mmdet_msrcnn.datasets.image_checks import Loading
from mmdet_msrcnn.hooks.annotation_check_hook import (
    AnnotationCheckHook,
    _files_of,
    coco_files,
)
from mmdet_msrcnn.utils import all_ranks
from mmdet_msrcnn.utils.io import write_json
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
        return workspace.run_warm(
            mmdet_tool('train.py'), *arguments, check=check
        )

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
            (
                '60 x 80 pixels in the annotations, but',
                'as 80 x 60',
                "'1.png'",
            ),
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
    for message in (*messages, f'Errors in {folder}/{name}: 1. Correct them'):
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
    test = dict(cfg.test_dataloader.dataset, ann_file='test.json')
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset',
        datasets=[dict(type='RepeatDataset', times=1, dataset=test)],
    )
    runner = Runner.from_cfg(cfg)
    assert list(coco_files(runner)) == []
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    found = list(dict.fromkeys(coco_files(runner)))
    assert [file.path.name for file in found] == ['train.json', 'test.json']
    assert {file.use.classes for file in found} == {('apple', 'pear')}
    # A training reads no image of the test set.
    assert [file.folder for file in found] == [folder, None]
    runner._val_loop = runner.build_val_loop(runner._val_loop)
    assert len(set(coco_files(runner))) == 3


def image_folder(path, *, type='CocoDataset', img='', loader=None, **kwargs):
    """Where and how a data set of mmdet reads its images."""
    init_default_scope('mmdet')
    loader = loader or dict(type='LoadImageFromFile')
    cfg = dict(
        type=type,
        ann_file=str(path),
        data_root=f'{path.parent}/',
        data_prefix=dict(img=img, **kwargs),
        pipeline=[loader, dict(type='PackDetInputs')],
        lazy_init=True,
    )
    return [
        (file.folder, file.loading) for file in _files_of(DATASETS.build(cfg))
    ]


def test_images_that_a_pipeline_reads_in_its_own_way(tmp_path):
    path = write(tmp_path, content())
    usual = dict(type='LoadImageFromFile')
    as_mmdet = [(tmp_path, Loading('color', 'cv2'))]
    assert image_folder(path) == as_mmdet
    local = dict(usual, backend_args=dict(backend='local'))
    assert image_folder(path, loader=local) == as_mmdet
    straight = dict(usual, color_type='color_ignore_orientation')
    ((_, loading),) = image_folder(path, loader=straight)
    assert loading == Loading('color_ignore_orientation', 'cv2')
    # Not files of this machine, or not images.
    remote = dict(usual, backend_args=dict(backend='petrel'))
    channels = dict(type='LoadMultiChannelImageFromFiles')
    for found in (
        image_folder(path, loader=remote),
        image_folder(path, loader=channels),
        image_folder(path, img='s3://bucket/train/'),
    ):
        assert [folder for folder, _ in found] == [None]


def test_files_of_another_layout_are_left_alone(tmp_path):
    path = write(tmp_path, content())
    assert image_folder(path, type='LVISV1Dataset') == []
    assert image_folder(path, type='CocoPanopticDataset', seg='') == []


def test_what_fails_on_the_rank_that_checks_is_raised(fruit, monkeypatch):
    """The other ranks are waiting for it."""
    folder, _ = fruit
    cfg = Config.fromfile(folder / 'fruit.py')
    cfg.work_dir = str(folder / 'built')
    # No training reads it.
    (folder / 'test.json').write_text('{')
    cfg.test_dataloader.dataset.ann_file = 'test.json'
    runner = Runner.from_cfg(cfg)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    gathered = []

    def gather(error, group):
        gathered.append(error)
        return [error]

    monkeypatch.setattr(all_ranks, 'all_gather_object', gather)
    with pytest.raises(RuntimeError, match='test.json is not JSON'):
        AnnotationCheckHook().before_run(runner)
    assert gathered[0][0] is RuntimeError


def test_a_test_file_without_annotations(fruit):
    """Such as that of COCO's test-dev."""
    folder, train = fruit
    config = folder / 'fruit.py'
    what = broken(lambda c: c.pop('annotations'))
    write_json(folder / 'test.json', what)
    config.write_text(
        config.read_text()
        + 'test_dataloader = dict(val_dataloader, dataset=dict('
        + "dataset, data_root=data_root, ann_file='test.json'))\n"
    )
    done = train(check=True)
    log = done.stdout + done.stderr
    assert f'Checked {folder}/test.json, without its images in' in log
    assert 'warning: no annotations (1)' in log


def test_image_files_can_be_left_out(fruit):
    """By the lines of docs/own_data.md."""
    folder, _ = fruit
    page = (ROOT / 'docs/own_data.md').read_text()
    start = page.index('custom_hooks = _base_.custom_hooks')
    lines = page[start : page.index('```', start)]
    config = folder / 'fruit.py'
    config.write_text(config.read_text() + lines)
    (folder / '2.png').write_bytes(b'')
    cfg = Config.fromfile(config)
    cfg.work_dir = str(folder / 'built')
    runner = Runner.from_cfg(cfg)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    (hook,) = (h for h in runner.hooks if isinstance(h, AnnotationCheckHook))
    hook.before_run(runner)
    hook.check_images = True
    with pytest.raises(ValueError, match='2.png has 0 bytes'):
        hook.before_run(runner)
