"""Checkpoints at URLs, read without executing code in them.

mmengine loads ``http://`` and ``torchvision://`` addresses with torch's hub,
which unpickles them without ``weights_only``
(https://github.com/pytorch/pytorch/blob/v2.13.0/torch/hub.py). Can go when
mmengine or torch's hub passes ``weights_only=True``.
"""

import os


def force_weights_only() -> None:
    """Make this process read all checkpoints with ``weights_only=True``.

    Only our command-line tools call this: a library must not decide it for
    others.
    """
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'
