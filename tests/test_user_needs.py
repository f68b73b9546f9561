"""What users of Mask Scoring R-CNN report, one test or more for each.

The thread is named in each docstring; ``mmdet`` stands for
open-mmlab/mmdetection and ``ms`` for zjhuang22/maskscoring_rcnn.
"""

import copy
import json
import re
from importlib.metadata import PackageNotFoundError, version
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads.maskiou_head import (
    MaskIoUHead as MMDetMaskIoUHead,
)
from mmdet.registry import DATASETS, MODELS
from mmdet.structures.mask import BitmapMasks, mask_target
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmdet_msrcnn.compat.dependencies import (
    BUILD,
    check_dependencies,
    check_mmcv_ops,
    check_pkg_resources,
)
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target
from tests.helpers import (
    MASK_RCNN,
    ROOT,
    boxes_of,
    build_model,
    collate,
    ellipse_masks,
    imperfect_probs,
    iou_target,
    jitter,
    losses_of,
    sampling_result,
    scene,
    small_config,
)
from tests.test_models.test_detectors.any_models import scored


@pytest.fixture(scope='module')
def model():
    return build_model(small_config()).eval()


def predict(model, *scenes) -> list[InstanceData]:
    return [r.pred_instances for r in model.test_step(collate(*scenes))]


def mmdet_targets(boxes, gt_inds, gt_masks, logits, mask_thr):
    """Targets of mmdet's own head, from logits."""
    sampling = [sampling_result(boxes, gt_inds, torch.zeros_like(gt_inds))]
    masks = BitmapMasks(gt_masks.numpy(), *gt_masks.shape[1:])
    cfg = ConfigDict(mask_size=28, mask_thr_binary=mask_thr)
    return MMDetMaskIoUHead().get_targets(
        sampling,
        [InstanceData(masks=masks)],
        logits,
        mask_target([boxes], [gt_inds], [masks], cfg),
        cfg,
    )


def test_need_01_results_have_mask_scores(model):
    """Mask scores are missing in mmdet 3.x (mmdet#10978)."""
    (pred,) = predict(model, scene(seed=1))
    assert len(pred) > 0
    for field in ('scores', 'mask_scores', 'mask_ious'):
        assert pred[field].shape == (len(pred),)
    assert not torch.equal(pred.mask_scores, pred.scores)


def test_need_02_boxes_and_class_scores_are_those_without_scoring(model):
    """Box AP must come from the class score (ms#12)."""
    twin = build_model(small_config(MASK_RCNN)).eval()
    twin.load_state_dict(model.state_dict(), strict=False)
    scenes = scene(seed=1), scene(seed=2)
    for ours, theirs in zip(
        predict(model, *scenes), predict(twin, *scenes), strict=True
    ):
        assert len(theirs) > 0
        assert 'mask_scores' not in theirs
        for field in ('scores', 'bboxes', 'labels', 'masks'):
            assert torch.equal(ours[field], theirs[field])


def test_need_03_mask_is_binarised_at_probability_one_half():
    """The target was binarised at logit > 0.5 (ms#48)."""
    gt = torch.ones(1, 28, 28, dtype=torch.uint8)
    boxes, inds = torch.tensor([[0.0, 0, 28, 28]]), torch.tensor([0])
    # The left half has a logit of 0.25, a probability of 0.56.
    logits = torch.full((1, 28, 28), 3.0)
    logits[:, :, :14] = 0.25
    assert mmdet_targets(boxes, inds, gt, logits, 0.5).item() < 0.51
    ours = iou_target(logits.sigmoid(), boxes, inds, gt)
    assert ours.item() == pytest.approx(1, abs=1e-5)


def test_need_03_old_targets_can_be_had():
    """sigmoid(0.5) as mask_thr_binary continues an old checkpoint."""
    masks = ellipse_masks(20, 150, 150)
    boxes = jitter(boxes_of(masks), 0.1)
    inds, gt = torch.arange(20), torch.from_numpy(masks)
    logits = imperfect_probs(masks, boxes).logit(eps=1e-4) / 3
    theirs = mmdet_targets(boxes, inds, gt, logits, 0.5)
    old, new = (
        iou_target(logits.sigmoid(), boxes, inds, gt, mask_thr)
        for mask_thr in (0.6225, 0.5)
    )
    assert (old - theirs).abs().mean() < 0.015
    assert (old - theirs).abs().mean() < (new - theirs).abs().mean()


