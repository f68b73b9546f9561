"""The metric as mmengine's evaluator drives it."""

import copy
import json

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation import MaskScoringMetric
from mmdet_msrcnn.evaluation.functional import summarize_precision
from mmdet_msrcnn.evaluation.tables import STATISTIC_ITEMS
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS
from tests.test_evaluation.coco_cases import (
    SIZE,
    evaluation_of,
    hand_worked_case,
    make_coco,
    pycocotools_stats,
    random_case,
    rectangle,
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


def test_classes_are_checked_with_the_annotations(tmp_path):
    coco, _ = random_case()
    metric = MaskScoringMetric(ann_file=write_ann(coco, tmp_path))
    with pytest.raises(ValueError, match='in the order of the annotations'):
        metric.dataset_meta = dict(classes=CLASSES[::-1])
    metric.dataset_meta = dict(classes=CLASSES)


def test_equals_pycocotools_run_three_times(tmp_path):
    coco, detections = random_case()
    metric = MaskScoringMetric(
        ann_file=write_ann(coco, tmp_path), metric=['bbox', 'segm']
    )
    found = evaluate(metric, samples_of(coco, detections))
    for det in detections:
        iou = true_iou(coco, det)
        det['oracle'] = det['score'] * iou
        det['starred'] = det['score'] * (iou or det['mask_iou'])
    items = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')
    # prefix, key of the score, kind, number of figures
    for prefix, key, iou_type, num in (
        ('bbox', 'score', 'bbox', 6),
        ('segm', 'mask_score', 'segm', 6),
        ('segm_class_score', 'score', 'segm', 3),
        ('segm_oracle', 'oracle', 'segm', 3),
        ('segm_starred', 'starred', 'segm', 3),
    ):
        expected = pycocotools_stats(coco, detections, key, iou_type)[:6]
        for item, value in list(zip(items, expected, strict=True))[:num]:
            assert found[f'coco/{prefix}_{item}'] == pytest.approx(value)
    assert found['coco/mask_score_share'] == pytest.approx(
        (found['coco/segm_mAP'] - found['coco/segm_class_score_mAP'])
        / (found['coco/segm_oracle_mAP'] - found['coco/segm_class_score_mAP'])
    )


def test_a_model_that_ranks_by_mask_score_has_the_same_figures(tmp_path):
    coco, detections = random_case()
    ann_file = write_ann(coco, tmp_path)
    found = []
    for ranked in (False, True):
        samples = samples_of(coco, detections)
        for pred in (sample['pred_instances'] for sample in samples):
            if ranked:
                pred['class_scores'] = pred['scores']
                pred['scores'] = pred['mask_scores']
        metric = MaskScoringMetric(
            ann_file=ann_file, outfile_prefix=str(tmp_path / f'{ranked}')
        )
        found.append(evaluate(metric, samples))
        assert ('class_scores' in samples[0]['pred_instances']) == ranked
    assert found[0] == found[1]
    for suffix in ('mask_scores', 'bbox', 'segm'):
        one, other = (
            (tmp_path / f'{ranked}.{suffix}.json').read_text()
            for ranked in (False, True)
        )
        assert one == other


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


def test_detections_are_written_where_masks_and_a_prefix_are_given(
    tmp_path, monkeypatch
):
    coco, detections = random_case()
    path, samples = write_ann(coco, tmp_path), samples_of(coco, detections)
    folder = tmp_path / 'work'
    folder.mkdir()
    monkeypatch.chdir(folder)
    evaluate(MaskScoringMetric(path), samples)
    assert not list(folder.iterdir())
    evaluate(
        MaskScoringMetric(path, metric='bbox', outfile_prefix='a'), samples
    )
    assert not list(folder.glob('*.mask_scores.json'))
    evaluate(
        MaskScoringMetric(path, metric='segm', outfile_prefix='a'), samples
    )
    assert (folder / 'a.mask_scores.json').is_file()


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


@pytest.mark.parametrize('metric', ['segm', 'boundary'])
def test_model_without_masks_is_named(tmp_path, metric):
    coco, detections = random_case()
    samples = samples_of(coco, detections)
    for sample in samples:
        del sample['pred_instances']['masks']
    path = write_ann(coco, tmp_path)
    with pytest.raises(ValueError, match=f"metric '{metric}' needs masks"):
        evaluate(MaskScoringMetric(path, metric), samples)


def test_boundaries_by_every_ranking(tmp_path):
    coco, detections = random_case()
    prefix = str(tmp_path / 'results')
    metric = MaskScoringMetric(
        write_ann(coco, tmp_path), ['boundary'], outfile_prefix=prefix
    )
    found = evaluate(metric, samples_of(coco, detections))
    evaluation = evaluation_of(coco, detections)
    for name, key in (
        ('boundary', 'mask_score'),
        ('boundary_class_score', 'score'),
        ('boundary_oracle', 'oracle_score'),
    ):
        precision = evaluation.boundary_precision_by(key)
        figures = summarize_precision(precision, COCO_IOU_THRS)
        for item in ('mAP', 'mAP_50', 'mAP_75'):
            assert found.pop(f'coco/{name}_{item}') == figures[item]
    # By area only in the main ranking.
    assert found.keys() == {f'coco/boundary_mAP_{area}' for area in 'sml'}
    written = json.loads((tmp_path / 'results.mask_scores.json').read_text())
    assert len(written['detections']) == len(detections)


@pytest.mark.parametrize(
    'metric', ['bbox', 'segm', 'boundary', ['bbox', 'segm', 'boundary']]
)
def test_nothing_detected_gives_zero_for_every_ap(tmp_path, metric):
    coco, detections = random_case()
    kwargs = dict(
        ann_file=write_ann(coco, tmp_path), metric=metric, classwise=True
    )
    some = evaluate(MaskScoringMetric(**kwargs), samples_of(coco, detections))
    none = evaluate(MaskScoringMetric(**kwargs), samples_of(coco, []))
    assert none.keys() == some.keys()
    # The best error is 0: of no detection it is not defined.
    undefined = {f'coco/{item}' for item in STATISTIC_ITEMS}
    for key, value in none.items():
        assert np.isnan(value) if key in undefined else value == 0


def test_nothing_detected_has_the_keys_of_the_model(tmp_path):
    coco, detections = random_case()
    path = write_ann(coco, tmp_path)
    for fields in ((), ('mask_scores',)):
        found = []
        for dets in (detections, []):
            samples = samples_of(coco, dets)
            for sample in samples:
                for field in {'mask_scores', 'mask_ious'} - set(fields):
                    del sample['pred_instances'][field]
            found.append(evaluate(MaskScoringMetric(path), samples))
        assert found[0].keys() == found[1].keys()


def test_one_threshold(tmp_path):
    coco, detections = random_case()
    path, samples = write_ann(coco, tmp_path), samples_of(coco, detections)
    one, listed = (
        evaluate(MaskScoringMetric(path, iou_thrs=thrs), samples)
        for thrs in (0.5, [0.5])
    )
    assert one == pytest.approx(listed, nan_ok=True)
    assert one['coco/segm_mAP'] == one['coco/segm_mAP_50']


@pytest.mark.parametrize(
    ('kwargs', 'error', 'message'),
    [
        (dict(max_dets=0), ValueError, 'max_dets must be positive, got 0'),
        (
            dict(metric_items=['AR@7']),
            KeyError,
            'metric item "AR@7" is not supported; .* may contain .*AR@100',
        ),
        (dict(metric='masks'), KeyError, 'got masks'),
        (dict(metric=['proposal', 'boundary']), KeyError, 'got boundary'),
        (
            dict(metric_items=['AR@100'], proposal_nums=(1, 10)),
            ValueError,
            r'three proposal_nums, got \[1, 10\]',
        ),
    ],
)
def test_bad_argument_is_named(kwargs, error, message):
    with pytest.raises(error, match=message):
        MaskScoringMetric(**kwargs)


@pytest.mark.parametrize('with_scores', [True, False])
@pytest.mark.parametrize(
    'items', [['mAP'], ['mAP_s', 'mAP_75'], ['AR@100', 'AR_m@1000']]
)
def test_items_are_those_of_coco_metric(tmp_path, items, with_scores):
    """Where there are mask scores, the AP of other rankings is added."""
    coco, detections = random_case()
    samples = samples_of(coco, detections, with_scores)
    path = write_ann(coco, tmp_path)
    # A single number of detections, for CocoMetric's AP is at several.
    kwargs = dict(
        metric=['bbox', 'segm'],
        metric_items=items,
        proposal_nums=(1, 2, 100),
    )
    expected = evaluate(CocoMetric(path, **kwargs), samples)
    found = evaluate(MaskScoringMetric(path, **kwargs), samples)
    assert list(expected) == [key for key in found if key in expected]
    assert {key: found[key] for key in expected} == pytest.approx(
        expected, abs=5.1e-4
    )
    added = {
        f'coco/segm_{ranking}_{item}'
        for ranking in ('class_score', 'oracle', 'starred')
        for item in items
        if with_scores and item in ('mAP', 'mAP_75')
    }
    assert found.keys() - expected.keys() == added


def test_recall_is_at_sorted_numbers_as_in_coco_metric(tmp_path):
    coco, detections = random_case()
    samples = samples_of(coco, detections, with_scores=False)
    path = write_ann(coco, tmp_path)
    kwargs = dict(metric_items=['AR@100', 'AR@1000'], metric=['bbox'])
    kwargs['proposal_nums'] = (100, 2, 1)
    expected = evaluate(CocoMetric(path, **kwargs), samples)
    found = evaluate(MaskScoringMetric(path, **kwargs), samples)
    assert found == pytest.approx(expected, abs=5.1e-4)
    assert found['coco/bbox_AR@100'] < found['coco/bbox_AR@1000']


def test_items_of_mask_scores_can_be_chosen(tmp_path):
    coco, detections = random_case()
    path, samples = write_ann(coco, tmp_path), samples_of(coco, detections)
    every = evaluate(MaskScoringMetric(path), samples)
    items = ['mask_iou_mae', 'mask_score_share']
    found = evaluate(MaskScoringMetric(path, metric_items=items), samples)
    assert found == {f'coco/{item}': every[f'coco/{item}'] for item in items}


@pytest.mark.parametrize('metric', ['bbox', 'segm', ['bbox', 'segm']])
def test_classwise_keys_are_those_of_coco_metric_and_more(tmp_path, metric):
    coco, detections = random_case()
    # A class without an instance.
    coco.dataset['categories'].append(dict(id=90, name='none'))
    path, samples = write_ann(coco, tmp_path), samples_of(coco, detections)
    kwargs = dict(metric=metric, classwise=True)
    classes = (*CLASSES, 'none')
    expected = evaluate(CocoMetric(path, **kwargs), samples, classes)
    found = evaluate(MaskScoringMetric(path, **kwargs), samples, classes)
    # mmdet takes the classes of unsorted ids for each other.
    values = {
        key: value
        for key, value in expected.items()
        if key.endswith('_precision')
    }
    assert values.keys() <= found.keys()
    assert np.isnan(found['coco/none_precision'])
    assert sorted(v for k, v in values.items()) == pytest.approx(
        sorted(found[key] for key in values), abs=5.1e-4, nan_ok=True
    )
    last = metric if isinstance(metric, str) else metric[-1]
    for name in CLASSES:
        own = found[f'coco/{name}_precision']
        assert own == found[f'coco/{last}_{name}_precision']


def renamed(coco, new_id) -> dict:
    """The annotations with other image ids, as text of JSON."""
    dataset = copy.deepcopy(coco.dataset)
    for image in dataset['images']:
        image['id'] = new_id(image['id'])
    for ann in dataset['annotations']:
        ann['image_id'] = new_id(ann['image_id'])
    return dataset


@pytest.mark.parametrize(
    ('in_file', 'in_sample'),
    [
        (str, str),
        ('image {}'.format, 'image {}'.format),
        # A data set class of one's own may give NumPy's.
        (int, np.int64),
        (str, np.str_),
    ],
)
def test_image_ids_of_any_kind(tmp_path, in_file, in_sample):
    coco, detections = random_case()
    samples = samples_of(coco, detections)
    expected = evaluate(MaskScoringMetric(write_ann(coco, tmp_path)), samples)
    path = tmp_path / 'renamed.json'
    path.write_text(json.dumps(renamed(coco, in_file)))
    for sample in samples:
        sample['img_id'] = in_sample(sample['img_id'])
    prefix = tmp_path / 'results'
    metric = MaskScoringMetric(str(path), outfile_prefix=str(prefix))
    assert evaluate(metric, samples) == expected
    for name in ('mask_scores', 'bbox', 'segm'):
        content = json.loads((tmp_path / f'results.{name}.json').read_text())
        dets = content if name != 'mask_scores' else content['detections']
        known = {in_file(image['id']) for image in coco.dataset['images']}
        assert {det['image_id'] for det in dets} <= known


@pytest.mark.parametrize('first', [0, 1, 100])
def test_annotation_ids_from_zero(tmp_path, first):
    """Hand-worked: perfect detections have an AP of 1."""
    boxes = [(5, 5, 20, 20), (40, 20, 20, 30)]
    coco = make_coco([(1, 10, box, 0) for box in boxes], 1, 1)
    for i, ann in enumerate(coco.dataset['annotations']):
        ann['id'] = first + i
    _, (template, *_) = random_case()
    detections = [
        dict(
            template,
            image_id=1,
            category_id=10,
            bbox=[float(v) for v in box],
            segmentation=ann['segmentation'],
        )
        for box, ann in zip(boxes, coco.dataset['annotations'], strict=True)
    ]
    metric = MaskScoringMetric(write_ann(coco, tmp_path))
    found = evaluate(metric, samples_of(coco, detections), ('class0',))
    for name in ('bbox', 'segm', 'segm_class_score', 'segm_oracle'):
        assert found[f'coco/{name}_mAP'] == pytest.approx(1)


def test_size_that_is_not_that_of_the_image(tmp_path):
    coco, detections = random_case()
    boxes = MaskScoringMetric(write_ann(coco, tmp_path), 'bbox')
    expected = evaluate(boxes, samples_of(coco, detections))
    coco.dataset['images'][2].update(width=48)
    # Boxes do not need it.
    boxes = MaskScoringMetric(write_ann(coco, tmp_path), 'bbox')
    assert evaluate(boxes, samples_of(coco, detections)) == expected
    metric = MaskScoringMetric(write_ann(coco, tmp_path), 'segm')
    message = r"'3.png' \(id 3\) is 64 x 64 .* but 48 x 64 in the annotations"
    with pytest.raises(ValueError, match=message):
        evaluate(metric, samples_of(coco, detections))


def test_soft_masks_are_refused_and_masks_of_zero_and_one_are_not(tmp_path):
    coco, detections = random_case()
    path, samples = write_ann(coco, tmp_path), samples_of(coco, detections)
    expected = evaluate(MaskScoringMetric(path), samples)
    for sample in samples:
        pred = sample['pred_instances']
        pred['masks'] = pred['masks'].to(torch.uint8)
    assert evaluate(MaskScoringMetric(path), samples) == expected
    for sample in samples:
        sample['pred_instances']['masks'] *= 255
    with pytest.raises(ValueError, match='mask_thr_binary to 0.5'):
        evaluate(MaskScoringMetric(path), samples)


@pytest.mark.parametrize('encoded', [True, False])
@pytest.mark.parametrize('from_file', [True, False])
def test_nothing_handed_in_is_changed(tmp_path, from_file, encoded):
    coco, detections = hand_worked_case()
    samples = samples_of(coco, detections)
    if encoded:
        # As a model that gives run lengths.
        for sample in samples:
            pred = sample['pred_instances']
            pred['masks'] = [
                mask_utils.encode(np.asfortranarray(mask))
                for mask in pred['masks'].byte().numpy()
            ]
    rle = mask_utils.encode(np.asfortranarray(rectangle(10, 10, 20, 20)))
    instance = dict(bbox=[10, 10, 30, 30], bbox_label=0, mask=dict(rle))
    samples[0]['instances'] = [instance]
    before = copy.deepcopy(samples)
    metric = MaskScoringMetric(
        write_ann(coco, tmp_path) if from_file else None,
        outfile_prefix=str(tmp_path / 'results'),
    )
    metric.dataset_meta = dict(classes=('class0',))
    metric.process({}, samples)
    # Without the copies that mmengine makes in front of it.
    metric.compute_metrics(metric.results)
    assert same(samples, before)
    metric.evaluate(len(samples))
    assert same(samples, before)


def same(left, right) -> bool:
    """Equality of nested lists and dicts with tensors."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(
            same(left[key], right[key]) for key in left
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    return left == right


def test_ground_truth_of_the_samples_is_kept_beside_the_results(tmp_path):
    coco, detections = hand_worked_case()
    samples = samples_of(coco, detections)
    mask = coco.dataset['annotations'][0]['segmentation']
    instance = dict(bbox=[10, 10, 30, 30], bbox_label=0, mask=mask)
    samples[0]['instances'] = [instance]
    prefix = str(tmp_path / 'results')
    metric = MaskScoringMetric(None, outfile_prefix=prefix)
    expected = evaluate(metric, samples, ('class0',))
    metric = MaskScoringMetric(f'{prefix}.gt.json')
    assert evaluate(metric, samples, ('class0',)) == expected


def test_sizes_may_be_floats(tmp_path):
    coco, detections = random_case()
    samples = samples_of(coco, detections)
    expected = evaluate(MaskScoringMetric(write_ann(coco, tmp_path)), samples)
    for image in coco.dataset['images']:
        image.update(width=float(SIZE), height=float(SIZE))
    found = evaluate(MaskScoringMetric(write_ann(coco, tmp_path)), samples)
    assert found == expected
