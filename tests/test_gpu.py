"""A GPU computes the same results as the CPU."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from mmcv.ops import (
    DeformConv2dPack,
    ModulatedDeformConv2dPack,
    nms,
    roi_align,
    soft_nms,
)
from mmdet.registry import MODELS
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import FCNMaskHead, MaskIoUHead, MaskScoreHead
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target
from mmdet_msrcnn.models.targets.whole_masks import (
    crop_masks,
    mask_boxes,
    whole_mask_ious,
)
from tests.helpers import (
    MS_RCNN,
    PLUS,
    box_polygons,
    boxes_of,
    build_model,
    collate,
    ellipse_masks,
    imperfect_probs,
    jitter,
    losses_of,
    sampling_result,
    scene,
    small_config,
)
from tests.test_models.test_detectors.any_models import scored

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason='needs a GPU that torch sees'
)
SIZE = 200, 300
CFG = ConfigDict(mask_size=28, mask_thr_binary=0.5)


@contextmanager
def no_synchronisation():
    """Raise where the host waits for the GPU."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode('error')
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode('default')


class Case:
    """Positives of one image, on a device."""

    def __init__(self, device: str, form: str) -> None:
        masks = ellipse_masks(12, *SIZE)
        self.inds = (torch.arange(36) % 12).to(device)
        boxes = jitter(boxes_of(masks)[torch.arange(36) % 12], 0.2)
        self.boxes = boxes.to(device)
        probs = imperfect_probs(masks[np.arange(36) % 12], boxes)
        self.probs = probs[:, None].to(device)
        self.masks = BitmapMasks(masks, *SIZE)
        if form == 'polygon':
            self.masks = box_polygons(masks)
        self.sampling = [
            sampling_result(self.boxes, self.inds, torch.zeros_like(self.inds))
        ]
        self.gt = [InstanceData(masks=self.masks)]


@pytest.fixture(params=['bitmap', 'polygon'])
def cases(request):
    return [Case(device, request.param) for device in ('cpu', 'cuda')]


def test_targets_are_equal_and_the_host_does_not_wait(cases):
    found = []
    for case in cases:
        args = case.probs[:, 0], case.boxes, case.inds
        mask_iou_target(*args, pack_gt_masks(case.masks, args[0].device))
        with no_synchronisation():
            gt = pack_gt_masks(case.masks, args[0].device)
            targets = mask_iou_target(*args, gt)
        found.append(targets.cpu())
    assert found[0].std() > 0.1
    # A pixel at the threshold may fall to either side.
    torch.testing.assert_close(*found, atol=2e-3, rtol=0)


def test_loss_and_gradient_are_equal_and_the_host_does_not_wait(cases):
    results = []
    for case in cases:
        torch.manual_seed(0)
        head = MaskIoUHead(
            num_classes=1, in_channels=8, conv_out_channels=8
        ).to(case.probs.device)
        feats = torch.randn(36, 8, 14, 14).to(case.probs.device)
        labels = torch.zeros_like(case.inds)

        def loss(case=case, head=head, feats=feats, labels=labels):
            preds = head(feats, case.probs, labels)
            return head.loss_and_target(
                preds, case.probs, case.sampling, case.gt, [None], CFG
            )['loss_mask_iou']['loss_mask_iou']

        loss().backward()
        head.zero_grad()
        with no_synchronisation():
            value = loss()
            value.backward()
        results.append((value.item(), head.convs[0].weight.grad.cpu()))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-3)
    torch.testing.assert_close(
        results[0][1], results[1][1], atol=1e-4, rtol=1e-2
    )


