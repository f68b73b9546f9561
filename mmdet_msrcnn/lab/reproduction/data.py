"""Data sets of the protocols: check for them, and say how to get them."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.protocols import Recipe
from mmdet_msrcnn.utils.data_sets import inner_data_set

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# Commands that make the data set of a root folder.
COMMANDS = {
    'data/digits': 'python tools/datasets/make_digits.py data/digits',
    'data/camouflage': (
        'python tools/datasets/make_camouflage.py data/camouflage, and '
        'convert_camouflage.py for both splits (docs/camouflage.md)'
    ),
    'data/COD10K-v3': (
        'python tools/datasets/convert_camouflage.py with --pattern '
        "'COD10K-CAM-*' for both splits (docs/camouflage.md)"
    ),
    'data/nuclei': (
        'python tools/datasets/convert_nuclei.py stage1_train data/nuclei '
        '(docs/nuclei.md says where to get stage1_train)'
    ),
    'data/animals': (
        'python tools/datasets/convert_photos.py animals CLONE data/animals '
        '(docs/photos.md says where to get CLONE)'
    ),
    'data/car-parts': (
        'python tools/datasets/convert_photos.py car-parts CLONE '
        'data/car-parts (docs/photos.md says where to get CLONE)'
    ),
    'data/weights': (
        'python tools/datasets/convert_efficientnet_lite.py '
        'data/weights/efficientnet-lite0.pth (docs/photos.md)'
    ),
    'data/cityscapes': (
        'python tools/dataset_converters/cityscapes.py data/cityscapes '
        '--out-dir data/cityscapes/annotations (a script of mmdet)'
    ),
    'data/coco': (
        'python tools/misc/download_dataset.py --dataset-name coco2017 '
        '--save-dir data/coco --unzip (a script of mmdet)'
    ),
}


def annotation_files(cfg: Config) -> list[Path]:
    """List the annotation files of a config.

    Args:
        cfg (Config): Config to train or test.

    Returns:
        list[Path]: The files in order, without duplicates.
    """
    datasets = (inner_data_set(cfg[name].dataset) for name in LOADERS)
    return list(
        dict.fromkeys(
            Path(dataset.get('data_root') or '', dataset['ann_file'])
            for dataset in datasets
        )
    )


def backbone_weights(cfg: Config) -> list[Path]:
    """List the local file that a config's backbone starts from, if any."""
    init = cfg.model.backbone.get('init_cfg') or {}
    path = init.get('checkpoint', '') if isinstance(init, dict) else ''
    return [Path(path)] if path and '://' not in path else []


def check_data(recipes: Sequence[Recipe]) -> None:
    """Check that the data sets and the weights of backbones exist.

    Args:
        recipes (Sequence[Recipe]): Recipes to run.

    Raises:
        FileNotFoundError: If files are missing. The message names them and
            the command that makes them.
    """
    configs = [cfg for r in recipes for cfg in (r.train, r.test) if cfg]
    files = [f for cfg in configs for f in annotation_files(cfg)]
    files += [f for r in recipes if r.train for f in backbone_weights(r.train)]
    missing = [path for path in dict.fromkeys(files) if not path.is_file()]
    if not missing:
        return
    commands = {
        command
        for root, command in COMMANDS.items()
        for path in missing
        if path.is_relative_to(root)
    }
    remedy = '; '.join(sorted(commands)) or 'see data_root in the config'
    raise FileNotFoundError(
        f'Missing files: {", ".join(map(str, missing))}. To get them: '
        f'{remedy}. Nothing was started.'
    )
