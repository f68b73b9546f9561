"""Never fall back to unpickling that runs code.

onedl-mmengine 0.10.12 loads a checkpoint with ``weights_only=True`` and, if
that fails, again with ``weights_only=False``, which runs what the file says:
``_safe_torch_load`` of
https://github.com/VBTI-development/onedl-mmengine/blob/main/mmengine/runner/checkpoint.py
torch has a variable that keeps ``True``. Can go when the fallback goes.
"""

import os

FORCE = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
# With both, torch refuses to load anything.
OPPOSITE = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'


def force_weights_only() -> None:
    """Make torch load no file of this process with ``weights_only=False``.

    A user who sets one of torch's two variables keeps it.
    """
    if OPPOSITE not in os.environ:
        os.environ.setdefault(FORCE, '1')
