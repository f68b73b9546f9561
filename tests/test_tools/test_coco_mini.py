"""Training and test passes over real COCO images."""

import re

import pytest

from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool
from tests.helpers import ROOT

CONFIG = """
_base_ = {base!r}

data_root = {data!r}
train_pipeline = _base_.train_pipeline
test_pipeline = _base_.test_pipeline
train_pipeline[2].scale = (533, 320)
test_pipeline[1].scale = (533, 320)
model = dict(
    backbone=dict(init_cfg=None),
    # Every proposal is a detection of every class: few proposals, then.
    test_cfg=dict(rpn=dict(max_per_img=50), rcnn=dict(score_thr=0.0)),
)
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, pipeline=train_pipeline),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=data_root + 'annotations/instances_val2017.json'
)
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=1, val_begin=2)
default_hooks = dict(logger=dict(interval=10))
"""


@pytest.mark.slow
def test_r50_trains_and_tests_without_a_warning_of_ours(coco_mini, workspace):
    base = ROOT / 'configs/ms_rcnn/ms-rcnn_r50_fpn_18e_coco.py'
    config = workspace.folder / 'coco_mini.py'
    config.write_text(CONFIG.format(base=str(base), data=f'{coco_mini}/'))
    work_dir = workspace.folder / 'coco_mini'
    done = workspace.run(
        '-W',
        'always',
        mmdet_tool('train.py'),
        config,
        '--work-dir',
        work_dir,
    )
    log = done.stdout + done.stderr
    losses = re.findall(r'loss_mask_iou: ([\d.]+|nan)', log)
    assert len(losses) >= 3
    assert 'nan' not in losses
    done = workspace.run(
        '-W', 'always', mmdet_tool('test.py'), config, work_dir / 'epoch_1.pth'
    )
    log += done.stdout + done.stderr
    assert 'coco/mask_score_share' in done.stdout + done.stderr
    warnings = [line for line in log.splitlines() if 'Warning' in line]
    assert not [line for line in warnings if f'{ROOT}/mmdet_msrcnn/' in line]


# deformable convolutions; RoI features of a shared res5
FRAMEWORKS = {
    'ms-rcnn_r101-dconv-c3-c5_fpn_18e_coco': '',
    'ms-rcnn_r101-c4_18e_coco': """
model.update(roi_head=dict(shared_head=dict(init_cfg=None)))
""",
}


@pytest.mark.slow
@pytest.mark.parametrize('name', FRAMEWORKS)
def test_framework_trains_five_iterations(name, coco_mini, workspace):
    base = ROOT / f'configs/ms_rcnn/{name}.py'
    config = workspace.folder / f'{name}_mini.py'
    text = CONFIG.format(base=str(base), data=f'{coco_mini}/')
    text += FRAMEWORKS[name]
    # ten images, two at a time
    text += 'train_dataloader["dataset"].update(indices=10)\n'
    text += 'default_hooks["logger"].update(interval=1)\n'
    config.write_text(text)
    work_dir = workspace.folder / name
    done = workspace.run(
        mmdet_tool('train.py'), config, '--work-dir', work_dir
    )
    log = done.stdout + done.stderr
    losses = re.findall(r'loss_mask_iou: ([\d.]+|nan)', log)
    assert len(losses) == 5
    assert 'nan' not in log
    assert (work_dir / 'epoch_1.pth').stat().st_size > 0
