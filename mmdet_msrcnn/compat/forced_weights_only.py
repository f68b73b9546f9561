"""Checkpoints, read without executing code in them.

- mmengine loads ``http://`` and ``torchvision://`` addresses with torch's hub,
  which unpickles them without ``weights_only``:
  https://github.com/pytorch/pytorch/blob/v2.13.0/torch/hub.py
- onedl-mmengine 0.10.12 loads a file that ``weights_only=True`` refuses again
  with ``False`` (``_safe_torch_load``):
  https://github.com/VBTI-development/onedl-mmengine/blob/main/mmengine/runner/checkpoint.py

Can go when all of them pass ``weights_only=True`` and nothing else.
"""

import os


def force_weights_only() -> None:
    """Make this process read all checkpoints with ``weights_only=True``.

    Only our command-line tools call this: a library must not decide it for
    others. The exception is the base of OneDL, because with OpenMMLab's a
    library is protected by torch's default.
    ``TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD`` is taken away: where both are set,
    torch loads nothing.
    """
    os.environ.pop('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', None)
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'
