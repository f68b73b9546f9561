"""What each benchmark measures."""

import pytest
import torch
from mmdet.structures.mask import BitmapMasks

from mmdet_msrcnn.lab.benchmarks import (
    dense,
    evaluation,
    heads,
    inference,
    paste,
    step,
    targets,
)
from mmdet_msrcnn.lab.benchmarks.detectors import IN_TREE, MASK_RCNN, OURS
from mmdet_msrcnn.lab.benchmarks.scenes import load_images, make_scene
from mmdet_msrcnn.lab.benchmarks.table import to_markdown
from tests.helpers import load_tool


def assert_printable(rows, columns):
    """Every figure of the table is there and positive."""
    keys = {c.key for c in columns} - {'differences', 'difference'}
    for row in rows:
        for key in keys - {'mmdet_bytes', 'ours_bytes'}:
            value = row[key]
            assert isinstance(value, str) or value > 0, key
    assert to_markdown(columns, rows).count('\n') == len(rows) + 1


def test_true_ious(source):
    scene = make_scene(next(load_images(source)), 3)
    height, width = scene.gt.masks.height, scene.gt.masks.width
    boxes = torch.tensor([[10.0, 10, 30, 30]]).repeat(3, 1)
    scene.sampling.pos_priors = boxes
    masks = torch.zeros(3, height, width, dtype=torch.uint8)
    masks[0, 10:30, 10:30] = 1  # exactly the box
    masks[1, 10:30, 10:50] = 1  # twice as much
    masks[2, 60:70, 60:70] = 1  # elsewhere
    scene.gt.masks = BitmapMasks(masks.numpy(), height, width)
    full = scene._replace(mask_probs=torch.ones(3, 28, 28))
    assert targets.true_ious(full).tolist() == [1, 0.5, 0]


def test_mask_iou_targets(source):
    rows = targets.measure_mask_iou_targets(source, 1)
    assert_printable(rows, targets.TARGET_COLUMNS)
    assert [row['masks'] for row in rows] == ['bitmap', 'polygon']
    # What the target is there for.
    for row in rows:
        assert row['ours_mae'] < row['mmdet_mae']
        assert row['ratio'] == row['mmdet'] / row['ours']


def test_mask_targets(source):
    rows = targets.measure_mask_targets(source, 1)
    assert_printable(rows, targets.MASK_TARGET_COLUMNS)
    assert rows[0]['differences'] == 0


def test_heads(configs):
    rows = heads.measure_heads(*configs, 'cpu', 1)
    assert_printable(rows, heads.COLUMNS)
    by_name = {row['head']: row for row in rows}
    # The same weights, the same predictions.
    assert by_name[IN_TREE]['difference'] < 1e-5
    assert by_name[OURS]['difference'] == 0
    assert 0 < by_name[heads.BF16]['difference'] < 2e-3


def test_steps(configs, source):
    rows = step.measure_steps(*configs, source, 'cpu', 1)
    assert_printable(rows, step.COLUMNS)
    assert [row['masks'] for row in rows] == ['bitmap', 'polygon']
    for row in rows:
        # A quarter of the 32 samples of the small config.
        assert row['positives'] == 8
        assert row['to_mmdet'] == row[OURS] / row[IN_TREE]


def test_inference(configs, source):
    rows = inference.measure_inference(*configs, source, 'cpu', 1)
    assert_printable(rows, inference.COLUMNS)
    assert [row['model'] for row in rows] == [MASK_RCNN, IN_TREE, OURS]
    assert rows[0]['ratio'] == 1
    # All that the config lets through.
    assert {row['detections'] for row in rows} == {10}


def test_paste(source):
    rows = paste.measure_paste(source, 1)
    assert_printable(rows, paste.COLUMNS)
    assert rows[0]['differences'] == 0


def test_evaluation(source):
    rows = evaluation.measure_evaluation(source, 1)
    assert_printable(rows, evaluation.COLUMNS)


def test_evaluators_agree(source):
    results = [
        evaluation.detections(make_scene(batch, 10), i)
        for i, batch in enumerate(load_images(source))
    ]
    theirs, ours = (
        function()
        for function in evaluation.evaluators(source, results).values()
    )
    assert theirs['segm_mAP'] > 0
    for key in ('bbox_mAP', 'segm_mAP'):
        # mmdet's are rounded.
        assert ours[key] == pytest.approx(theirs[key], abs=1e-3)


def test_dense(source):
    rows = dense.measure_dense(source, 1)
    assert_printable(rows, dense.COLUMNS)
    # The image has no more.
    assert [row['instances'] for row in rows] == [5]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['paste', '--ann', 'a.json'], 'go together'),
        (['paste'], 'neither data/coco nor data/digits is here'),
        (['paste', '--device', 'cuda', '--ann', 'a', '--img-dir', 'b'], 'CPU'),
    ],
)
def test_bad_arguments(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tool = load_tool('benchmark')
    monkeypatch.setattr('sys.argv', ['benchmark.py', *arguments])
    with pytest.raises(SystemExit):
        tool.main()
    assert message in capsys.readouterr().err
