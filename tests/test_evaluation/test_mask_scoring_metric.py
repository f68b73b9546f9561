"""The metric as mmengine's evaluator drives it."""

import json

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation import MaskScoringMetric
from mmdet_msrcnn.evaluation.ranked_coco_eval import COCO_IOU_THRS
from tests.test_evaluation.coco_cases import (
    SIZE,
    make_coco,
    random_case,
    rectangle,
)
from tests.test_evaluation.test_ranked_coco_eval import (
    pycocotools_stats,
    true_iou,
)

# In the order of the annotations.
CLASSES = ('class2', 'class1', 'class0')


def write_ann(coco, folder) -> str:
    path = folder / 'ann.json'
    path.write_text(json.dumps(coco.dataset))
    return str(path)


def samples_of(coco, detections, with_scores=True) -> list[dict]:
    """What a model gives for each image of a data set."""
    samples = []
    # mmdet's data set numbers labels in the order of the annotation file.
    cat_ids = coco.getCatIds()
    for img_id in coco.getImgIds():
        dets = [det for det in detections if det['image_id'] == img_id]
        masks = [mask_utils.decode(det['segmentation']) for det in dets]
        boxes = torch.tensor([det['bbox'] for det in dets]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        pred = dict(
            bboxes=boxes,
            labels=torch.tensor(
                [cat_ids.index(det['category_id']) for det in dets],
                dtype=torch.long,
            ),
            masks=torch.from_numpy(
                np.array(masks, dtype=bool).reshape(-1, SIZE, SIZE)
            ),
        )
        names = dict(scores='score')
        if with_scores:
            names |= dict(mask_ious='mask_iou', mask_scores='mask_score')
        for field, key in names.items():
            values = [det[key] for det in dets]
            pred[field] = torch.tensor(values, dtype=torch.float64)
        samples.append(
            dict(img_id=img_id, ori_shape=(SIZE, SIZE), pred_instances=pred)
        )
    return samples


def evaluate(metric, samples, classes=CLASSES) -> dict[str, float]:
    metric.dataset_meta = dict(classes=classes)
    for sample in samples:
        metric.process({}, [sample])
    return metric.evaluate(len(samples))


@pytest.mark.parametrize(
    ('classes', 'message'),
    [
        ((CLASSES[0], 'other'), r"no category \['other'\], but .*"),
        ('class0', r"Write the comma of a single class: \('class0',\)"),
        (CLASSES[::-1], 'in the order of the annotations'),
    ],
)
def test_classes_that_mmdet_would_confuse(tmp_path, classes, message):
    coco, _ = random_case()
    metric = MaskScoringMetric(ann_file=write_ann(coco, tmp_path))
    with pytest.raises(ValueError, match=message):
        metric.dataset_meta = dict(classes=classes)


def test_equals_pycocotools_run_three_times(tmp_path):
    coco, detections = random_case()
    metric = MaskScoringMetric(
        ann_file=write_ann(coco, tmp_path), metric=['bbox', 'segm']
    )
    found = evaluate(metric, samples_of(coco, detections))
    for det in detections:
        iou = true_iou(coco, det) or det['mask_iou']
        det['oracle'] = det['score'] * iou
    items = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')
    # prefix, key of the score, kind, number of figures
    for prefix, key, iou_type, num in (
        ('bbox', 'score', 'bbox', 6),
        ('segm', 'mask_score', 'segm', 6),
        ('segm_class_score', 'score', 'segm', 3),
        ('segm_oracle', 'oracle', 'segm', 3),
    ):
        expected = pycocotools_stats(coco, detections, key, iou_type)
        for item, value in list(zip(items, expected, strict=True))[:num]:
            assert found[f'coco/{prefix}_{item}'] == pytest.approx(value)
    assert found['coco/mask_score_share'] == pytest.approx(
        (found['coco/segm_mAP'] - found['coco/segm_class_score_mAP'])
        / (found['coco/segm_oracle_mAP'] - found['coco/segm_class_score_mAP'])
    )


def hand_worked_case():
    """One instance, two detections; the better mask has the lower class score.

    True IoUs: 0.5 (the left half) and 1.0. Only the perfect mask is a true
    positive above IoU 0.5: nine of ten thresholds. Ranked second it gives a
    precision of 1/2 at each of them, ranked first 1. At IoU 0.5 the first of
    either ranking matches, AP 1.
    """
    box = (10, 10, 20, 20)
    coco = make_coco([(1, 10, box, 0)], 1, 1)
    _, (template, *_) = random_case()
    base = dict(template, image_id=1, category_id=10)
    half, full = (10, 10, 10, 20), box
    detections = []
    for shape, score, mask_iou in ((half, 0.9, 0.5), (full, 0.8, 0.75)):
        rle = mask_utils.encode(np.asfortranarray(rectangle(*shape)))
        detections.append(
            dict(
                base,
                bbox=[float(v) for v in shape],
                segmentation=rle,
                score=score,
                mask_iou=mask_iou,
                mask_score=score * mask_iou,
            )
        )
    return coco, detections


def test_hand_worked_case(tmp_path):
    coco, detections = hand_worked_case()
    metric = MaskScoringMetric(
        ann_file=write_ann(coco, tmp_path), metric='segm'
    )
    found = evaluate(metric, samples_of(coco, detections), ('class0',))
    assert found['coco/segm_class_score_mAP'] == pytest.approx(0.55)
    assert found['coco/segm_mAP'] == pytest.approx(1)
    assert found['coco/segm_oracle_mAP'] == pytest.approx(1)
    assert found['coco/mask_score_share'] == pytest.approx(1)
    assert found['coco/mask_iou_mae'] == pytest.approx(0.125)
    assert found['coco/mask_iou_pearson'] == pytest.approx(1)


def test_model_without_mask_scores_gets_the_figures_of_coco_metric(tmp_path):
    coco, detections = random_case()
    kwargs = dict(ann_file=write_ann(coco, tmp_path), metric=['bbox', 'segm'])
    samples = samples_of(coco, detections, with_scores=False)
    expected = evaluate(CocoMetric(**kwargs), samples)
    found = evaluate(MaskScoringMetric(**kwargs), samples)
    assert found == pytest.approx(expected, abs=5.1e-4)


def test_ground_truth_from_the_samples():
    coco, detections = hand_worked_case()
    samples = samples_of(coco, detections)
    samples[0]['instances'] = [
        dict(
            bbox=[10, 10, 30, 30],
            bbox_label=0,
            mask=coco.dataset['annotations'][0]['segmentation'],
        )
    ]
    found = evaluate(MaskScoringMetric(metric='segm'), samples, ('class0',))
    assert found['coco/segm_class_score_mAP'] == pytest.approx(0.55)


def test_outfile_holds_every_detection_with_its_scores(tmp_path):
    coco, detections = random_case()
    metric = MaskScoringMetric(
        ann_file=write_ann(coco, tmp_path),
        metric=['bbox', 'segm'],
        outfile_prefix=str(tmp_path / 'results'),
    )
    evaluate(metric, samples_of(coco, detections))
    content = json.loads((tmp_path / 'results.mask_scores.json').read_text())
    assert content['max_dets'] == 100
    assert content['cat_ids'] == coco.getCatIds()
    assert content['img_ids'] == coco.getImgIds()
    assert content['iou_thrs'] == pytest.approx(COCO_IOU_THRS.tolist())
    written = content['detections']
    assert len(written) == len(detections)
    keys = ('score', 'mask_iou', 'mask_score', 'true_iou', 'oracle_score')
    assert all(key in det for det in written for key in keys)
    ranked = json.loads((tmp_path / 'results.segm.json').read_text())
    assert sorted(det['score'] for det in ranked) == pytest.approx(
        sorted(det['mask_score'] for det in detections)
    )


def test_format_only_writes_mask_scores_as_scores(tmp_path):
    coco, detections = random_case()
    metric = MaskScoringMetric(
        ann_file=write_ann(coco, tmp_path),
        metric=['bbox', 'segm'],
        format_only=True,
        outfile_prefix=str(tmp_path / 'submission'),
    )
    assert evaluate(metric, samples_of(coco, detections)) == {}
    ranked = json.loads((tmp_path / 'submission.segm.json').read_text())
    assert sorted(det['score'] for det in ranked) == pytest.approx(
        sorted(det['mask_score'] for det in detections)
    )


def test_classwise_figures_are_those_of_the_class_alone(tmp_path):
    coco, detections = random_case()
    path = write_ann(coco, tmp_path)
    samples = samples_of(coco, detections)
    found = evaluate(MaskScoringMetric(path, classwise=True), samples)
    for label, cat in enumerate(coco.dataset['categories']):
        alone = json.loads(json.dumps(coco.dataset))
        alone['categories'] = [cat]
        (tmp_path / 'alone.json').write_text(json.dumps(alone))
        chosen = []
        for sample in samples:
            pred = sample['pred_instances']
            keep = pred['labels'] == label
            pred = {name: value[keep] for name, value in pred.items()}
            pred['labels'] = pred['labels'] * 0
            chosen.append(dict(sample, pred_instances=pred))
        metric = MaskScoringMetric(str(tmp_path / 'alone.json'))
        expected = evaluate(metric, chosen, (cat['name'],))
        for kind in ('bbox', 'segm'):
            figure = found[f'coco/{kind}_{cat["name"]}_precision']
            assert figure == expected[f'coco/{kind}_mAP']


def test_max_dets_reaches_boxes_and_masks(tmp_path):
    coco, detections = random_case()
    path = write_ann(coco, tmp_path)
    samples = samples_of(coco, detections)
    few, many = (
        evaluate(MaskScoringMetric(path, max_dets=num), samples)
        for num in (1, 100)
    )
    for key in ('bbox_mAP', 'segm_mAP', 'segm_class_score_mAP'):
        assert few[f'coco/{key}'] < many[f'coco/{key}']


def test_model_without_masks_is_named(tmp_path):
    coco, detections = random_case()
    samples = samples_of(coco, detections)
    for sample in samples:
        del sample['pred_instances']['masks']
    with pytest.raises(ValueError, match="metric 'segm' needs masks"):
        evaluate(MaskScoringMetric(write_ann(coco, tmp_path)), samples)


def test_nothing_detected_gives_zero_for_every_key(tmp_path):
    coco, detections = random_case()
    kwargs = dict(ann_file=write_ann(coco, tmp_path), classwise=True)
    some = evaluate(MaskScoringMetric(**kwargs), samples_of(coco, detections))
    none = evaluate(MaskScoringMetric(**kwargs), samples_of(coco, []))
    assert none == dict.fromkeys(some, 0.0)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(max_dets=0), 'max_dets must be positive, got 0'),
        (dict(metric_items=['AR@7']), r"metric_items .* got \['AR@7'\]"),
    ],
)
def test_bad_argument_is_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        MaskScoringMetric(**kwargs)
