"""Reading of config files."""

import os

from mmengine.config import Config
from mmengine.hub import get_config


def read_config(path: str | os.PathLike) -> Config:
    """Read a config file.

    Args:
        path (str or PathLike): A file, or the name of one in an installed
            package, such as 'mmdet::htc/htc_r50_fpn_1x_coco.py'.

    Returns:
        :obj:`Config`: The config.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if '::' in str(path):
        return get_config(str(path))
    return Config.fromfile(path)
