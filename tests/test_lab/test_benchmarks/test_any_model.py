"""Time that a mask score adds to the detection by any model."""

import json

import torch

from mmdet_msrcnn.apis.mask_scored_config import mask_scored_config
from mmdet_msrcnn.lab.benchmarks.any_model import (
    ALONE,
    COLUMNS,
    SCORED,
    measure_any_model,
)
from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.utils.configs import read_config
from tests.test_lab.test_benchmarks.rows import assert_printable
from tests.test_models.test_detectors.any_models import (
    MODEL_CONFIGS,
    small_model,
)


def test_detector_with_and_without_a_score(source, tmp_path):
    cfg = read_config(f'mmdet::{MODEL_CONFIGS["YOLACT"]}')
    cfg.model = small_model('YOLACT')
    classes = [
        c['name']
        for c in json.loads(source.ann_file.read_text())['categories']
    ]
    cfg.test_dataloader.dataset.update(
        ann_file=str(source.ann_file),
        data_root='',
        data_prefix=dict(img=str(source.img_dir)),
        metainfo=dict(classes=classes),
    )
    scored = mask_scored_config(cfg, 'unused.pth')
    scored.dump(tmp_path / 'config.py')
    model = build_detector(scored)
    torch.save(
        dict(
            state_dict=model.state_dict(),
            meta=dict(dataset_meta=dict(classes=classes)),
        ),
        tmp_path / 'model.pth',
    )
    rows = measure_any_model(tmp_path, 2, 'cpu', 1)
    assert_printable(rows, COLUMNS)
    assert [row['model'] for row in rows] == [ALONE, SCORED]
    assert rows[0]['ratio'] == 1
    assert {row['detections'] for row in rows} == {10}