def test_need_04_box_clipped_to_zero_width():
    """RandAugment crashes training (mmdet#11527)."""
    gt = torch.from_numpy(ellipse_masks(1, 64, 64))
    inds = torch.tensor([0])
    # Beyond the lower right corner, as augmentation can leave it.
    boxes = torch.tensor([[64.0, 64, 64, 64]])
    logits = torch.zeros(1, 28, 28)
    with pytest.raises(IndexError):
        mmdet_targets(boxes, inds, gt, logits, 0.5)
    assert iou_target(logits.sigmoid(), boxes, inds, gt).item() == 0


def test_need_04_training_goes_on_with_such_a_proposal():
    """The box head drops no box, so that the MaskIoU head must take any."""
    model = build_model(small_config()).train()
    rpn_predict = model.rpn_head.predict_by_feat

    def with_clipped_box(*args, **kwargs):
        results = rpn_predict(*args, **kwargs)
        for result in results:
            result.bboxes[0] = torch.tensor([96.0, 64, 96, 64])
        return results

    model.rpn_head.predict_by_feat = with_clipped_box
    # Makes every proposal positive.
    model.roi_head.bbox_assigner.pos_iou_thr = 0.0
    model.roi_head.bbox_assigner.neg_iou_thr = 0.0
    losses = losses_of(model, collate(scene(seed=1)))
    assert losses['loss_mask_iou'].isfinite()
    assert losses['mask_iou_samples'] > 0


def test_need_05_tiny_box_does_not_train():
    """A ratio of 0 gives a target of 5e-8, which passes ``> 0``."""
    gt = torch.zeros(1, 64, 64, dtype=torch.uint8)
    gt[0, 20:40, 20:40] = 1
    inds = torch.tensor([0])
    # Narrower than a pixel, between two pixel centres
    boxes = torch.tensor([[19.6, 25, 20.4, 35]])
    target = iou_target(torch.ones(1, 28, 28), boxes, inds, gt)
    assert target.item() == 0


def test_need_06_mean_target_and_number_of_samples_are_logged():
    """loss_mask_iou stays 0 early on, and nobody knows why (mmdet#5880)."""
    model = build_model(small_config()).train()
    _, log = model.parse_losses(losses_of(model, collate(scene(seed=1))))
    assert log['mask_iou_samples'] >= 1
    assert 0 < log['mask_iou_target'] <= 1


def test_need_07_predicted_iou_is_never_negative(model):
    """Negative predicted IoU (ms#49)."""
    model = copy.deepcopy(model)
    for bias in (-5.0, 5.0):
        model.roi_head.mask_iou_head.fc_mask_iou.bias.data.fill_(bias)
        (pred,) = predict(model, scene(seed=1))
        assert pred.mask_ious.tolist() == [float(bias > 0)] * len(pred)


# number of detections of each image of the batch
@pytest.mark.parametrize('empty', [(False, True), (True, False), (True, True)])
def test_need_08_images_without_detections(model, empty, monkeypatch):
    """Crash when an image has no detection (ms#92, lsrock1 port#10)."""
    predict_bbox = model.roi_head.predict_bbox

    def without_some(*args, **kwargs):
        results = predict_bbox(*args, **kwargs)
        return [
            r[:0] if none else r
            for r, none in zip(results, empty, strict=True)
        ]

    monkeypatch.setattr(model.roi_head, 'predict_bbox', without_some)
    preds = predict(model, scene(seed=1), scene(seed=2))
    for pred, none in zip(preds, empty, strict=True):
        assert (len(pred) == 0) == none
        assert pred.mask_scores.shape == pred.mask_ious.shape == (len(pred),)
        assert pred.masks.shape == (len(pred), 64, 96)


# some image without instances; none has any, so that no sample is positive
@pytest.mark.parametrize('numbers', [(3, 0), (0, 0)])
def test_need_08_training_images_without_instances(numbers):
    """Crash without positives (ms#92)."""
    model = build_model(small_config()).train()
    batch = collate(*(scene(num, seed=num) for num in numbers))
    loss, log = model.parse_losses(losses_of(model, batch))
    loss.backward()
    assert torch.isfinite(loss)
    assert (log['loss_mask_iou'] == 0) == (sum(numbers) == 0)
    head = model.roi_head.mask_iou_head
    assert all(p.grad is not None for p in head.parameters())


