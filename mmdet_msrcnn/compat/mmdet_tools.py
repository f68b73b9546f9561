"""Runner of the scripts that mmdet ships in its wheel."""

import gc
import os
import runpy
import sys
from pathlib import Path

import mmdet
import torch
from torch import distributed

from mmdet_msrcnn.compat.safe_globals import force_weights_only


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
    launched = {'pytorch', '--launcher=pytorch'} & set(sys.argv)
    over_gloo = (
        'RANK' in os.environ and launched and not torch.cuda.is_available()
    )
    if over_gloo:
        _init_cpu_processes()
    runpy.run_path(str(mmdet_tool(name)), run_name='__main__')
    if over_gloo:
        _end_cpu_processes()


def _init_cpu_processes() -> None:
    """Join the processes of torchrun over gloo.

    mmengine 0.10.7 calls ``torch.cuda.set_device`` unless it finds a process
    group, and passes ``device_ids`` to the model wrapper unless the config
    does. Both fail without a GPU. ``broadcast_buffers`` is set to mmengine's
    default.
    """
    distributed.init_process_group('gloo')
    sys.argv += [
        '--cfg-options',
        'model_wrapper_cfg.type=MMDistributedDataParallel',
        'model_wrapper_cfg.device_ids=None',
        'model_wrapper_cfg.broadcast_buffers=False',
    ]


def _end_cpu_processes() -> None:
    """End gloo's threads while Python is still running.

    Later they may abort the process, and torchrun reports a finished run as
    failed (pytorch#190489). Collect garbage first, because the runner holds
    the model in a cycle. If the model's reducer is the last to hold the group,
    it waits for these threads with the GIL that they may need (pytorch#56297).
    """
    gc.collect()
    distributed.destroy_process_group()
