"""The head that learns the mask score, inside a whole detector."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.structures.mask import BitmapMasks
from mmengine.runner import load_checkpoint
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmdet_msrcnn.models import (
    DetectionScoringRoIHead,
    FrozenTwoStageDetector,
    MaskScoreHead,
)
from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks
from tests.helpers import (
    MASK_RCNN,
    PLUS,
    boxes_of,
    build_model,
    collate,
    ellipse_masks,
    imperfect_probs,
    jitter,
    losses_of,
    scene,
    small_config,
)

OURS = {
    'loss_mask_iou',
    'loss_mask_score',
    'mask_iou_target',
    'mask_score_target',
    'mask_iou_samples',
}
SIZE = (80, 120)


@pytest.fixture(scope='module')
def model():
    return build_model(small_config(PLUS)).eval()


def batch():
    return collate(scene(seed=1), scene(seed=2))


def test_config_builds_our_types(model):
    assert type(model.roi_head) is DetectionScoringRoIHead
    assert type(model.roi_head.mask_iou_head) is MaskScoreHead


def test_every_parameter_trains():
    model = build_model(small_config(PLUS)).train()
    loss, log = model.parse_losses(losses_of(model, batch()))
    loss.backward()
    assert all(torch.isfinite(value).all() for value in log.values())
    assert log['mask_iou_samples'] > 0
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


def test_every_parameter_trains_under_autocast(monkeypatch):
    # As torch before https://github.com/pytorch/pytorch/pull/165068 keeps
    # weights that it cast: with or without gradient, as at the first cast.
    # Here to the same type, for mmcv's operators know no other on the CPU.
    kept = {}

    def with_kept_weight(function):
        def call(x, weight, *args, **kwargs):
            key = id(weight)
            if key not in kept:
                kept[key] = weight, weight * 1
            return function(x, kept[key][1], *args, **kwargs)

        return call

    for name in ('linear', 'conv2d', 'conv_transpose2d'):
        function = getattr(F, name)
        monkeypatch.setattr(F, name, with_kept_weight(function))
    monkeypatch.setattr(torch, 'clear_autocast_cache', kept.clear)
    model = build_model(small_config(PLUS)).train()
    # The end of the outermost autocast forgets them.
    torch.autocast_increment_nesting()
    try:
        loss, _ = model.parse_losses(losses_of(model, batch()))
    finally:
        torch.autocast_decrement_nesting()
    loss.backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


def test_its_losses_reach_no_other_part():
    model = build_model(small_config(PLUS)).train()
    losses = losses_of(model, batch())
    (losses['loss_mask_iou'] + losses['loss_mask_score']).backward()
    for name, parameter in model.named_parameters():
        own = name.startswith('roi_head.mask_iou_head.')
        assert (parameter.grad is not None) == own, name


def test_losses_and_detections_of_the_twin_are_unchanged():
    ours = build_model(small_config(PLUS)).train()
    twin = build_model(small_config(MASK_RCNN)).train()
    twin.load_state_dict(ours.state_dict(), strict=False)
    losses = []
    for one in (ours, twin):
        torch.manual_seed(0)
        losses.append(losses_of(one, batch()))
    assert losses[0].keys() - losses[1].keys() == OURS
    for name, value in losses[1].items():
        both = (
            torch.stack(v) if isinstance(v, list) else v
            for v in (value, losses[0][name])
        )
        torch.testing.assert_close(*both, rtol=0, atol=0)
    results = (one.eval().test_step(batch()) for one in (ours, twin))
    for a, b in zip(*results, strict=True):
        assert len(b.pred_instances) > 0
        for name, value in b.pred_instances.items():
            assert torch.equal(a.pred_instances[name], value), name


def test_mask_scores_are_predicted(model):
    for result in model.eval().test_step(batch()):
        pred = result.pred_instances
        assert len(pred) > 0
        assert pred.mask_ious.min() >= 0
        assert pred.mask_ious.max() <= 1
        assert pred.mask_scores.min() > 0
        assert pred.mask_scores.max() < 1
        assert pred.mask_scores.shape == pred.scores.shape


def test_mask_scores_are_no_products(model):
    head = copy.deepcopy(model.roi_head.mask_iou_head)
    for layer, bias in ((head.fc_mask_iou, 0.25), (head.fc_mask_score, 1.0)):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.constant_(layer.bias, bias)
    dets, probs, _ = detections()
    feats = torch.rand(len(dets), 16, 14, 14)
    preds = head(feats, probs[:, None], dets.labels, head.context([dets]))
    head.predict_by_feat((preds,), [dets])
    expected = torch.tensor(1.0).sigmoid().expand(len(dets))
    torch.testing.assert_close(dets.mask_scores, expected)
    assert (dets.mask_ious == 0.25).all()


def test_it_reads_class_scores_and_overlaps(model):
    head = model.roi_head.mask_iou_head
    dets, probs, _ = detections(num=1, copies=2)
    feats = torch.rand(2, 16, 14, 14)

    def preds(**changes):
        changed = InstanceData(**(dict(dets.items()) | changes))
        context = head.context([changed])
        return head(feats, probs[:, None], dets.labels, context)

    before = preds(scores=torch.tensor([0.5, 0.25]))
    surer = preds(scores=torch.tensor([0.9, 0.25]))
    apart = preds(
        scores=torch.tensor([0.5, 0.25]),
        bboxes=dets.bboxes + torch.tensor([[0.0], [500.0]]),
    )
    # The first is surer; the second has lost its rival.
    changed = [
        (p != before).flatten(1).any(1).tolist() for p in (surer, apart)
    ]
    assert changed == [[True, False], [False, True]]


@pytest.mark.parametrize('seeds', [(1,), (1, 2)])
def test_images_without_detections(seeds):
    cfg = small_config(PLUS)
    cfg.model.test_cfg.rcnn.score_thr = 1.0
    model = build_model(cfg).eval()
    for result in model.test_step(collate(*(scene(seed=s) for s in seeds))):
        assert result.pred_instances.mask_scores.shape == (0,)
        assert result.pred_instances.mask_ious.shape == (0,)


def test_tensor_mode_keeps_images_apart(model):
    seen = []
    head = model.eval().roi_head.mask_iou_head
    handle = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    for scenes in (batch(), collate(scene(seed=1))):
        data = model.data_preprocessor(scenes)
        model(**data, mode='tensor')
    handle.remove()
    together, alone = (args[3] for args in seen)
    num = min(len(together), len(alone))
    assert num > 20
    torch.testing.assert_close(together[:num], alone[:num])


def test_detecting_leaves_the_statistics_of_batch_norm_alone():
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_head.norm_cfg = dict(type='BN')
    model = build_model(cfg).train()
    losses_of(model, batch())
    norms = [
        m
        for m in model.roi_head.modules()
        if isinstance(m, torch.nn.BatchNorm2d)
    ]
    assert norms
    assert all(norm.num_batches_tracked == 1 for norm in norms)
    assert all(norm.training for norm in norms)


def test_batches_without_ignored_instances_train(model):
    data = batch()
    for sample in data['data_samples']:
        del sample.ignored_instances
    losses = losses_of(model.train(), data)
    assert losses['mask_iou_samples'] > 0


def test_ignored_instances_without_labels_train(model):
    # A region that holds the whole image.
    counts = []
    for boxes in (torch.zeros(0, 4), torch.tensor([[0.0, 0, 96, 64]])):
        data = batch()
        for sample in data['data_samples']:
            sample.ignored_instances = InstanceData(bboxes=boxes)
        torch.manual_seed(0)
        losses = losses_of(model.train(), data)
        counts.append(losses['mask_iou_samples'])
    assert counts[1] < counts[0]


def test_batches_give_what_single_images_give(model):
    together = model.eval().test_step(batch())
    for seed, result in zip((1, 2), together, strict=True):
        (alone,) = model.test_step(collate(scene(seed=seed)))
        torch.testing.assert_close(
            result.pred_instances.mask_scores,
            alone.pred_instances.mask_scores,
        )


def test_it_learns_its_detections():
    model = build_model(small_config(PLUS))
    cfg = small_config(PLUS)
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    frozen = build_model(cfg)
    frozen.load_state_dict(model.state_dict())
    optimizer = torch.optim.Adam(
        [p for p in frozen.parameters() if p.requires_grad], lr=1e-2
    )
    scenes = collate(scene(seed=1, num=1))
    found = []
    for _ in range(30):
        loss, log = frozen.parse_losses(losses_of(frozen.train(), scenes))
        found.append(log)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert found[0].keys() == OURS | {'loss'}
    assert found[-1]['loss_mask_score'] < 0.5 * found[0]['loss_mask_score']


def test_a_frozen_detector_stays_as_it_is(tmp_path):
    mask_rcnn = build_model(small_config(MASK_RCNN)).eval()
    path = tmp_path / 'mask_rcnn.pth'
    torch.save(dict(state_dict=mask_rcnn.state_dict()), path)
    cfg = small_config(PLUS)
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    model = build_model(cfg)
    assert type(model) is FrozenTwoStageDetector
    load_checkpoint(model, str(path), map_location='cpu')
    losses = losses_of(model.train(), batch())
    assert losses.keys() == OURS
    for name, value in mask_rcnn.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


@pytest.mark.parametrize('what', ['instances', 'detections'])
def test_empty_images_train(what):
    cfg = small_config(PLUS)
    num = 0
    if what == 'detections':
        cfg.model.test_cfg.rcnn.score_thr = 1.0
        num = 2
    model = build_model(cfg).train()
    data = collate(scene(seed=1, num=num))
    loss, log = model.parse_losses(losses_of(model, data))
    loss.backward()
    assert loss.isfinite()
    assert log['mask_score_target'] == 0
    # Every rank of a distributed run has the same graph.
    for parameter in model.roi_head.mask_iou_head.parameters():
        assert parameter.grad is not None


def detections(num=4, copies=3, seed=11):
    """Imperfect masks of instances that hardly touch, some of each."""
    masks = ellipse_masks(num, *SIZE, seed)
    gt = InstanceData(
        bboxes=boxes_of(masks),
        labels=torch.zeros(num, dtype=torch.long),
        masks=BitmapMasks(masks, *SIZE),
    )
    repeated = np.concatenate([masks] * copies)
    boxes = jitter(boxes_of(repeated), 0.1, seed)
    boxes[:, 0::2].clamp_(0, SIZE[1])
    boxes[:, 1::2].clamp_(0, SIZE[0])
    probs = imperfect_probs(repeated, boxes, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    dets = InstanceData(
        bboxes=boxes,
        scores=torch.rand(len(boxes), generator=generator),
        labels=torch.zeros(len(boxes), dtype=torch.long),
    )
    return dets, probs, gt


def loss_and_target(head, dets, probs, gt, ignored=None, dtype=torch.float32):
    cfg = small_config(PLUS).model.train_cfg.rcnn
    preds = torch.zeros(len(dets), 3, 2, requires_grad=True, dtype=dtype)
    return head.loss_and_target(
        preds, probs[:, None], [dets], [gt], [ignored], cfg
    )


def test_targets_are_those_of_pasted_masks(model):
    dets, probs, gt = detections()
    found = loss_and_target(model.roi_head.mask_iou_head, dets, probs, gt)
    pasted = paste_masks(probs, dets.bboxes, *SIZE, 0.5).numpy()
    rles = [
        mask_utils.encode(np.asfortranarray(m.astype(np.uint8)))
        for m in (*pasted, *gt.masks.masks)
    ]
    n = len(dets)
    ious = mask_utils.iou(rles[:n], rles[n:], [0] * len(gt))
    overlaps = ious[np.arange(n), np.arange(n) % len(gt)]
    np.testing.assert_allclose(found['mask_iou_targets'], overlaps, atol=0.02)
    # The greedy matching of COCO, one threshold at a time.
    expected = np.zeros(n)
    for thr in np.linspace(0.5, 0.95, 10):
        free = set(range(len(gt)))
        for i in np.argsort(-dets.scores.numpy()):
            g = i % len(gt)
            if g in free and found['mask_iou_targets'][i] >= thr:
                free.remove(g)
                expected[i] += 0.1
    assert 0 < expected.mean() < 0.9
    np.testing.assert_allclose(
        found['mask_score_targets'], expected, atol=1e-6
    )


def test_losses_are_means_over_detections(model):
    dets, probs, gt = detections()
    found = loss_and_target(model.roi_head.mask_iou_head, dets, probs, gt)
    log = found['loss_mask_iou']
    # All predictions are 0: a probability of one half.
    assert log['loss_mask_score'].item() == pytest.approx(np.log(2))
    expected = (found['mask_iou_targets'] ** 2).mean() / 2
    assert log['loss_mask_iou'].item() == pytest.approx(expected.item())


def test_detections_on_crowds_do_not_train(model):
    dets, probs, gt = detections(num=2, copies=1)
    head = model.roi_head.mask_iou_head
    crowd = InstanceData(bboxes=dets.bboxes[1:], labels=dets.labels[1:])
    alone = InstanceData(
        bboxes=gt.bboxes[:1], labels=gt.labels[:1], masks=gt.masks[:1]
    )
    everything = loss_and_target(head, dets, probs, alone)['loss_mask_iou']
    without = loss_and_target(head, dets, probs, alone, crowd)['loss_mask_iou']
    assert everything['mask_iou_samples'] == 2
    assert without['mask_iou_samples'] == 1
    crowd_of_others = InstanceData(
        bboxes=crowd.bboxes, labels=crowd.labels + 1
    )
    kept = loss_and_target(head, dets, probs, alone, crowd_of_others)
    assert kept['loss_mask_iou']['mask_iou_samples'] == 2
    # mmdet promises no labels of ignored instances: all classes are meant.
    unlabelled = InstanceData(bboxes=crowd.bboxes)
    dropped = loss_and_target(head, dets, probs, alone, unlabelled)
    assert dropped['loss_mask_iou']['mask_iou_samples'] == 1
    # What the evaluation counts as right is trained, crowd or not.
    both = loss_and_target(head, dets, probs, gt, crowd)['loss_mask_iou']
    assert both['mask_iou_samples'] == 2


def test_losses_are_those_without_what_does_not_train(model):
    dets, probs, gt = detections(num=2, copies=1)
    # The second has a poor mask, whose IoU is not 0 but counts nowhere.
    probs[1, 10:] = 0
    dets.scores = torch.tensor([0.25, 0.75])
    preds = torch.randn(2, 3, 2)
    head = model.roi_head.mask_iou_head
    cfg = small_config(PLUS).model.train_cfg.rcnn

    def found(keep, ignored=None):
        return head.loss_and_target(
            preds[keep],
            probs[keep, None],
            [dets[keep]],
            [gt],
            [ignored],
            cfg,
        )

    crowd = InstanceData(bboxes=dets.bboxes[1:], labels=dets.labels[1:])
    with_crowd, alone = found([0, 1], crowd), found([0])
    ious = with_crowd['mask_iou_targets']
    assert 0 < ious[1] < 0.5 < ious[0]
    assert with_crowd['loss_mask_iou'].keys() == OURS
    for name, value in alone['loss_mask_iou'].items():
        torch.testing.assert_close(with_crowd['loss_mask_iou'][name], value)
    log = with_crowd['loss_mask_iou']
    assert log['mask_iou_target'] == ious[0]
    assert log['mask_score_target'] == with_crowd['mask_score_targets'][0]
    everything = found([0, 1])['loss_mask_iou']
    for name in OURS:
        assert everything[name] != log[name], name


def test_a_detection_of_another_class_has_no_mask_iou(model):
    dets, probs, gt = detections(num=2, copies=1)
    # The first lies on the first instance, which is of another class.
    dets.labels = torch.tensor([1, 0])
    found = loss_and_target(model.roi_head.mask_iou_head, dets, probs, gt)
    assert found['mask_iou_targets'][1] > 0.5
    assert found['mask_iou_targets'][0] == 0
    assert found['mask_score_targets'][0] == 0
    assert found['loss_mask_iou']['mask_iou_samples'] == 2


def test_tensor_mode_gives_probabilities_as_context(model):
    seen = []
    head = model.eval().roi_head.mask_iou_head
    handle = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    data = model.data_preprocessor(collate(scene(seed=1)))
    ((cls_score, *_),) = model(**data, mode='tensor')
    handle.remove()
    ((_, _, labels, context),) = seen
    odds = cls_score[: len(labels)].double().exp()
    odds = odds[torch.arange(len(labels)), labels] / odds.sum(1)
    expected = (odds / (1 - odds)).log().float()
    torch.testing.assert_close(context[:, 0], expected, atol=1e-4, rtol=1e-4)


def test_a_head_of_the_other_kind_is_named():
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.type = 'mmdet_msrcnn.MaskIoUHead'
    with pytest.raises(TypeError, match='RoIHead does not accept MaskIoUHead'):
        build_model(cfg)
    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.type = 'mmdet_msrcnn.MaskScoreHead'
    with pytest.raises(
        TypeError, match='RoIHead does not accept MaskScoreHead'
    ):
        build_model(cfg)


def test_what_belongs_to_positives_is_refused():
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.target_classes = 'present'
    with pytest.raises(ValueError, match="must be 'true', got 'present'"):
        build_model(cfg)
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.loss_iou.tau = 0.5
    with pytest.raises(ValueError, match='tau must be 0, got 0.5'):
        build_model(cfg)


def test_losses_are_in_float32_under_autocast(model):
    seen = []
    head = model.train().roi_head.mask_iou_head
    handle = head.loss_score.register_forward_pre_hook(
        lambda _, args: seen.append([arg.dtype for arg in args])
    )
    dets, probs, gt = detections()
    with torch.autocast('cpu', torch.bfloat16):
        loss_and_target(head, dets, probs, gt, dtype=torch.bfloat16)
    handle.remove()
    assert seen == [[torch.float32, torch.float32]]
