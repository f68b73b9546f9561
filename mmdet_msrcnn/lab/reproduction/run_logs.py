"""Values that are read from the logs of a run."""

import json
from pathlib import Path

from mmdet_msrcnn.lab.training_log import read_training_log


def last_test(folder: Path) -> dict:
    """Read what the last test logged.

    Args:
        folder (Path): Work directory of the tests.

    Returns:
        dict: Figures of the metrics, and times.
    """
    logs = sorted(folder.glob('*/[0-9]*.json'))
    return json.loads(logs[-1].read_text())


def seconds_per_image(folder: Path) -> float:
    """Read the time of the network in the last test, without data loading.

    Args:
        folder (Path): Work directory of the tests.

    Returns:
        float: Seconds.
    """
    values = last_test(folder)
    return values['time'] - values['data_time']


def training_log(folder: Path) -> dict[int, dict]:
    """Read the last line that each epoch of a training logged.

    Args:
        folder (Path): Work directory of the training.

    Returns:
        dict[int, dict]: Values by epoch.
    """
    epochs = {}
    for values in read_training_log(folder):
        if 'loss' in values:
            epochs[values['epoch']] = values
    return epochs
