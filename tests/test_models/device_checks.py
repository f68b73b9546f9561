"""Heads, targets, losses and RoI heads stay on one device.

They run on tensors without values on a device that is no CPU
(``FakeTensorMode``), where torch raises for tensors of two devices and where
the host would read a value.

Known reads of the host, which are outside of these tests: mmdet's assigners,
samplers and RoI extractors, NMS and, with ``target_classes='present'``, how
many instances are present.
"""

from functools import cache

import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetFCNMaskHead
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
    unset_fake_temporarily,
)

from mmdet_msrcnn.compat import mmcv_ops
from mmdet_msrcnn.models import MaskIoUHead, MaskScoreHead
from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS
from tests.frameworks import cascade_config
from tests.helpers import (
    PLUS,
    box_polygons,
    build_model,
    ellipse_masks,
    sampling_result,
    small_config,
)

SIZE = 64, 96
CFG = ConfigDict(mask_size=28, mask_thr_binary=0.5)
NUM = 4
SMALL = dict(
    num_classes=2, in_channels=8, conv_out_channels=8, fc_out_channels=8
)


@cache
def other_device() -> torch.device:
    """A device of torch that needs no hardware."""
    try:
        from torch.utils.backend_registration import (
            _setup_privateuseone_for_python_backend as set_up,
        )
    except ImportError:
        pytest.skip('needs a torch with a private-use device in Python')
    set_up('elsewhere')
    # What autocast asks of a device.
    torch.elsewhere.get_amp_supported_dtype = lambda: [torch.bfloat16]
    return torch.device('elsewhere', 0)


@pytest.fixture
def device(monkeypatch):
    """Every tensor is made under the mode; mmcv's RoIAlign is left out."""
    device = other_device()

    def extract(self, feats, rois):
        assert rois.device == feats[0].device
        size = self.roi_layers[0].output_size
        shape = len(rois), self.out_channels, *size
        return feats[0].new_zeros(shape) + feats[0].sum()

    def roi_align(feats, rois, size, *args):
        assert rois.device == feats.device
        return feats.new_zeros(len(rois), feats.shape[1], size, size)

    def new_tensor(self, data):
        # torch's own asks the device for memory. No value counts here.
        return self.new_zeros(np.shape(data))

    def paste(self, mask_preds, bboxes, *args):
        # Outside of the CPU this is mmdet's.
        assert mask_preds.device == bboxes.device
        return mask_preds.new_zeros(len(bboxes), *SIZE)

    monkeypatch.setattr(MMDetFCNMaskHead, '_predict_by_feat_single', paste)
    monkeypatch.setattr(torch.Tensor, 'new_tensor', new_tensor)
    monkeypatch.setattr(SingleRoIExtractor, 'forward', extract)
    monkeypatch.setattr(mmcv_ops.ops, 'roi_align', roi_align)
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield device


def on_device(build, device) -> nn.Module:
    """Build a module of real tensors, then give it others on the device."""
    with unset_fake_temporarily():
        module = build()
    for part in module.modules():
        for name, value in part._parameters.items():
            if value is not None:
                moved = torch.empty(value.shape, device=device)
                part._parameters[name] = nn.Parameter(moved)
        for name, value in part._buffers.items():
            part._buffers[name] = torch.empty_like(value, device=device)
    return module


def ground_truth(device, form='bitmap') -> InstanceData:
    with unset_fake_temporarily():
        masks = ellipse_masks(NUM, *SIZE)
        gt_masks = BitmapMasks(masks, *SIZE)
        if form == 'polygon':
            gt_masks = box_polygons(masks)
    return InstanceData(
        bboxes=torch.zeros(NUM, 4, device=device),
        labels=torch.zeros(NUM, dtype=torch.long, device=device),
        masks=gt_masks,
    )


def positives(gt: InstanceData):
    inds = torch.zeros_like(gt.labels)
    return sampling_result(gt.bboxes, inds, gt.labels)


def detections(gt: InstanceData) -> InstanceData:
    scores = torch.rand(NUM, device=gt.bboxes.device)
    return InstanceData(bboxes=gt.bboxes, labels=gt.labels, scores=scores)


