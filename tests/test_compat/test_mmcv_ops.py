"""mmcv's operators give the same whatever the layout of their inputs."""

import pytest
import torch
from mmcv import ops
from mmengine.structures import InstanceData

from mmdet_msrcnn.compat.mmcv_ops import batched_nms, roi_align
from tests.frameworks import FRAMEWORKS
from tests.helpers import (
    build_model,
    collate,
    losses_of,
    scene,
)


def columns_first(x: torch.Tensor) -> torch.Tensor:
    """The same values of another memory layout."""
    return x.mT.contiguous().mT


def batch() -> dict:
    return collate(scene(3), scene(2, seed=1))


def test_roi_align_of_any_layout():
    feats = torch.randn(2, 8, 20, 30)
    rois = torch.tensor([[0.0, 2, 3, 20, 15], [1, 1, 1, 9, 18]])
    args = 7, 1.0, 0, 'avg', True
    expected = ops.roi_align(feats, rois, *args)
    for layout in (
        feats.contiguous(memory_format=torch.channels_last),
        columns_first(feats),
        feats.repeat_interleave(2, dim=1)[:, ::2],
    ):
        assert not layout.is_contiguous()
        assert torch.equal(roi_align(layout, rois, *args), expected)
    assert torch.equal(roi_align(feats, columns_first(rois), *args), expected)


@pytest.mark.parametrize('kind', ['nms', 'soft_nms'])
def test_nms_of_any_layout(kind, monkeypatch):
    boxes = torch.rand(50, 4) * 50
    boxes[:, 2:] += boxes[:, :2]
    scores, labels = torch.rand(50), torch.arange(50) % 2
    cfg = dict(type=kind, iou_threshold=0.3)
    expected = ops.batched_nms(boxes, scores, labels, dict(cfg))
    layouts = []

    def recorded(*inputs):
        layouts.extend(x.is_contiguous() for x in inputs[:3])
        return mmcv_nms(*inputs)

    mmcv_nms = ops.batched_nms
    monkeypatch.setattr(ops, 'batched_nms', recorded)
    found = batched_nms(
        columns_first(boxes),
        torch.stack([scores, scores], dim=1)[:, 0],
        torch.stack([labels, labels], dim=1)[:, 0],
        dict(cfg),
    )
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)
    # mmcv 2.1.0 copies them itself; other versions need not.
    assert layouts == [True] * 3


@pytest.mark.parametrize('name', FRAMEWORKS)
def test_a_model_with_channels_last(name):
    model = build_model(FRAMEWORKS[name]())
    results, losses = [], []
    for layout in (torch.contiguous_format, torch.channels_last):
        model.to(memory_format=layout)
        results.append(model.eval().test_step(batch()))
        torch.manual_seed(0)
        found = losses_of(model.train(), batch())
        losses.append(float(model.parse_losses(found)[0]))
    levels = model.extract_feat(torch.rand(1, 3, 64, 96))
    assert not levels[0].is_contiguous()
    for ours, expected in zip(*reversed(results), strict=True):
        assert len(expected.pred_instances) > 0
        for field in ('bboxes', 'scores', 'mask_ious', 'mask_scores'):
            torch.testing.assert_close(
                ours.pred_instances[field],
                expected.pred_instances[field],
                atol=1e-4,
                rtol=1e-4,
            )
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_an_extractor_called_by_keywords():
    extractor = build_model(
        FRAMEWORKS['ms_rcnn']()
    ).roi_head.mask_roi_extractor
    feats = [torch.rand(1, 16, 8, 8) for _ in range(4)]
    rois = torch.tensor([[0.0, 1, 1, 20, 20]])
    found = extractor(feats=feats, rois=rois)
    assert torch.equal(found, extractor(feats, rois))


@pytest.mark.parametrize('name', ['ms_rcnn', 'cascade'])
def test_a_roi_head_under_bfloat16(name):
    # mmcv's NMS takes none on the CPU, so that the RoI head alone runs so.
    model = build_model(FRAMEWORKS[name]()).train()
    data = model.data_preprocessor(batch(), training=True)
    x = model.extract_feat(data['inputs'])
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        proposals = [
            InstanceData(bboxes=sample.gt_instances.bboxes + 2.0)
            for sample in data['data_samples']
        ]
        torch.manual_seed(0)
        with torch.autocast(
            'cpu', torch.bfloat16, enabled=dtype != x[0].dtype
        ):
            losses = model.roi_head.loss(
                tuple(level.to(dtype) for level in x),
                proposals,
                data['data_samples'],
            )
        (iou_loss,) = (v for k, v in losses.items() if 'loss_mask_iou' in k)
        assert iou_loss.dtype == torch.float32
        found.append(float(iou_loss))
        model.parse_losses(losses)[0].backward(retain_graph=True)
    assert found[0] > 0
    assert found[1] == pytest.approx(found[0], rel=0.1)
