"""Training and evaluation of one model, with all results in one JSON."""

import copy
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.box_results import (
    collect_boxes,
    predicts_masks,
)
from mmdet_msrcnn.lab.reproduction.protocols import Recipe
from mmdet_msrcnn.lab.reproduction.results import collect, evaluate_run
from mmdet_msrcnn.lab.reproduction.steps import run_step
from mmdet_msrcnn.utils.configs import main_metric
from mmdet_msrcnn.utils.differences import first_difference
from mmdet_msrcnn.utils.io import write_json
from mmdet_msrcnn.utils.locks import locked

# Keys of a config that decide the result.
DECISIVE = (
    'model',
    'train_dataloader',
    'optim_wrapper',
    'param_scheduler',
    'train_cfg.max_epochs',
    'load_from',
    'randomness',
)


@dataclass(frozen=True)
class Run:
    """One model of one protocol, trained with one seed.

    Attributes:
        variant (str): The model.
        seed (int): Seed of the training.
        folder (Path): Folder of all outputs.
        recipe (Recipe): Recipe to train and test.
        start (Run | None): Run whose model the training starts from.
    """

    variant: str
    seed: int
    folder: Path
    recipe: Recipe
    start: 'Run | None' = None

    @property
    def result(self) -> Path:
        """Path of the JSON with the result, written at the end of the run."""
        return self.folder / 'result.json'

    @property
    def has_masks(self) -> bool:
        """Whether the model predicts masks, not only boxes."""
        return predicts_masks(self.recipe.test)

    @property
    def detections(self) -> Path:
        """Path of the JSON with the detections, written by the test."""
        kind = 'mask_scores' if self.has_masks else 'bbox'
        return self.folder / f'results.{kind}.json'

    @property
    def is_complete(self) -> bool:
        """Whether result and report exist; boxes alone have no report."""
        report = self.folder / 'report/report.md'
        is_reported = not self.has_masks or report.is_file()
        return self.result.is_file() and is_reported

    @property
    def checkpoint(self) -> Path:
        """Path of the trained model."""
        if self.recipe.train is None:
            assert self.start is not None  # a recipe without training
            return self.start.checkpoint
        epochs = self.recipe.train.train_cfg.max_epochs
        return self.folder / 'train' / f'epoch_{epochs}.pth'

    def latest(self) -> Path | None:
        """Find the last checkpoint that was written completely."""
        found = sorted(
            (self.folder / 'train').glob('epoch_*.pth'),
            key=lambda path: int(path.stem.removeprefix('epoch_')),
            reverse=True,
        )
        # An incomplete file lacks the directory at the end of the archive.
        return next((path for path in found if zipfile.is_zipfile(path)), None)


def execute(run: Run, tools: Path, gpus: int = 1) -> None:
    """Train, test and evaluate what is missing.

    An interrupted training continues after its last complete epoch.

    Args:
        run (Run): The run.
        tools (Path): Folder of ``train.py`` and ``test.py``.
        gpus (int): Processes to train and test with. Defaults to 1.

    Raises:
        RuntimeError: If training or test fails (the output is in
            ``train.log`` or ``test.log`` of the run's folder), if the model
            that it starts from is missing, or if another process works in
            the folder.
        ValueError: If the folder contains a run of another config, or the
            model detects nothing.
    """
    check_unchanged(run)
    if run.is_complete:
        return
    if run.start is not None and not run.start.checkpoint.is_file():
        raise RuntimeError(
            f'{run.start.variant}, which the training starts from, has no '
            f'checkpoint {run.start.checkpoint}'
        )
    run.folder.mkdir(parents=True, exist_ok=True)
    with locked(run.folder) as lock:
        _train(run, tools, gpus, lock)
        _test(run, tools, gpus, lock)
        result = _evaluate(run)
        if not run.result.is_file():
            own = dict(variant=run.variant, seed=run.seed, gpus=gpus)
            write_json(run.result, own | result)


