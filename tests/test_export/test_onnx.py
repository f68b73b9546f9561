"""ONNX files of every kind of head."""

import numpy as np
import pytest

from mmdet_msrcnn.export.onnx import check_packages, write_onnx
from mmdet_msrcnn.export.parity import open_session
from mmdet_msrcnn.export.scorer import INPUTS, MaskIoUScorer, random_inputs
from mmdet_msrcnn.models import FUSIONS
from tests.test_export.heads import (
    HEADS,
    results_at_test,
    small_head,
    spread,
)


@pytest.fixture
def packages():
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name, reason=f'the export needs {name}')


def export(head, path):
    write_onnx(MaskIoUScorer(head, 28), path)
    return open_session(path)


def test_every_fusion_is_tested():
    fusions = {k.get('fusion', 'concat') for _, k in HEADS.values()}
    assert fusions == set(FUSIONS)


@pytest.mark.parametrize('name', HEADS)
def test_onnxruntime_gives_the_mask_ious_of_the_model(
    packages, tmp_path, name
):
    head = small_head(name)
    scorer = MaskIoUScorer(head, 28)
    if name != 'maskness':
        spread(head, random_inputs(scorer, 40))
    session = export(head, tmp_path / 'head.onnx')
    for num_rois in (0, 1, 3, 40):
        inputs = random_inputs(scorer, num_rois)
        arrays = dict(zip(INPUTS, map(np.asarray, inputs), strict=False))
        results = results_at_test(head, inputs)
        for output in scorer.outputs:
            (found,) = session.run([output], arrays)
            assert found.shape == (num_rois,)
            np.testing.assert_allclose(
                found, results[output], rtol=0, atol=1e-5
            )
    expected = results.mask_ious
    assert len(expected.unique()) > 10
    if name != 'maskness':
        assert (expected.min(), expected.max()) == (0, 1)


def test_learned_scores_are_an_output(packages, tmp_path):
    session = export(small_head('learned'), tmp_path / 'head.onnx')
    inputs = {i.name: i.shape for i in session.get_inputs()}
    assert inputs['rank_feats'] == ['num_rois', 2]
    outputs = {o.name: o.shape for o in session.get_outputs()}
    assert outputs == dict(mask_ious=['num_rois'], mask_scores=['num_rois'])


def test_file_is_one_and_describes_itself(packages, tmp_path, capfd):
    path = tmp_path / 'head.onnx'
    head = small_head('all_masks')
    capfd.readouterr()
    session = export(head, path)
    assert list(tmp_path.iterdir()) == [path]
    shapes = {i.name: (i.type, i.shape) for i in session.get_inputs()}
    assert shapes == dict(
        mask_feats=('tensor(float)', ['num_rois', 8, 14, 14]),
        mask_probs=('tensor(float)', ['num_rois', 4, 28, 28]),
        labels=('tensor(int64)', ['num_rois']),
    )
    (output,) = session.get_outputs()
    assert (output.name, output.shape) == ('mask_ious', ['num_rois'])
    meta = session.get_modelmeta().custom_metadata_map
    assert meta['fusion'] == 'all_masks'
    assert (meta['num_classes'], meta['class_agnostic']) == ('4', 'False')
    assert meta['mask_probs'] == 'num_rois,4,28,28'
    assert capfd.readouterr() == ('', '')


@pytest.mark.parametrize('missing', ['onnx', 'onnxscript'])
def test_missing_package_is_named_with_the_command(missing):
    with pytest.raises(ImportError, match=f'{missing}. Run: pip install'):
        check_packages(lambda name: None if name == missing else name)
    check_packages(lambda name: name)
