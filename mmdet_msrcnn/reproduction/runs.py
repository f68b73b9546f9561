"""Training and evaluating one model, with everything kept in one JSON."""

import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.bootstrap import resample_images
from mmdet_msrcnn.evaluation.functional import RANKINGS
from mmdet_msrcnn.evaluation.ranked_coco_eval import silence
from mmdet_msrcnn.evaluation.report import Evaluation, evaluate
from mmdet_msrcnn.reproduction.protocols import Recipe
from mmdet_msrcnn.utils.environment import environment
from mmdet_msrcnn.utils.flops import head_gmacs
from mmdet_msrcnn.utils.io import write_json
from mmdet_msrcnn.visualization.report_folder import write_report

NUM_RESAMPLES = 200
STATISTICS = ('pearson', 'spearman', 'mae', 'share')
# The ranking that a method is judged by: its mask score if it has one.
METHODS = [r for r in RANKINGS if r != 'oracle'][::-1]


@dataclass(frozen=True)
class Run:
    """One model of one protocol, trained with one seed.

    Attributes:
        variant (str): The model.
        seed (int): Seed of the training.
        folder (Path): Where all of it goes.
        recipe (Recipe): What is trained and tested.
        start (Run | None): Run whose model it starts from.
    """

    variant: str
    seed: int
    folder: Path
    recipe: Recipe
    start: 'Run | None' = None

    @property
    def result(self) -> Path:
        """The JSON with the result, there once the run is complete."""
        return self.folder / 'result.json'

    @property
    def checkpoint(self) -> Path:
        """The trained model."""
        if self.recipe.train is None:
            return self.start.checkpoint
        epochs = self.recipe.train.train_cfg.max_epochs
        return self.folder / 'train' / f'epoch_{epochs}.pth'

    def latest(self) -> Path | None:
        """The last checkpoint that was written to its end."""
        found = sorted(
            (self.folder / 'train').glob('epoch_*.pth'),
            key=lambda path: int(path.stem.removeprefix('epoch_')),
            reverse=True,
        )
        # An interrupted file lacks the directory at the end of the archive.
        return next((path for path in found if zipfile.is_zipfile(path)), None)


def execute(run: Run, tools: Path, gpus: int = 1) -> None:
    """Train, test and evaluate what is not there yet.

    An interrupted training goes on after its last whole epoch.

    Args:
        run (Run): The run.
        tools (Path): Folder of ``train.py`` and ``test.py``.
        gpus (int): Processes to train and test with. Defaults to 1.

    Raises:
        RuntimeError: If training or test fails; says with what, the output
            is in ``train.log`` or ``test.log`` of the run's folder.
        ValueError: If the model detects nothing.
    """
    if run.result.is_file():
        return
    run.folder.mkdir(parents=True, exist_ok=True)
    if run.recipe.train is not None and run.latest() != run.checkpoint:
        config = run.folder / 'train.py'
        run.recipe.train.dump(config)
        started = run.latest()
        resume = ['--resume', started] if started else []
        _run(run, tools, 'train', [config], gpus, resume)
    config = run.folder / 'test.py'
    run.recipe.test.dump(config)
    prefix = run.folder / 'results'
    _run(
        run,
        tools,
        'test',
        [config, run.checkpoint],
        gpus,
        ['--cfg-options', f'test_evaluator.outfile_prefix={prefix}'],
    )
    evaluation = _evaluate(run)
    write_json(run.result, _collect(run, evaluation))


