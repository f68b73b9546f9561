"""Reading of config files."""

import os
from pathlib import Path

from mmdet.utils import ConfigType
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


def main_metric(evaluator: ConfigType | list[ConfigType]) -> ConfigType:
    """Return the metric of a config that has the results of the masks.

    Args:
        evaluator (:obj:`ConfigDict` or list): ``test_evaluator`` of a config.

    Returns:
        :obj:`ConfigDict`: The metric, or the first of several.
    """
    return evaluator[0] if isinstance(evaluator, list | tuple) else evaluator


def without_pretrained(cfg: ConfigType) -> ConfigType:
    """Copy a config without pretrained weights, which a checkpoint replaces.

    Args:
        cfg (:obj:`ConfigDict` or dict): Config of a model or a part of it.

    Returns:
        :obj:`ConfigDict` or dict: ``init_cfg`` is None instead of
        'Pretrained'.
    """
    if isinstance(cfg, dict):
        if cfg.get('type') == 'Pretrained':
            return None
        return type(cfg)({k: without_pretrained(v) for k, v in cfg.items()})
    if isinstance(cfg, list | tuple):
        values = [without_pretrained(value) for value in cfg]
        # Initializations can be a list.
        kept = [
            value
            for value, old in zip(values, cfg, strict=True)
            if value is not None or old is None
        ]
        return type(cfg)(kept)
    return cfg


def model_config(detector: ConfigType | str | Path) -> ConfigType:
    """Return the config of a model, or read it from a config file.

    Args:
        detector (:obj:`ConfigDict` or dict or str or Path): Config of the
            model, or a config file, such as
            'mmdet::htc/htc_r50_fpn_1x_coco.py'.

    Returns:
        :obj:`ConfigDict` or dict: Config of the model, without pretrained
        weights.
    """
    if isinstance(detector, str | Path):
        detector = read_config(detector).model
    return without_pretrained(detector)
