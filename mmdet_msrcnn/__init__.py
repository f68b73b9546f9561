"""Mask Scoring R-CNN for MMDetection 3.x.

Importing the package checks its dependencies and allows torch to unpickle the
classes of a training checkpoint, so that ``--resume``, mmdet's ``test.py`` and
``init_detector`` work with ``weights_only=True``.
"""

from mmdet_msrcnn.compat.dependencies import check_dependencies

# The others import torch and mmengine.
_base = check_dependencies()

from mmdet_msrcnn.compat.forced_weights_only import (  # noqa: E402
    force_weights_only,
)
from mmdet_msrcnn.compat.pkg_resources_warning import (  # noqa: E402
    ignore_pkg_resources_warning,
)
from mmdet_msrcnn.compat.safe_globals import (  # noqa: E402
    allow_checkpoint_globals,
)
from mmdet_msrcnn.version import __version__  # noqa: E402

ignore_pkg_resources_warning()
if _base == 'onedl':
    force_weights_only()
allow_checkpoint_globals()

__all__ = ['__version__']