def write_submission(run: Run, tools: Path, gpus: int = 1) -> Path:
    """Write what the COCO server expects of a trained model on test-dev.

    Args:
        run (Run): A complete run of the COCO protocol.
        tools (Path): See :func:`execute`.
        gpus (int): See there.

    Returns:
        Path: The masks, with mask scores as scores where there are any.
    """
    name = f'detections_test-dev2017_{run.variant}_results.json'
    path = run.folder / name
    if path.is_file():
        return path
    prefix = run.folder / 'test-dev'
    data = run.recipe.test.data_root
    ann_file = 'annotations/image_info_test-dev2017.json'
    options = {
        'test_dataloader.dataset.ann_file': ann_file,
        'test_dataloader.dataset.data_prefix.img': 'test2017/',
        'test_evaluator.ann_file': f'{data}{ann_file}',
        'test_evaluator.format_only': True,
        'test_evaluator.outfile_prefix': prefix,
    }
    pairs = [f'{key}={value}' for key, value in options.items()]
    inputs = [run.folder / 'test.py', run.checkpoint]
    _run(run, tools, 'test', inputs, gpus, ['--cfg-options', *pairs])
    detections = json.loads(Path(f'{prefix}.segm.json').read_text())
    for det in detections:
        # The area of a mask would be taken from its box.
        del det['bbox']
    write_json(path, detections)
    return path


def _run(
    run: Run, tools: Path, step: str, inputs: list, gpus: int, options: list
) -> None:
    """Run ``train.py`` or ``test.py``, over several GPUs if there are."""
    options = ['--work-dir', run.folder / step, *options]
    if gpus > 1:
        script = tools / f'dist_{step}.sh'
        command = ['bash', script, *inputs, gpus, *options]
    else:
        command = [sys.executable, tools / f'{step}.py', *inputs, *options]
    log = run.folder / f'{step}.log'
    with open(log, 'a') as output:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PYTHON=sys.executable),
        )
    if done.returncode:
        lines = log.read_text(errors='replace').strip().splitlines()
        raise RuntimeError(f'{step} failed: {(lines or ["no output"])[-1]}')


def _evaluate(run: Run) -> Evaluation:
    """Evaluate the results of the test, with a report for people."""
    path = run.folder / 'results.mask_scores.json'
    results = json.loads(path.read_text())
    detections = results.pop('detections')
    if not detections:
        raise ValueError('the model detects nothing')
    with silence():
        coco = COCO(run.recipe.test.test_evaluator.ann_file)
    # The same resamples for every run.
    samples = resample_images(len(results['img_ids']), NUM_RESAMPLES)
    evaluation = evaluate(coco, detections, results, samples)
    dataset = run.recipe.test.test_dataloader.dataset
    write_report(
        run.folder / 'report',
        coco,
        {f'{run.variant}, seed {run.seed}': evaluation},
        Path(dataset.data_root, dataset.data_prefix.img),
    )
    return evaluation


def _collect(run: Run, evaluation: Evaluation) -> dict:
    """Put what is known of a finished run together."""
    row, metrics = evaluation.row, dict(evaluation.row['breakdown'])
    method = next(ranking for ranking in METHODS if ranking in metrics)
    metrics['mask'] = metrics[method]
    metrics['statistics'] = {key: row[key] for key in STATISTICS if key in row}
    metrics['run'] = dict(
        seconds_per_image=_seconds_per_image(run),
        **head_gmacs(run.recipe.test.model.roi_head),
    )
    return dict(
        variant=run.variant,
        seed=run.seed,
        metrics=metrics,
        mask_ap_resampled=[
            round(sample[method], 6) for sample in evaluation.resamples
        ],
        max_dets=evaluation.coco_eval.params.maxDets[-1],
        detections=row['detections'],
        environment=environment(),
        log=_log(run),
        config=(run.recipe.train or run.recipe.test).pretty_text,
        finished=time.strftime('%Y-%m-%d'),
    )


def _seconds_per_image(run: Run) -> float:
    """Time of the network in the last test, without loading the data."""
    logs = sorted((run.folder / 'test').glob('*/[0-9]*.json'))
    values = json.loads(logs[-1].read_text())
    return values['time'] - values['data_time']


def _log(run: Run) -> dict[int, dict]:
    """The last line that each epoch of the training logged."""
    epochs = {}
    logs = (run.folder / 'train').glob('*/vis_data/scalars.json')
    for path in sorted(logs):
        for line in path.read_text().splitlines():
            values = json.loads(line)
            if 'loss' in values:
                epochs[values['epoch']] = values
    return epochs
