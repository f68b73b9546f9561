"""RoIs of a cache become samples again; images come in random views."""

import pytest
import torch

from mmdet_msrcnn.feature_cache.samples import (
    CachedSamples,
    collate,
    from_fields,
    to_fields,
)
from mmdet_msrcnn.feature_cache.storage import Storage, new_cache
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples


def samples(num=4, context=True, value=0.0):
    return ScorerSamples(
        torch.rand(num, 2, 14, 14) + value,
        torch.rand(num, 1, 28, 28),
        torch.arange(num),
        torch.rand(num, 2) if context else None,
        dict(mask_iou_targets=torch.rand(num), trained=torch.rand(num) > 0.5),
    )


@pytest.mark.parametrize('num', [4, 0])
@pytest.mark.parametrize('context', [True, False])
def test_fields_become_samples_again(num, context):
    expected = samples(num, context)
    found = from_fields(to_fields(expected))
    assert found.mask_feats.dtype == torch.float32
    for name in ('mask_feats', 'mask_probs'):
        pair = getattr(found, name), getattr(expected, name)
        torch.testing.assert_close(*pair, rtol=1e-3, atol=1e-7)
    assert torch.equal(found.labels, expected.labels)
    assert (found.context is None) == (not context)
    if context:
        assert torch.equal(found.context, expected.context)
    assert {*found.targets} == {*expected.targets}
    for name, value in expected.targets.items():
        assert torch.equal(found.targets[name], value)


def test_large_features_are_refused():
    with pytest.raises(ValueError, match='mask_feats has values'):
        to_fields(samples(value=1e5))


def cached(folder, images, **kwargs):
    with new_cache(folder / 'cache', 1.0, {}) as writer:
        for value in images:
            writer.add(value)
    return CachedSamples(Storage(folder / 'cache'), metainfo={}, **kwargs)


def image(number, num=5):
    labels = torch.full((num,), number)
    return dict(labels=labels, index=torch.arange(num))


def test_an_image_comes_in_its_own_views(tmp_path):
    # Two images in two views: 0, 1 and flipped 10, 11.
    images = [image(i) for i in (0, 1, 10, 11)]
    dataset = cached(tmp_path, images, probs=[0.75, 0.25], max_rois=None)
    assert len(dataset) == 2
    for index in range(2):
        seen = [int(dataset[index]['labels'][0]) for _ in range(400)]
        assert {*seen} == {index, 10 + index}
        # 5 standard deviations
        assert abs(seen.count(index) - 300) < 44


def test_rois_are_drawn_at_random_and_together(tmp_path):
    dataset = cached(tmp_path, [image(3)], probs=[1.0], max_rois=2)
    drawn = [dataset[0] for _ in range(200)]
    for fields in drawn:
        assert len(fields['labels']) == len(fields['index']) == 2
        assert len(fields['index'].unique()) == 2
    counts = torch.cat([f['index'] for f in drawn]).bincount()
    # Each of 5 in 2 of 5 draws; 5 standard deviations
    assert (counts - 80).abs().max() < 35


def test_few_rois_are_all_used(tmp_path):
    dataset = cached(tmp_path, [image(3)], probs=[1.0], max_rois=5)
    assert dataset[0]['index'].tolist() == [0, 1, 2, 3, 4]


def test_a_batch_is_concatenated_in_order():
    batch = collate([image(1, 2), image(2, 0), image(3, 1)])
    assert batch['labels'].tolist() == [1, 1, 3]
    assert batch['index'].tolist() == [0, 1, 0]
