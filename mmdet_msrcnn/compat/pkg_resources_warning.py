"""A warning that users can do nothing about.

mmengine 0.10.7 imports ``pkg_resources`` anew for each config with a base in
mmdet, and setuptools below 81, which it needs, warns each time
(https://github.com/open-mmlab/mmcv/issues/3325). Can go when mmengine reads
versions in another way.
"""

import warnings


def ignore_pkg_resources_warning() -> None:
    """Leave out this one warning."""
    warnings.filterwarnings(
        'ignore', 'pkg_resources is deprecated', category=UserWarning
    )
