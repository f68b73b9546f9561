"""Processes of torchrun on a machine without a GPU.

mmengine 0.10.7 calls ``torch.cuda.set_device`` unless it finds a process
group, and passes ``device_ids`` to the model wrapper unless the config does
(https://github.com/open-mmlab/mmengine/blob/v0.10.7/mmengine/dist/utils.py).
Both fail without a GPU. Can go when mmengine chooses gloo itself.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed


@contextmanager
def gloo_processes() -> Iterator[None]:
    """Let the processes of torchrun meet over gloo if there is no GPU.

    The block runs one of mmdet's scripts, whose command line gets the options
    that mmengine needs.
    """
    launched = {'pytorch', '--launcher=pytorch'} & set(sys.argv)
    if 'RANK' not in os.environ or not launched or torch.cuda.is_available():
        yield
        return
    distributed.init_process_group('gloo')
    # mmengine's defaults, except for the devices.
    sys.argv += [
        '--cfg-options',
        'model_wrapper_cfg.type=MMDistributedDataParallel',
        'model_wrapper_cfg.device_ids=None',
        'model_wrapper_cfg.broadcast_buffers=False',
    ]
    yield
    _leave()


def _leave() -> None:
    """End gloo's threads while Python is still running.

    Later they may abort the process, and torchrun reports a finished run as
    failed (pytorch#190489). Collect garbage first, because the runner holds
    the model in a cycle. If the model's reducer is the last to hold the group,
    it waits for these threads with the GIL that they may need (pytorch#56297).
    """
    gc.collect()
    distributed.destroy_process_group()