def test_losses_of_the_mask_score_head_are_equal(cases):
    results = []
    for case in cases:
        torch.manual_seed(0)
        head = MaskScoreHead(
            num_classes=1, in_channels=8, conv_out_channels=8
        ).to(case.probs.device)
        feats = torch.randn(36, 8, 14, 14).to(case.probs.device)
        scores = torch.rand(36).to(case.probs.device)
        labels = torch.zeros_like(case.inds)
        dets = InstanceData(bboxes=case.boxes, scores=scores, labels=labels)
        gt = InstanceData(
            masks=case.masks, bboxes=case.boxes[:12], labels=labels[:12]
        )
        preds = head(feats, case.probs, labels, head.context([dets]))
        found = head.loss_and_target(
            preds, case.probs, [dets], [gt], [gt[:2]], CFG
        )
        losses = found['loss_mask_iou']
        (losses['loss_mask_iou'] + losses['loss_mask_score']).backward()
        results.append(
            (found['mask_score_targets'].cpu(), losses['loss_mask_score'])
        )
    (expected, loss), (targets, other_loss) = results
    assert expected.std() > 0.1
    # A MaskIoU at a threshold may fall to either side.
    assert (targets - expected).abs().mean() < 0.01
    assert float(other_loss) == pytest.approx(float(loss), rel=0.02)
    assert head.fc_correction.weight.grad.isfinite().all()


def test_mask_targets_are_equal(cases):
    targets = [
        FCNMaskHead(num_classes=1).get_targets(case.sampling, case.gt, CFG)
        for case in cases
    ]
    different = (targets[0] != targets[1].cpu()).float().mean()
    assert different < 1e-4


@pytest.mark.parametrize('fusion', ['concat', 'multiply', 'all_masks'])
def test_head_predicts_the_same(fusion):
    torch.manual_seed(0)
    head = MaskIoUHead(num_classes=3, fusion=fusion).eval()
    inputs = (
        torch.randn(16, 256, 14, 14),
        torch.rand(16, 3, 28, 28),
        torch.randint(3, (16,)),
    )
    with torch.no_grad():
        expected = head(*inputs)
        found = head.cuda()(*(x.cuda() for x in inputs))
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=1e-3)


def test_a_training_step_gives_the_same_losses():
    batch = collate(scene(3), scene(2, seed=1))
    model = build_model(small_config()).train()
    # Positives alone are drawn at random by the sampler, so sample all.
    model.roi_head.bbox_sampler.num = 10_000
    found = {}
    for device in ('cpu', 'cuda'):
        losses = losses_of(model.to(device), batch)
        found[device] = float(losses['loss_mask_iou'])
    assert found['cpu'] == pytest.approx(found['cuda'], rel=0.05)


# mmcv's RoIAlign takes no bfloat16; the RoI heads give it float32.
@pytest.mark.parametrize('config', [MS_RCNN, PLUS])
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_a_training_step_under_autocast(dtype, config):
    batch = collate(scene(3), scene(2, seed=1))
    found, detections = {}, []
    for enabled in (False, True):
        model = build_model(small_config(config)).train().cuda()
        roi_head = model.roi_head
        roi_head.bbox_sampler.num = 10_000
        predict_bbox = roi_head.predict_bbox

        def predict(*args, predict_bbox=predict_bbox, **kwargs):
            """Detect in float32; rounded scores give other detections."""
            if not detections:
                detections.extend(predict_bbox(*args, **kwargs))
            return [dets.clone() for dets in detections]

        roi_head.predict_bbox = predict
        with torch.autocast('cuda', dtype, enabled=enabled):
            losses = losses_of(model, batch)
        assert losses['loss_mask_iou'].dtype == torch.float32
        model.parse_losses(losses)[0].backward()
        assert all(p.grad is not None for p in model.parameters())
        for parameter in roi_head.mask_iou_head.parameters():
            assert parameter.grad.isfinite().all()
        found[enabled] = float(losses['loss_mask_iou'])
    assert found[True] == pytest.approx(found[False], rel=0.1)


def boxes_and_scores():
    generator = torch.Generator().manual_seed(0)
    low = torch.rand(200, 2, generator=generator) * 80
    size = torch.rand(200, 2, generator=generator) * 40 + 5
    return torch.cat([low, low + size], 1), torch.rand(
        200, generator=generator
    )


def test_roi_align():
    feats = torch.randn(2, 8, 40, 60)
    boxes, _ = boxes_and_scores()
    rois = torch.cat([(torch.arange(200) % 2)[:, None], boxes], 1)
    args = (14, 0.25, 0, 'avg', True)
    expected = roi_align(feats, rois, *args)
    found = roi_align(feats.cuda(), rois.cuda(), *args)
    torch.testing.assert_close(found.cpu(), expected, atol=1e-4, rtol=1e-4)