@pytest.mark.parametrize('agnostic_iou', [False, True])
def test_need_09_class_agnostic_heads(agnostic_iou):
    """A class-agnostic mask head is indexed by label, and fails."""
    cfg = small_config()
    cfg.model.roi_head.mask_head.class_agnostic = True
    cfg.model.roi_head.mask_iou_head.class_agnostic = agnostic_iou
    model = build_model(cfg).train()
    loss, _ = model.parse_losses(losses_of(model, collate(scene(seed=1))))
    loss.backward()
    assert torch.isfinite(loss)
    # Labels beyond the single channel
    model.roi_head.bbox_head.fc_cls.bias.data[2] = 5
    (pred,) = predict(model.eval(), scene(seed=1))
    assert 2 in pred.labels
    assert pred.mask_scores.shape == (len(pred),)


def load_masks(folder, segmentation, poly2mask):
    """Read one instance through mmdet's data set and pipeline."""
    cv2.imwrite(str(folder / '1.png'), np.zeros((80, 100, 3), np.uint8))
    rle = segmentation
    if isinstance(segmentation, list):
        rle = mask_utils.merge(mask_utils.frPyObjects(segmentation, 80, 100))
    ann = dict(
        id=1,
        image_id=1,
        category_id=1,
        segmentation=segmentation,
        area=float(mask_utils.area(rle)),
        bbox=mask_utils.toBbox(rle).tolist(),
        iscrowd=0,
    )
    content = dict(
        images=[dict(id=1, file_name='1.png', height=80, width=100)],
        annotations=[ann],
        categories=[dict(id=1, name='thing')],
    )
    (folder / 'ann.json').write_text(json.dumps(content))
    init_default_scope('mmdet')
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            ann_file=str(folder / 'ann.json'),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=('thing',)),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(
                    type='LoadAnnotations',
                    with_bbox=True,
                    with_mask=True,
                    poly2mask=poly2mask,
                ),
                dict(type='PackDetInputs'),
            ],
        )
    )
    return dataset[0]['data_samples'].gt_instances.masks


def test_need_10_polygon_bitmap_and_rle_ground_truth(tmp_path):
    """Only one form of ground truth is handled (centermask2#79)."""
    polygon = [[10.0, 10, 70, 16, 60, 60, 24, 50]]
    rle = mask_utils.merge(mask_utils.frPyObjects(polygon, 80, 100))
    rle['counts'] = rle['counts'].decode()
    forms = dict(
        polygon=load_masks(tmp_path, polygon, poly2mask=False),
        bitmap=load_masks(tmp_path, polygon, poly2mask=True),
        rle=load_masks(tmp_path, rle, poly2mask=True),
    )
    assert len({type(masks) for masks in forms.values()}) == 2
    boxes = torch.tensor([[6.3, 8.1, 66.2, 61.4]])
    targets = {
        name: mask_iou_target(
            torch.full((1, 28, 28), 0.9),
            boxes,
            torch.tensor([0]),
            pack_gt_masks(masks, 'cpu'),
        ).item()
        for name, masks in forms.items()
    }
    assert targets['polygon'] > 0.5
    assert len(set(targets.values())) == 1, targets


def test_need_11_batch_at_test_equals_single_images(model):
    """Only the first image of a batch is used (ms#31, ms#94)."""
    scenes = [scene(seed=seed) for seed in (1, 2, 3)]
    together = predict(model, *scenes)
    for pred, alone in zip(together, scenes, strict=True):
        (expected,) = predict(model, alone)
        assert len(expected) > 0
        for field in ('scores', 'mask_ious', 'mask_scores', 'bboxes'):
            torch.testing.assert_close(
                pred[field], expected[field], atol=1e-4, rtol=1e-4
            )
        assert torch.equal(pred.labels, expected.labels)


