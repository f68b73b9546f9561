"""Mask Scoring R-CNN for MMDetection 3.x.

Importing the package checks its dependencies and allows torch to unpickle the
classes of a training checkpoint, so that ``--resume``, mmdet's ``test.py`` and
``init_detector`` work with ``weights_only=True``.
"""

from mmdet_msrcnn.compat.dependencies import check_dependencies
from mmdet_msrcnn.compat.pkg_resources_warning import (
    ignore_pkg_resources_warning,
)
from mmdet_msrcnn.compat.safe_globals import allow_checkpoint_globals
from mmdet_msrcnn.version import __version__

ignore_pkg_resources_warning()
check_dependencies()
allow_checkpoint_globals()

__all__ = ['__version__']
