"""What a feature cache is valid for."""

import copy
import functools
import hashlib
import json
import operator
from pathlib import Path

import mmcv
import mmdet
import numpy as np
import torch
from mmengine.dataset import BaseDataset

from mmdet_msrcnn.models.detectors.frozen_detector import FrozenDetector
from mmdet_msrcnn.utils.configs import model_config
from mmdet_msrcnn.utils.data_sets import inner_data_sets
from mmdet_msrcnn.version import __version__

# Settings of a scorer that do not decide what is stored.
LAYERS_AND_LOSSES = (
    'num_convs',
    'num_fcs',
    'conv_out_channels',
    'fc_out_channels',
    'fusion',
    'loss_iou',
    'loss_score',
    'num_relations',
    'num_neighbors',
    'relation_channels',
    'init_cfg',
)


def weights_hash(model: FrozenDetector) -> str:
    """Hash the weights of a detector without its scorer.

    Args:
        model (FrozenDetector): The frozen detector.

    Returns:
        str: SHA-256 of the names and values.
    """
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        if not name.startswith(f'{model.scorer_name}.'):
            digest.update(f'{name} {tuple(value.shape)}'.encode())
            values = value.detach().cpu().contiguous().view(-1)
            digest.update(values.view(torch.uint8).numpy())
    return digest.hexdigest()


# Settings of a RoI head that matter only while its detector is trained.
JOINT = ('roi_feat_grad', 'mask_grad')


def model_settings(cfg: dict, scorer_name: str, needs_all_masks: bool) -> dict:
    """Select the settings of a model that decide what is stored.

    Args:
        cfg (dict): Config of the frozen detector.
        scorer_name (str): Name of its scorer in the config.
        needs_all_masks (bool): Whether the scorer reads every class's mask.

    Returns:
        dict: The config without the layers and losses of the scorer, which do
        not matter.
    """
    cfg = copy.deepcopy(dict(cfg))
    *path, name = scorer_name.split('.')
    scorer = functools.reduce(operator.getitem, path, cfg).pop(name)
    # mmdet copies train_cfg and test_cfg of the detector into its heads.
    for head in ('rpn_head', 'roi_head'):
        for key in ('train_cfg', 'test_cfg', *JOINT):
            cfg.get(head, {}).pop(key, None)
    if 'detector' in cfg:
        cfg['detector'] = model_config(cfg['detector'])
    kept = {k: v for k, v in scorer.items() if k not in LAYERS_AND_LOSSES}
    return dict(cfg, scorer=dict(kept, all_masks=needs_all_masks))


def images_hash(dataset: BaseDataset) -> str:
    """Hash the names and sizes of the image files of a data set.

    Args:
        dataset (BaseDataset): Images, in order.

    Returns:
        str: SHA-256.
    """
    digest = hashlib.sha256()
    for index in range(len(dataset)):
        path = Path(dataset.get_data_info(index)['img_path'])
        size = path.stat().st_size if path.is_file() else -1
        digest.update(f'{path.name} {size}\n'.encode())
    return digest.hexdigest()


def annotation_hashes(dataset: dict) -> list[str]:
    """Hash the annotation files of a data set.

    Args:
        dataset (dict): Config of the data set.

    Returns:
        list[str]: SHA-256 of each file.
    """
    paths = (
        Path(inner.get('data_root') or '', inner['ann_file'])
        for inner in inner_data_sets(dataset)
    )
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def versions() -> dict[str, str]:
    """Return the versions of the packages that compute what is stored."""
    return dict(
        mmdet_msrcnn=__version__,
        mmdet=mmdet.__version__,
        mmcv=mmcv.__version__,
    )


def plain(settings: dict) -> dict:
    """Convert settings to what JSON gives back."""

    def default(value: object) -> object:
        return value.tolist() if isinstance(value, np.ndarray) else str(value)

    return json.loads(json.dumps(settings, default=default))
