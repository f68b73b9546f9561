"""Time of an exported detector."""

import pytest
import torch

from mmdet_msrcnn.lab.benchmarks import onnx
from tests.helpers import PLUS, small_config
from tests.test_lab.test_benchmarks.rows import assert_printable

pytest.importorskip('onnxscript', reason='a detector is exported')
pytest.importorskip('onnxruntime', reason='a detector is run')


def test_rows(source, tmp_path, monkeypatch):
    # Compiling takes a minute.
    monkeypatch.setattr(torch, 'compile', lambda model, dynamic: model)
    small_config(PLUS).dump(tmp_path / 'plus.py')
    rows = onnx.measure_onnx({'small': tmp_path / 'plus.py'}, source, 1)
    assert_printable(rows, onnx.COLUMNS)
    found = {row['runtime']: row for row in rows}
    names = onnx.FLOAT32, onnx.FLOAT16, onnx.INT8
    assert list(found) == [onnx.EAGER, onnx.COMPILED, *names]
    assert found[onnx.EAGER]['speed-up'] == 1
    sizes = [found[name]['megabytes'] for name in names]
    assert sizes == sorted(sizes, reverse=True)
    assert all(row['seconds'] > 0 for row in rows)


@pytest.mark.slow
def test_the_detector_compiles(source, tmp_path):
    small_config(PLUS).dump(tmp_path / 'plus.py')
    rows = onnx.measure_onnx({'small': tmp_path / 'plus.py'}, source, 1)
    assert len(rows) == 5
