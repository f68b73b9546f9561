"""Targets and loss do nothing for which the host would wait for a GPU.

Such calls are told on the CPU too, but for a copy by ``to``; CUDA's own word
is in tests/test_gpu.py. Outside of it are targets that depend on how many
there are ('present'), and heads that train on detections, for which NMS makes
the host wait.
"""

import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from mmdet_msrcnn.models import MaskIoUHead
from tests.helpers import (
    box_polygons,
    boxes_of,
    ellipse_masks,
    jitter,
    sampling_result,
)

SIZE = 100, 150
CFG = ConfigDict(mask_thr_binary=0.5)
ATEN = torch.ops.aten
# The host has to know a value, or how many there are.
READS = {
    ATEN._local_scalar_dense.default,
    ATEN.allclose.default,
    ATEN.equal.default,
    ATEN.is_nonzero.default,
    ATEN.masked_select.default,
    ATEN.nonzero.default,
    ATEN._unique2.default,
    ATEN.repeat_interleave.Tensor,
}
BY_INDEX = {
    ATEN.index.Tensor,
    ATEN.index_put.default,
    ATEN.index_put_.default,
    ATEN._index_put_impl_.default,
}
# A copy between host and GPU that is waited for.
COPIES = {
    torch.as_tensor,
    torch.tensor,
    torch.Tensor.cpu,
    torch.Tensor.new_tensor,
    torch.Tensor.numpy,
    torch.Tensor.tolist,
}


class NoReads(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        by_mask = func in BY_INDEX and any(
            index is not None and index.dtype == torch.bool
            for index in args[1]
        )
        if by_mask or func in READS:
            raise RuntimeError(f'the host waits in {func}')
        return func(*args, **(kwargs or {}))


class NoCopies(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in COPIES:
            raise RuntimeError(f'the host waits in {func}')
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    'call',
    [
        lambda x: x.sum().item(),
        lambda x: bool(x.any()),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: x.unique(),
        lambda x: torch.allclose(x, x),
        lambda x: x.repeat_interleave(x.long()),
        lambda x: x.index_put_((x > 0,), torch.rand(3)),
        lambda x: x.new_tensor([1.0]),
        lambda x: x.tolist(),
        lambda x: torch.tensor([1.0], device=x.device),
    ],
)
def test_calls_that_wait_are_told(call):
    with NoCopies(), NoReads(), pytest.raises(RuntimeError, match='waits'):
        call(torch.ones(3))


@pytest.mark.parametrize('target_classes', ['true', 'all'])
@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
def test_the_host_does_not_wait_for_targets_and_loss(form, target_classes):
    gt = ellipse_masks(6, *SIZE)
    inds = torch.arange(18) % 6
    labels = inds % 2
    boxes = boxes_of(gt)
    masks = BitmapMasks(gt, *SIZE)
    if form == 'polygon':
        masks = box_polygons(gt)
    head = MaskIoUHead(
        num_classes=2,
        in_channels=8,
        conv_out_channels=8,
        target_classes=target_classes,
    )
    feats, probs = torch.rand(18, 8, 14, 14), torch.rand(18, 1, 28, 28)
    sampling = sampling_result(jitter(boxes[inds], 0.2), inds, labels)
    with NoCopies(), NoReads():
        preds = head(feats, probs, labels)
        losses = head.loss_and_target(
            preds, probs, [sampling], [InstanceData(masks=masks)], [None], CFG
        )
        losses['loss_mask_iou']['loss_mask_iou'].backward()
    assert losses['mask_iou_targets'].max() > 0.1