def _evaluate(run: Run) -> dict:
    """Evaluate a tested run, write its report and collect its results."""
    test = run.recipe.test
    config = run.recipe.train or test
    if not run.has_masks:
        return collect_boxes(run.folder, test, config)
    name = f'{run.variant}, seed {run.seed}'
    evaluation = evaluate_run(run.folder, name, test)
    return collect(run.folder, evaluation, test, config)


def _train(run: Run, tools: Path, gpus: int, lock: int) -> None:
    started = run.latest()
    if run.recipe.train is None or started == run.checkpoint:
        return
    config = run.folder / 'train.py'
    run.recipe.train.dump(config)
    # Scales the learning rate to the batch size of all GPUs.
    options: list = ['--auto-scale-lr']
    if started:
        options += ['--resume', started]
    run_step(run.folder, tools, 'train', [config], gpus, options, lock)


def _test(run: Run, tools: Path, gpus: int, lock: int) -> None:
    prefix = run.folder / 'results'
    made = run.checkpoint.stat().st_mtime
    found = run.detections
    if found.is_file() and found.stat().st_mtime > made:
        return
    config = run.folder / 'test.py'
    # In the file, because mmengine removes spaces from options.
    test = copy.deepcopy(run.recipe.test)
    main_metric(test.test_evaluator).outfile_prefix = str(prefix)
    test.dump(config)
    inputs = [config, run.checkpoint]
    run_step(run.folder, tools, 'test', inputs, gpus, [], lock)


def check_unchanged(run: Run) -> None:
    """Check that a folder does not contain a run of another config.

    Args:
        run (Run): The run.

    Raises:
        ValueError: If it does. The message names the first difference.
    """
    path = run.folder / 'train.py'
    if run.recipe.train is None or not path.is_file():
        return
    new, old = run.recipe.train, Config.fromfile(path)
    for key in DECISIVE:
        differing = first_difference(_get(old, key), _get(new, key), key)
        if differing:
            raise ValueError(
                f'{run.folder} contains a run with another config: '
                f'{differing}. Delete the folder, or use another --out-dir.'
            )


def _get(cfg: Config, key: str) -> object:
    for part in key.split('.'):
        cfg = (cfg or {}).get(part)
    return cfg


def write_submission(
    run: Run, tools: Path, gpus: int = 1, kind: str = 'segm'
) -> Path:
    """Write the test-dev submission of a trained model for the COCO server.

    Args:
        run (Run): A complete run of the COCO protocol.
        tools (Path): See :func:`execute`.
        gpus (int): See :func:`execute`.
        kind (str): 'segm' for masks or 'bbox' for boxes. Defaults to 'segm'.

    Returns:
        Path: JSON of the detections. Mask scores are the scores of masks if
        the model has them.
    """
    boxes = '-boxes' if kind == 'bbox' else ''
    name = f'detections_test-dev2017_{run.variant}{boxes}_results.json'
    path = run.folder / name
    if path.is_file():
        return path
    prefix = run.folder / 'test-dev'
    data = run.recipe.test.data_root
    ann_file = 'annotations/image_info_test-dev2017.json'
    test = copy.deepcopy(run.recipe.test)
    test.merge_from_dict(
        {
            'test_dataloader.dataset.ann_file': ann_file,
            'test_dataloader.dataset.data_prefix.img': 'test2017/',
            'test_evaluator.ann_file': f'{data}{ann_file}',
            'test_evaluator.format_only': True,
            'test_evaluator.outfile_prefix': str(prefix),
        }
    )
    config = run.folder / 'test-dev.py'
    test.dump(config)
    inputs = [config, run.checkpoint]
    with locked(run.folder) as lock:
        run_step(run.folder, tools, 'test', inputs, gpus, [], lock)
    detections = json.loads(Path(f'{prefix}.{kind}.json').read_text())
    if kind == 'segm':
        for det in detections:
            # The area would be computed from the box, not the mask.
            del det['bbox']
    write_json(path, detections)
    return path
