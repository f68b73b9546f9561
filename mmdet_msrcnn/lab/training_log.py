"""What a training of mmengine logged."""

import json
from pathlib import Path


def read_training_log(work_dir: Path) -> list[dict]:
    """Read the lines of all logs of a work dir.

    Args:
        work_dir (Path): Work dir of a training.

    Returns:
        list[dict]: Values of each line, in order. A line that a kill or a
        full disk cut off is left out.
    """
    lines = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return lines
