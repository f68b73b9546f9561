"""Filter of a warning that users cannot fix.

mmengine 0.10.7 imports ``pkg_resources`` again for each config with a base in
mmdet, and setuptools below 81, which mmengine needs, warns each time
(https://github.com/open-mmlab/mmcv/issues/3325). This file can go when
mmengine reads versions in another way.
"""

import warnings


def ignore_pkg_resources_warning() -> None:
    """Ignore this warning."""
    warnings.filterwarnings(
        'ignore', 'pkg_resources is deprecated', category=UserWarning
    )
