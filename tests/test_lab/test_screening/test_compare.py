"""Mask scores compared on images that are held back."""

import numpy as np
import pytest
import torch
from torch import nn

from mmdet_msrcnn.lab.screening import compare
from mmdet_msrcnn.lab.screening.variants import VARIANTS
from tests.coco_data import ellipses, write_coco
from tests.helpers import MS_RCNN, PLUS, build_model, small_config
from tests.test_lab.test_screening.data import CATEGORIES, PIPELINE

NAMES = ('class score x MaskIoU', 'true positive (MS R-CNN+)')


def write_config(folder, path, images, num_dets=50):
    """Write a config with data of two classes."""
    cfg = small_config(path, num_classes=2)
    cfg.model.test_cfg.rcnn.max_per_img = num_dets
    ann_file = write_coco(folder, images, CATEGORIES)
    for name in ('train_dataloader', 'test_dataloader'):
        cfg[name].dataset = dict(
            type='CocoDataset',
            ann_file=str(ann_file),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=[f'class {c}' for c in CATEGORIES]),
            pipeline=PIPELINE,
        )
    cfg.dump(folder / 'config.py')
    return folder / 'config.py', cfg


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('compare')
    images = [
        ellipses(seed=seed, category_id=CATEGORIES[seed % 2])
        for seed in range(10)
    ]
    config, cfg = write_config(folder, PLUS, images)
    model = build_model(cfg)
    nn.init.constant_(model.roi_head.mask_head.conv_logits.bias, 4)
    torch.save(dict(state_dict=model.state_dict()), folder / 'a.pth')
    return config, folder / 'a.pth'


def test_rows_are_those_of_the_variants(inputs, monkeypatch, capsys):
    chosen = {name: VARIANTS[name] for name in NAMES}
    monkeypatch.setattr(compare, 'VARIANTS', chosen)
    rows = compare.screen(*inputs, epochs=1, seeds=2)
    assert [row['variant'] for row in rows] == [
        'class score',
        'class score x true MaskIoU',
        *NAMES,
    ]
    class_score, oracle, *others = rows
    assert 0 < class_score['ap'] < oracle['ap'] <= 1
    for row in others:
        gain = row['ap'] - class_score['ap']
        assert row['share'] == pytest.approx(
            gain / (oracle['ap'] - class_score['ap'])
        )
        assert np.isfinite(row['deviation'])
    assert capsys.readouterr().out.count(NAMES[0]) == 1


def test_only_every_fifth_image_is_evaluated(inputs, monkeypatch):
    seen = []
    original = compare.MaskEvaluation

    def watch(coco, results, cat_ids, img_ids, max_dets):
        seen.extend([img_ids, {r['image_id'] for r in results}])
        return original(coco, results, cat_ids, img_ids, max_dets)

    monkeypatch.setattr(compare, 'MaskEvaluation', watch)
    monkeypatch.setattr(compare, 'VARIANTS', {})
    compare.screen(*inputs, epochs=1, seeds=1)
    assert seen == [[0, 5], {0, 5}]


def test_a_head_that_is_trained_on_positives_is_refused(tmp_path, inputs):
    config, _ = write_config(tmp_path, MS_RCNN, [ellipses()])
    with pytest.raises(ValueError, match='has a MaskIoUHead, which is not'):
        compare.screen(config, inputs[1], epochs=1, seeds=1)
