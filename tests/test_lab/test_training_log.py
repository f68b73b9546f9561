"""Log of an mmengine training."""

import json

import pytest
from mmengine.visualization import LocalVisBackend

from mmdet_msrcnn.lab.training_log import read_training_log


def test_lines_that_mmengine_wrote_in_order_of_the_starts(tmp_path):
    # The second start first: folders are named by the time of the start.
    for start, steps in (('20260102_000000', (3, 4)), ('20260101_9', (1, 2))):
        backend = LocalVisBackend(str(tmp_path / start / 'vis_data'))
        for step in steps:
            backend.add_scalars(dict(loss=step / 8, lr=0.5), step)
    lines = read_training_log(tmp_path)
    assert [line['step'] for line in lines] == [1, 2, 3, 4]
    assert [line['loss'] for line in lines] == [0.125, 0.25, 0.375, 0.5]


@pytest.mark.parametrize('length', [1, 8, 16])
def test_a_line_that_was_cut_off_is_left_out(tmp_path, length):
    whole = json.dumps(dict(loss=0.75, step=1))
    assert length < len(whole)
    for start in ('a', 'b'):
        path = tmp_path / start / 'vis_data/scalars.json'
        path.parent.mkdir(parents=True)
        path.write_text(f'{whole}\n{whole[:length]}')
    assert read_training_log(tmp_path) == [dict(loss=0.75, step=1)] * 2


def test_a_training_that_logged_nothing(tmp_path):
    assert read_training_log(tmp_path) == []
    assert read_training_log(tmp_path / 'missing') == []
