"""Training, test and report of a mask score for any model."""

import copy
import json
import shutil
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.feature_cache.views import views_of
from mmdet_msrcnn.lab.reproduction.protocols import Recipe
from mmdet_msrcnn.lab.reproduction.runs import (
    Run,
    check_unchanged,
    execute,
)

RANKINGS = {
    'class_score': "the model's own score",
    'mask_score': 'mask score',
    'oracle': 'oracle',
}


def score_any(cfg: Config, folder: Path, tools: Path) -> str:
    """Train, test and report, or do what is missing.

    Args:
        cfg (:obj:`Config`): From :func:`mask_scored_config`.
        folder (Path): Folder of all outputs.
        tools (Path): Folder of ``train.py`` and ``test.py``.

    Returns:
        str: A summary to print.

    Raises:
        RuntimeError: See :func:`execute`.
        ValueError: See :func:`execute`.
    """
    if 'Cached' in cfg.train_cfg.type:
        try:
            views_of(cfg.train_dataloader.dataset)
        except ValueError as error:
            raise ValueError(
                f'{error} tools/score_any.py does so with --cache-gb 0.'
            ) from error
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / 'config.py'
    seed = cfg.randomness.seed
    train = copy.deepcopy(cfg)
    # The test follows the training at once.
    train.val_cfg = train.val_dataloader = train.val_evaluator = None
    run = Run(folder.name, seed, folder, Recipe(config, train, cfg))
    check_unchanged(run)
    cfg.dump(config)
    execute(run, tools)
    shutil.copyfile(run.checkpoint, folder / 'model.pth')
    return summary(json.loads(run.result.read_text()), folder)


def summary(result: dict, folder: Path) -> str:
    """Say what the mask score gains.

    Args:
        result (dict): Content of ``result.json``.
        folder (Path): Folder of the outputs.

    Returns:
        str: One line for each ranking, and where the report is.
    """
    metrics = result['metrics']
    lines = [
        f'mask AP by {name}: {100 * metrics[ranking]["mAP"]:.1f}'
        for ranking, name in RANKINGS.items()
    ]
    share = metrics['statistics'].get('share')
    if share is not None:
        lines.append(f'share of the possible gain: {100 * share:.0f} %')
    return '\n'.join([*lines, f'Report: {folder / "report/report.md"}'])
