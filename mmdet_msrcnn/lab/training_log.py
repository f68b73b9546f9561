"""Log of an mmengine training."""

import json
from pathlib import Path


def read_training_log(work_dir: Path) -> list[dict]:
    """Read the lines of all logs in a work directory.

    Args:
        work_dir (Path): Work directory of a training.

    Returns:
        list[dict]: Values of each line, in order. Incomplete lines are left
        out; a killed process or a full disk leaves them.
    """
    lines = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return lines
