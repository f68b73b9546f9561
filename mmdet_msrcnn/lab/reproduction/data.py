"""Data sets of the protocols: whether they are there, and how to get them."""

from collections.abc import Iterable
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.protocols import Recipe
from mmdet_msrcnn.utils.data_sets import inner_data_set

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# What makes the data set of a root folder.
COMMANDS = {
    'data/digits': 'python tools/datasets/make_digits.py data/digits',
    'data/nuclei': (
        'python tools/datasets/convert_nuclei.py stage1_train data/nuclei '
        '(docs/nuclei.md says where stage1_train is)'
    ),
    'data/coco': (
        'python tools/misc/download_dataset.py --dataset-name coco2017 '
        '--save-dir data/coco --unzip, a script of mmdet'
    ),
}


def annotation_files(cfg: Config) -> list[Path]:
    """List the annotation files of a config.

    Args:
        cfg (Config): What is trained or tested.

    Returns:
        list[Path]: In order, each once.
    """
    datasets = (inner_data_set(cfg[name].dataset) for name in LOADERS)
    return list(
        dict.fromkeys(
            Path(dataset.get('data_root') or '', dataset.ann_file)
            for dataset in datasets
        )
    )


def check_data(recipes: Iterable[Recipe]) -> None:
    """Refuse to begin where a data set is missing.

    Args:
        recipes (Iterable[Recipe]): What will be trained and tested.

    Raises:
        FileNotFoundError: If an annotation file is missing; names the files,
            and the command that makes them.
    """
    configs = [cfg for r in recipes for cfg in (r.train, r.test) if cfg]
    files = dict.fromkeys(f for cfg in configs for f in annotation_files(cfg))
    missing = [path for path in files if not path.is_file()]
    if not missing:
        return
    commands = {
        command
        for root, command in COMMANDS.items()
        for path in missing
        if path.is_relative_to(root)
    }
    remedy = '; '.join(sorted(commands)) or 'see data_root of the config'
    raise FileNotFoundError(
        f'Missing: {", ".join(map(str, missing))}. To make it: {remedy}. '
        'Nothing was started.'
    )
