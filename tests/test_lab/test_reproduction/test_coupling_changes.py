"""Changes of how a MaskIoU head and its detector are trained together."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from mmdet_msrcnn.lab.reproduction import PROTOCOLS, TABLES
from mmdet_msrcnn.lab.reproduction.coupling_changes import COUPLING_CHANGES
from mmdet_msrcnn.lab.reproduction.late_loss_hook import LateLossHook
from mmdet_msrcnn.lab.reproduction.protocols import END_TO_END, MS_RCNN, R18
from mmdet_msrcnn.registry import HOOKS
from tests.config_family import FOLDER, flatten
from tests.helpers import build_model, collate, losses_of, scene

NO_GRAD = {
    'model.roi_head.roi_feat_grad': (None, 0.0),
    'model.roi_head.mask_grad': (None, 0.0),
}
APART = {
    'optim_wrapper.constructor': (
        None,
        'mmdet_msrcnn.ClipApartOptimWrapperConstructor',
    )
}
ROI_FEAT_GRAD, MASK_GRAD = ({key: value} for key, value in NO_GRAD.items())
SLOWLY = 'optim_wrapper.paramwise_cfg.custom_keys.mask_iou_head.lr_mult'
EXPECTED = {
    '_no-feature-grad': ROI_FEAT_GRAD,
    '_no-mask-grad': MASK_GRAD,
    '_no-grad': NO_GRAD,
    '_clip-apart': APART,
    '_isolated': NO_GRAD | APART,
    '_tenth-lr': {SLOWLY: (None, 0.1)},
    '_2x': (
        'train_cfg.max_epochs',
        'param_scheduler.1.end',
        'train_cfg.val_interval',
    ),
}
SMALL = [name for name in PROTOCOLS if name not in ('coco', 'cod10k')]


def config_of(ending, name='demo'):
    protocol = PROTOCOLS[name](FOLDER)
    variant = MS_RCNN.replace(R18, protocol.backbone)
    return protocol.recipe(f'{variant}{ending}{END_TO_END}').train


@pytest.mark.parametrize('name', SMALL)
@pytest.mark.parametrize('ending', EXPECTED)
def test_a_row_differs_in_its_change_alone(ending, name):
    plain, changed = (
        flatten(config_of(e, name).to_dict()) for e in ('', ending)
    )
    differences = {
        key: (plain.get(key), changed.get(key))
        for key in plain.keys() | changed.keys()
        if plain.get(key) != changed.get(key)
    }
    expected = EXPECTED[ending]
    if ending == '_2x':
        epochs = plain['train_cfg.max_epochs']
        found = {key: new for key, (_, new) in differences.items()}
        assert found == dict.fromkeys(expected, 2 * epochs)
    else:
        assert differences == expected


def test_every_change_has_a_row_and_every_row_a_change():
    endings = {
        row.variant.removeprefix(name).removesuffix(END_TO_END)
        for row in TABLES['coupling'].rows
        for name in (MS_RCNN, 'mask-rcnn_r18_fpn')
        if row.variant.startswith(name)
    }
    assert endings - {''} == set(COUPLING_CHANGES)


def test_a_tenth_of_the_learning_rate_is_for_the_head_alone():
    cfg = config_of('_tenth-lr')
    model = build_model(cfg)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    names = {id(p): name for name, p in model.named_parameters()}
    base = cfg.optim_wrapper.optimizer.lr
    for group in optimizer.param_groups:
        for parameter in group['params']:
            is_head = 'mask_iou_head' in names[id(parameter)]
            assert group['lr'] == pytest.approx(base * (0.1 if is_head else 1))


def test_the_late_loss_begins_with_the_second_half():
    plain, late = (config_of(e) for e in ('', '_late-loss'))
    hook = HOOKS.build(late.custom_hooks[-1])
    assert isinstance(hook, LateLossHook)
    assert hook.begin == 4
    assert late.custom_hooks[:-1] == plain.custom_hooks
    assert plain.train_cfg.max_epochs == 8


@pytest.mark.parametrize('ending', ['_no-grad', '_isolated'])
def test_the_loss_then_reaches_the_head_alone(ending):
    model = build_model(config_of(ending)).train()
    losses = losses_of(model, collate(scene(num_classes=10)))
    losses['loss_mask_iou'].backward()
    reached = {n for n, p in model.named_parameters() if p.grad is not None}
    assert reached
    assert all('mask_iou_head' in name for name in reached)
    assert torch.isfinite(losses['loss_mask_iou'])
