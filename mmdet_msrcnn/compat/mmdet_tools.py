"""Running of the scripts that mmdet ships in its wheel.

mmdet's scripts read checkpoints from URLs without ``weights_only``, and do not
train in several processes without a GPU
(https://github.com/open-mmlab/mmdetection/blob/v3.3.0/tools/train.py). Can go
when both are solved there: users then run mmdet's own scripts.
"""

import runpy
from pathlib import Path

import mmdet

from mmdet_msrcnn.compat.forced_weights_only import force_weights_only
from mmdet_msrcnn.compat.gloo_processes import gloo_processes
from mmdet_msrcnn.utils.locks import release_locks_in_workers


def mmdet_tool(name: str) -> Path:
    """Find a script of mmdet's ``tools``.

    Args:
        name (str): File name, such as ``train.py``.

    Returns:
        Path: Its path in the wheel or the source tree of mmdet.

    Raises:
        FileNotFoundError: If mmdet was installed without its tools.
    """
    package = Path(mmdet.__file__).parent
    folders = (package / '.mim' / 'tools', package.parent / 'tools')
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f'mmdet has no tools/{name} in {folders[0]} or {folders[1]}. '
        'Run: pip install --force-reinstall --no-deps mmdet==3.3.0'
    )


def run_mmdet_tool(name: str) -> None:
    """Run a script of mmdet with this process's arguments.

    Args:
        name (str): File name, such as ``train.py``.
    """
    force_weights_only()
    release_locks_in_workers()
    with gloo_processes():
        runpy.run_path(str(mmdet_tool(name)), run_name='__main__')