def test_roi_align_takes_no_bfloat16():
    # With a newer mmcv that does, prepare_feats need not cast any more.
    rois = torch.tensor([[0.0, 1, 1, 9, 9]]).cuda().bfloat16()
    feats = torch.randn(1, 8, 20, 20).cuda().bfloat16()
    with pytest.raises(RuntimeError, match='BFloat16'):
        roi_align(feats, rois, 14, 1.0, 0, 'avg', True)


def test_a_deterministic_step_raises_nothing(monkeypatch):
    # What torch asks for in matrix products.
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    model = build_model(small_config()).train().cuda()
    torch.use_deterministic_algorithms(True)
    try:
        losses = losses_of(model, collate(scene(3), scene(2, seed=1)))
        model.parse_losses(losses)[0].backward()
    finally:
        torch.use_deterministic_algorithms(False)


def test_nms():
    boxes, scores = boxes_and_scores()
    expected, kept = nms(boxes, scores, 0.5)
    found, also_kept = nms(boxes.cuda(), scores.cuda(), 0.5)
    assert torch.equal(also_kept.cpu(), kept)
    torch.testing.assert_close(found.cpu(), expected)


def test_soft_nms_of_gpu_tensors():
    # mmcv computes it on the CPU wherever its boxes are.
    boxes, scores = boxes_and_scores()
    expected, kept = soft_nms(boxes, scores, 0.5, min_score=0.05)
    found, also_kept = soft_nms(
        boxes.cuda(), scores.cuda(), 0.5, min_score=0.05
    )
    assert torch.equal(also_kept.cpu(), kept)
    torch.testing.assert_close(found.cpu(), expected)


@pytest.mark.parametrize('cls', [DeformConv2dPack, ModulatedDeformConv2dPack])
def test_deformable_convolution(cls):
    torch.manual_seed(0)
    conv = cls(8, 16, 3, padding=1)
    for parameter in conv.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    feats = torch.randn(2, 8, 20, 30)
    with torch.no_grad():
        expected = conv(feats)
        found = conv.cuda()(feats.cuda())
    torch.testing.assert_close(found.cpu(), expected, atol=1e-3, rtol=1e-3)


def test_whole_masks_are_equal():
    masks = torch.from_numpy(ellipse_masks(8, *SIZE, seed=1)).bool()
    truth = BitmapMasks(ellipse_masks(4, *SIZE, seed=2), *SIZE)
    boxes, inds = jitter(boxes_of(masks.numpy()), 0.2), torch.arange(8) % 4
    boxes[0] = 0
    found = []
    for device in ('cpu', 'cuda'):
        own = InstanceData(bboxes=boxes.to(device), masks=masks.to(device))
        gt_masks = pack_gt_masks(truth, torch.device(device))
        found.append(
            (
                mask_boxes(own).cpu(),
                crop_masks(own.masks, own.bboxes, 28).cpu(),
                whole_mask_ious(own.masks, inds.to(device), gt_masks).cpu(),
            )
        )
    for cpu, cuda in zip(*found, strict=True):
        assert cpu.any()
        torch.testing.assert_close(cuda, cpu, atol=1e-4, rtol=0)


@pytest.mark.parametrize('name', ['MaskRCNN', 'SOLOv2', 'Mask2Former'])
def test_any_model_is_scored(name):
    model = MODELS.build(scored(name))
    model.init_weights()
    model.load_state_dict(model.state_dict())
    model.cuda()
    batch = collate(scene(seed=1), scene(seed=2))
    loss, log = model.parse_losses(losses_of(model.train(), batch))
    assert loss.isfinite()
    assert log['mask_iou_samples'] > 0
    loss.backward()
    with torch.no_grad():
        for sample in model.eval().test_step(batch):
            pred = sample.pred_instances
            assert pred.mask_scores.device.type == 'cuda'
            assert pred.mask_scores.shape == pred.scores.shape
