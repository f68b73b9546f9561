"""AP of repeated images against pycocotools on copies of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmdet_msrcnn.analysis import weighted_precision
from mmdet_msrcnn.analysis.bootstrap import count_images
from mmdet_msrcnn.evaluation.functional import mean_precision
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from tests.test_evaluation.coco_cases import (
    evaluation_of,
    make_coco,
    pycocotools_eval,
    random_case,
)


def copied_ap(coco, detections, sample) -> float:
    """AP of pycocotools on a data set that has the images of a sample."""
    annotations, found = [], []
    for new, old in enumerate(sample, start=1):
        for ann in coco.loadAnns(coco.getAnnIds(imgIds=old + 1)):
            box = [int(v) for v in ann['bbox']]
            annotations.append((new, ann['category_id'], box, ann['iscrowd']))
        found += [
            dict(det, image_id=new)
            for det in detections
            if det['image_id'] == old + 1
        ]
    copied = make_coco(annotations, len(sample), 3)
    precision = pycocotools_eval(copied, found, 'score', 'segm').eval
    ap = mean_precision(precision['precision'][:, :, :, 0, -1])
    return float('nan') if ap == -1 else ap


@pytest.fixture(scope='module')
def case():
    coco, detections = random_case(1)
    # Copies of an image have equal scores; others should not.
    rng = np.random.default_rng(0)
    scores = rng.permutation(len(detections)) / len(detections) + 0.001
    for det, score in zip(detections, scores.tolist(), strict=True):
        det['score'] = score
    return coco, detections, evaluation_of(coco, detections)


# The last image alone has no instance.
@given(sample=st.lists(st.integers(0, 7), min_size=8, max_size=8))
def test_any_sample_equals_pycocotools(case, sample):
    coco, detections, evaluation = case
    found = weighted_precision.weighted_precisions(
        {'class_score': evaluation.ranked_by('score')},
        count_images(np.array([sample]), 8),
    )
    expected = copied_ap(coco, detections, sample)
    assert found['class_score'] == pytest.approx(
        [expected], abs=1e-9, nan_ok=True
    )


def test_samples_do_not_depend_on_each_other(case, monkeypatch):
    _, _, evaluation = case
    rankings = {
        name: evaluation.ranked_by(key)
        for name, key in evaluation.rankings.items()
    }
    counts = count_images(
        np.random.default_rng(0).integers(8, size=(30, 8)), 8
    )
    together = weighted_precision.weighted_precisions(rankings, counts)
    monkeypatch.setattr(weighted_precision, 'BLOCK', 1)
    for name, values in weighted_precision.weighted_precisions(
        rankings, counts
    ).items():
        assert values.tolist() == together[name].tolist()


def test_detections_below_the_last_candidate_do_not_matter():
    coco, detections = random_case()
    more = [
        dict(det, score=0.001, segmentation=detections[0]['segmentation'])
        for det in detections
        if det['category_id'] != detections[0]['category_id']
    ]
    counts = count_images(np.arange(8)[None], 8)
    values = []
    for dets in (detections, detections + more):
        evaluation = MaskEvaluation(
            coco, dets, coco.getCatIds(), coco.getImgIds()
        )
        ranked = {'class_score': evaluation.ranked_by('score')}
        found = weighted_precision.weighted_precisions(ranked, counts)
        expected = mean_precision(evaluation.precision_by('score')[..., 0])
        assert found['class_score'] == pytest.approx([expected], abs=1e-9)
        values.append(expected)
    assert values[0] > 0
