"""The metric of camouflaged objects as mmengine's evaluator drives it."""

import json
import sys

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmdet_msrcnn.evaluation import CamouflageMetric
from mmdet_msrcnn.evaluation.foreground import map_figures
from mmdet_msrcnn.utils.rank_by import rank

SIZE = (24, 32)
OBJECT = (slice(4, 16), slice(4, 16))
FIGURES = {
    's_measure',
    'weighted_f',
    'mae',
    'e_measure_mean',
    'e_measure_max',
    'e_measure_adaptive',
}


@pytest.fixture
def ann_file(tmp_path) -> str:
    """Image 1 has an object, image 2 has none."""
    images = [
        dict(id=i, file_name=f'{i}.jpg', height=SIZE[0], width=SIZE[1])
        for i in (1, 2)
    ]
    annotation = dict(
        id=1,
        image_id=1,
        category_id=1,
        bbox=[4, 4, 12, 12],
        area=144,
        iscrowd=0,
        segmentation=[[4, 4, 16, 4, 16, 16, 4, 16]],
    )
    path = tmp_path / 'test.json'
    path.write_text(
        json.dumps(
            dict(
                images=images,
                annotations=[annotation],
                categories=[dict(id=1, name='camouflaged object')],
            )
        )
    )
    return str(path)


def prediction(regions, scores, mask_scores=None) -> InstanceData:
    masks = torch.zeros(len(regions), *SIZE, dtype=torch.bool)
    for mask, region in zip(masks, regions, strict=True):
        mask[region] = True
    pred = InstanceData(masks=masks, scores=torch.tensor(scores))
    if mask_scores is not None:
        pred.mask_scores = torch.tensor(mask_scores)
    return pred


def sample(img_id, pred) -> dict:
    return dict(img_id=img_id, pred_instances=dict(pred.items()))


def evaluate(ann_file, samples, **kwargs) -> dict[str, float]:
    init_default_scope('mmdet')
    cfg = dict(type='mmdet_msrcnn.CamouflageMetric', ann_file=ann_file)
    metric = METRICS.build(cfg | kwargs)
    assert type(metric) is CamouflageMetric
    metric.process({}, samples)
    return metric.evaluate(len(samples))


WRONG = (slice(16, 24), slice(16, 32))
TWO = dict(regions=[OBJECT, WRONG], scores=[0.5, 1.0], mask_scores=[0.75, 0.0])
NONE = prediction([], [], [])


def test_each_score_has_its_figures(ann_file):
    """The mask score removes the wrong detection, which the class prefers."""
    samples = [sample(1, prediction(**TWO))]
    found = evaluate(ann_file, samples)
    assert set(found) == {
        f'camouflage/{ranking}_score_{name}'
        for ranking in ('mask', 'class')
        for name in FIGURES
    }
    assert found['camouflage/mask_score_mae'] == 0
    assert found['camouflage/mask_score_s_measure'] == pytest.approx(1)
    assert found['camouflage/mask_score_weighted_f'] == pytest.approx(1)
    # 144 pixels are wrong by 0.5, and 8 x 16 by 1.
    expected = (144 * 0.5 + 128) / (SIZE[0] * SIZE[1])
    assert found['camouflage/class_score_mae'] == pytest.approx(expected)


def test_without_stretching_the_scores_count_as_they_are(ann_file):
    samples = [sample(1, prediction(**TWO))]
    found = evaluate(ann_file, samples, stretch=False)
    expected = 144 * 0.25 / (SIZE[0] * SIZE[1])
    assert found['camouflage/mask_score_mae'] == pytest.approx(expected)
    truth = np.zeros(SIZE, bool)
    truth[OBJECT] = True
    figures = map_figures(0.75 * truth, truth)
    assert found['camouflage/mask_score_s_measure'] == pytest.approx(
        figures['s_measure']
    )


@pytest.mark.parametrize('rank_by', ['class_score', 'mask_score'])
def test_the_ranking_of_the_model_changes_nothing(ann_file, rank_by):
    plain = evaluate(ann_file, [sample(1, prediction(**TWO))])
    ranked = rank(prediction(**TWO), rank_by)
    assert evaluate(ann_file, [sample(1, ranked)]) == plain


def test_a_model_without_mask_scores_has_figures_by_class_score(ann_file):
    samples = [sample(1, prediction([OBJECT], [0.5]))]
    found = evaluate(ann_file, samples)
    assert set(found) == {f'camouflage/class_score_{name}' for name in FIGURES}
    assert found['camouflage/class_score_mae'] == 0


def test_images_count_the_same(ann_file):
    """An empty prediction is right where there is nothing to find."""
    nothing_found = [sample(1, NONE), sample(2, NONE)]
    found = evaluate(ann_file, nothing_found)
    share = 144 / (SIZE[0] * SIZE[1])
    assert found['camouflage/mask_score_mae'] == pytest.approx(share / 2)
    assert found['camouflage/mask_score_s_measure'] == pytest.approx(
        ((1 - share) / 2 + 1) / 2, abs=0.2
    )
    found = evaluate(ann_file, [sample(2, NONE)])
    assert found['camouflage/class_score_s_measure'] == 1
    assert found['camouflage/class_score_mae'] == 0


def test_results_of_ranks_are_those_of_one(ann_file):
    """What ranks exchange is small, and joined it gives the same figures."""
    samples = [sample(1, prediction(**TWO)), sample(2, prediction(**TWO))]
    ranks = [CamouflageMetric(ann_file) for _ in samples]
    for metric, one in zip(ranks, samples, strict=True):
        metric.process({}, [one])
    joined = [result for metric in ranks for result in metric.results]
    values = [v for r in joined for f in r.values() for v in f.values()]
    assert max(np.size(value) for value in values) == 256
    figures = ranks[0].compute_metrics(joined)
    expected = evaluate(ann_file, samples)
    assert {f'camouflage/{k}': v for k, v in figures.items()} == expected


def test_the_prediction_is_not_changed(ann_file):
    pred = rank(prediction(**TWO), 'mask_score')
    before = pred.clone()
    evaluate(ann_file, [sample(1, pred)])
    for name, value in before.items():
        assert torch.equal(pred[name], value), name


@pytest.mark.parametrize(
    ('pred', 'message'),
    [
        (InstanceData(scores=torch.ones(1)), 'needs masks'),
        (
            InstanceData(
                scores=torch.ones(1),
                masks=torch.full((1, *SIZE), 9, dtype=torch.uint8),
            ),
            'soft',
        ),
        (
            InstanceData(
                scores=torch.ones(1), masks=torch.ones(1, 5, 6, dtype=bool)
            ),
            r"'1.jpg'.*\(5, 6\).*\(24, 32\)",
        ),
        (prediction([OBJECT], [1.5]), 'score is 1.5'),
    ],
)
def test_bad_predictions(ann_file, pred, message):
    with pytest.raises(ValueError, match=message):
        evaluate(ann_file, [sample(1, pred)])


def test_a_missing_library_is_an_error_before_the_test(ann_file, monkeypatch):
    monkeypatch.setitem(sys.modules, 'py_sod_metrics', None)
    with pytest.raises(ImportError, match='needs pysodmetrics'):
        CamouflageMetric(ann_file)
