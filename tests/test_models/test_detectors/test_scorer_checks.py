"""Detectors that score masks, and that do not."""

import pytest

from mmdet_msrcnn.models.detectors.scorer_checks import (
    check_ranking,
    has_scorer,
)
from tests.helpers import MASK_RCNN, MS_RCNN, PLUS, build_model, small_config


@pytest.mark.parametrize(
    ('path', 'scored'), [(MASK_RCNN, False), (MS_RCNN, True), (PLUS, True)]
)
def test_only_what_is_scored_is_ranked_by_it(path, scored):
    model = build_model(small_config(path))
    assert has_scorer(model) == scored
    check_ranking(model)
    model.test_cfg.rcnn.rank_by = 'mask_score'
    if scored:
        check_ranking(model)
        return
    with pytest.raises(ValueError, match="rank_by='mask_score' needs a RoI"):
        check_ranking(model)


def test_detectors_without_test_cfg():
    model = build_model(small_config(MASK_RCNN)).backbone
    assert not has_scorer(model)
    check_ranking(model)