def test_need_12_the_area_ratio_is_explained_by_a_figure():
    """What is mask_ratio? (ms#6, ms#40, ms#44, ms#62, ms#70)."""
    page = ROOT / 'docs/mask_iou_target.md'
    figures = re.findall(r'!\[[^]]*\]\(([^)]+\.png)\)', page.read_text())
    assert figures
    for figure in figures:
        assert cv2.imread(str(page.parent / figure)) is not None
    assert 'docs/mask_iou_target.md' in (ROOT / 'README.md').read_text()


def test_need_13_num_classes_is_set_once():
    """num_classes has to be set in three heads."""
    cfg = small_config(num_classes=7)
    assert 'num_classes' not in cfg.model.roi_head.mask_iou_head
    model = build_model(cfg)
    assert model.roi_head.mask_iou_head.num_classes == 7


@pytest.mark.parametrize('name', ['mask_head', 'mask_iou_head'])
def test_need_13_disagreement_is_an_error_at_build(name):
    """An assertion at the start of an epoch was all one got."""
    cfg = small_config()
    cfg.model.roi_head[name].num_classes = 80
    message = rf"disagree on num_classes: .*'{name}': 80"
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_need_14_training_checkpoint_loads_with_weights_only(tmp_path):
    """UnpicklingError on torch >= 2.6 (mmengine#1655)."""
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    content = dict(
        state_dict=dict(weight=torch.ones(2)),
        message_hub=dict(
            log_scalars={'train/loss': history},
            runtime_info=dict(scalar=np.float64(0.5), index=np.int64(3)),
        ),
    )
    torch.save(content, tmp_path / 'epoch_1.pth')
    loaded = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    restored = loaded['message_hub']['log_scalars']['train/loss']
    assert restored.mean() == 1.5
    assert loaded['message_hub']['runtime_info']['index'] == 3


def test_need_15_mmcv_without_ops_is_named_with_the_command():
    """No module named mmcv._ext (mmdet#11983, mmcv#3310)."""

    def load(name):
        if name == 'mmcv._ext':
            raise ModuleNotFoundError("No module named 'mmcv._ext'")

    # mmcv itself does not load: its own error stands.
    with pytest.raises(OSError):
        check_mmcv_ops('', Mock(side_effect=OSError('libGL.so.1')))
    message = 'mmcv._ext.* Run: .* --no-build-isolation .*mmcv=='
    with pytest.raises(ImportError, match=message):
        check_mmcv_ops(BUILD.format('mmcv==2.1.0'), load)


# version that is found, what the message says
@pytest.mark.parametrize(
    ('mmcv', 'message'),
    [
        ('2.2.0', r'needs mmcv>=2.1.0,<2.2.0, but mmcv 2.2.0 is installed'),
        (None, r'needs mmcv>=2.1.0,<2.2.0, which is not installed'),
    ],
)
def test_need_15_version_out_of_range_is_named_with_the_command(mmcv, message):
    """Version assertions (mmcv#3035)."""

    def get_version(name):
        if name != 'mmcv':
            return version(name)
        if mmcv is None:
            raise PackageNotFoundError(name)
        return mmcv

    with pytest.raises(ImportError, match=message + '.* Run: pip install'):
        check_dependencies(get_version)


def test_need_16_missing_pkg_resources_is_named_with_the_command():
    """pkg_resources is gone in setuptools 82 (mmcv#3325)."""
    with pytest.raises(ImportError, match=r"pip install 'setuptools>=64,<81'"):
        check_pkg_resources(lambda name: None)


def test_needs_are_numbered_without_gaps():
    numbers = {
        int(name.split('_')[2]) for name in globals() if 'test_need_' in name
    }
    assert numbers == {*range(1, len(numbers) + 1)}


@torch.no_grad()
def test_htc_scores_its_masks():
    """mmdet#2715: mask scoring for Cascade Mask R-CNN and HTC."""
    model = MODELS.build(scored('HybridTaskCascade'))
    model.init_weights()
    (sample,) = model.eval().test_step(collate(scene(seed=1)))
    pred = sample.pred_instances
    assert len(pred) > 0
    assert pred.mask_scores.shape == pred.scores.shape
    # The class scores, which rank the boxes, are those of HTC.
    (alone,) = model.detector.test_step(collate(scene(seed=1)))
    assert torch.equal(pred.scores, alone.pred_instances.scores)
