"""Values that are read from the logs of a run."""

import json

import pytest

from mmdet_msrcnn.lab.reproduction.run_logs import (
    seconds_per_image,
    training_log,
)


def test_last_line_of_each_epoch_and_no_part_of_one(tmp_path):
    for i, epochs in enumerate(((1, 1, 2), (2, 3))):
        path = tmp_path / f'{i}/vis_data/scalars.json'
        path.parent.mkdir(parents=True)
        lines = [
            json.dumps(dict(epoch=epoch, loss=10 * i + j))
            for j, epoch in enumerate(epochs)
        ]
        # What a full disk leaves of the next line, and an evaluation.
        lines += ['{"loss": 0.9, "ep', json.dumps(dict(mAP=0.5, step=1))]
        path.write_text('\n'.join(lines))
    log = training_log(tmp_path)
    assert {epoch: values['loss'] for epoch, values in log.items()} == {
        1: 1,
        2: 10,
        3: 11,
    }


def test_time_of_the_last_test_without_loading(tmp_path):
    for name, time in (('20250101_000000', 9.0), ('20250102_000000', 0.5)):
        path = tmp_path / f'{name}/{name}.json'
        path.parent.mkdir()
        path.write_text(json.dumps(dict(time=time, data_time=0.2)))
    assert seconds_per_image(tmp_path) == pytest.approx(0.3)