def features(device) -> tuple:
    shapes = [(2, 16, 16 // 2**i, 24 // 2**i) for i in range(4)]
    return tuple(
        torch.zeros(shape, device=device, requires_grad=True)
        for shape in shapes
    )


@pytest.mark.parametrize(
    'mistake',
    [
        lambda x: x + torch.arange(3),
        lambda x: torch.cat([x, torch.zeros(3)]),
        lambda x: torch.where(x > 0, x, torch.zeros(3)),
        lambda x: x >= torch.tensor([0.5, 0.6, 0.7]),
        lambda x: x.gather(0, torch.zeros(3, dtype=torch.long)),
        lambda x: x.index_select(0, torch.zeros(3, dtype=torch.long)),
        lambda x: x.new_zeros(3) @ torch.eye(3),
    ],
)
def test_mistakes_are_told(device, mistake):
    with pytest.raises(RuntimeError, match='device'):
        mistake(torch.ones(3, device=device))


def test_reads_of_the_host_are_told(device):
    x = torch.ones(3, device=device)
    for read in (torch.Tensor.item, bool, int):
        with pytest.raises(DataDependentOutputException):
            read(x[0])
    for read in (torch.nonzero, lambda x: x[x > 0]):
        with pytest.raises(DynamicOutputShapeException):
            read(x)


@pytest.mark.parametrize('fusion', FUSIONS)
@pytest.mark.parametrize('target_classes', ['true', 'all'])
@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
def test_mask_iou_head(device, fusion, target_classes, form):
    size = 28 if fusion == 'hr_roi' else 14
    head = on_device(
        lambda: MaskIoUHead(
            **SMALL,
            roi_feat_size=size,
            fusion=fusion,
            target_classes=target_classes,
        ),
        device,
    )
    gt = ground_truth(device, form)
    feats = torch.zeros(NUM, 8, size, size, device=device)
    probs = torch.zeros(NUM, 2, 28, 28, device=device)
    preds = head(feats, probs, gt.labels)
    found = head.loss_and_target(
        preds, probs, [positives(gt)], [gt], [None], CFG
    )
    losses = found['loss_mask_iou']
    losses['loss_mask_iou'].backward()
    assert {value.device for value in losses.values()} == {device}
    (results,) = head.predict_by_feat((preds,), [detections(gt)])
    assert results.mask_scores.device == device


def test_known_read_of_present_classes(device):
    head = on_device(
        lambda: MaskIoUHead(**SMALL, target_classes='present'), device
    )
    gt = ground_truth(device)
    probs = torch.zeros(NUM, 2, 28, 28, device=device)
    with pytest.raises(DynamicOutputShapeException, match='nonzero'):
        head.get_targets(probs, [positives(gt)], [gt], [None], CFG)


@pytest.mark.parametrize('labelled', [True, False])
def test_mask_score_head(device, labelled):
    head = on_device(lambda: MaskScoreHead(**SMALL), device)
    gt = ground_truth(device)
    dets = detections(gt)
    ignored = InstanceData(bboxes=gt.bboxes)
    if labelled:
        ignored.labels = gt.labels
    feats = torch.zeros(NUM, 8, 14, 14, device=device)
    probs = torch.zeros(NUM, 1, 28, 28, device=device)
    preds = head(feats, probs, gt.labels, head.context([dets]))
    found = head.loss_and_target(preds, probs, [dets], [gt], [ignored], CFG)
    losses = found['loss_mask_iou']
    (losses['loss_mask_iou'] + losses['loss_mask_score']).backward()
    assert {value.device for value in losses.values()} == {device}
    (results,) = head.predict_by_feat((preds,), [dets])
    assert results.mask_scores.device == device


# Arguments of mask_loss before the features, and behind the samples.
@pytest.mark.parametrize(
    ('config', 'before', 'behind'),
    [
        (small_config, (), (None,)),
        (lambda: small_config(PLUS), (), (None,)),
        (cascade_config, (2,), ()),
    ],
)
def test_roi_heads(device, monkeypatch, config, before, behind):
    roi_head = on_device(lambda: build_model(config()).roi_head, device)
    gts = [ground_truth(device), ground_truth(device)]
    x = features(device)
    samples = [positives(gt) for gt in gts]
    result = roi_head.mask_loss(*before, x, samples, *behind, gts)
    losses = result['loss_mask']
    assert {value.device for value in losses.values()} == {device}
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    if roi_head.trained_on == 'detections':
        monkeypatch.setattr(
            roi_head,
            'predict_bbox',
            lambda *args, **kwargs: [detections(gt) for gt in gts],
        )
        monkeypatch.setattr(
            'mmdet_msrcnn.models.roi_heads.detection_scoring'
            '.unpack_gt_instances',
            lambda samples: (gts, [None, None], None),
        )
        losses = roi_head.scorer_loss(x, None, None)
        assert {value.device for value in losses.values()} == {device}
    metas = [dict(ori_shape=SIZE, img_shape=SIZE, scale_factor=(1.0, 1.0))] * 2
    results = [detections(gt) for gt in gts]
    for pred in roi_head.eval().predict_mask(x, metas, results, rescale=True):
        assert pred.mask_scores.device == pred.mask_ious.device == device
