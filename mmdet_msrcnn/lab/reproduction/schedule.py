"""The runs that a table needs, in order."""

import copy
import time
from pathlib import Path

from mmdet_msrcnn.lab.reproduction.head_cache import use_cache
from mmdet_msrcnn.lab.reproduction.paper import Table
from mmdet_msrcnn.lab.reproduction.protocols import Protocol
from mmdet_msrcnn.lab.reproduction.runs import (
    Run,
    execute,
    write_submission,
)


def runs_of(
    variant: str,
    protocol: Protocol,
    folder: Path,
    seeds: int,
    detector_seed: int = 0,
) -> list[Run]:
    """List the runs of a variant, each with the run that it starts from.

    Args:
        variant (str): The model.
        protocol (Protocol): One of ``PROTOCOLS``, already built.
        folder (Path): Folder of the protocol's runs.
        seeds (int): Number of runs, with seeds from 0. There is only one run
            of the shared detector, and one of a variant without training.
        detector_seed (int): Seed of the shared detector. Defaults to 0.

    Returns:
        list[Run]: The runs; empty if the protocol lacks the variant.
    """
    recipe = protocol.recipe(variant)
    if recipe is None:
        return []
    is_shared = variant == protocol.detector and protocol.detector_is_shared
    start = None
    if recipe.starts_from_detector:
        (start,) = runs_of(
            protocol.detector, protocol, folder, 1, detector_seed
        )
    elif recipe.start is not None:
        (start,) = runs_of(recipe.start, protocol, folder, 1)
    own_seeds = range(1 if recipe.train is None else seeds)
    runs = []
    for seed in [detector_seed] if is_shared else own_seeds:
        train = copy.deepcopy(recipe.train)
        if train is not None:
            train.randomness = dict(seed=seed)
            if start is not None:
                train.load_from = str(start.checkpoint)
                if recipe.cache is not None:
                    cache = start.folder / 'feature_cache' / recipe.cache
                    use_cache(train, cache)
        run_folder = folder / variant / f'seed{seed}'
        own = recipe._replace(train=train)
        runs.append(Run(variant, seed, run_folder, own, start))
    return runs


def runs_of_table(
    table: Table,
    row: str | None,
    protocol: Protocol,
    folder: Path,
    seeds: int,
    detector_seed: int = 0,
) -> list[Run]:
    """List the runs of a table, without duplicates.

    Args:
        table (Table): The table.
        row (str, optional): Variant of the only row to run. None for all.
        protocol (Protocol): See :func:`runs_of`.
        folder (Path): See there.
        seeds (int): See there.
        detector_seed (int): See there.

    Returns:
        list[Run]: In order; one that others start from comes first.
    """
    runs: dict[Path, Run] = {}
    for variant in table.variants:
        if row not in (None, variant):
            continue
        for run in runs_of(variant, protocol, folder, seeds, detector_seed):
            for needed in (run.start, run):
                if needed is not None:
                    runs.setdefault(needed.folder, needed)
    return list(runs.values())


def run_all(
    runs: list[Run], tools: Path, gpus: int, submit: str | None = None
) -> dict[str, str]:
    """Execute runs and print progress.

    Args:
        runs (list[Run]): In order; one that others start from comes first.
        tools (Path): Folder of ``train.py`` and ``test.py``.
        gpus (int): Processes to train with.
        submit (str, optional): Write submissions to test-dev, of masks
            ('segm') or boxes ('bbox'). Defaults to None.

    Returns:
        dict[str, str]: Reason of failure by variant.
    """
    todo = [run for run in runs if submit or not run.is_complete]
    failures: dict[str, str] = {}
    times: list[float] = []
    for i, run in enumerate(runs):
        name = f'[{i + 1}/{len(runs)}] {run.variant}, seed {run.seed}'
        eta = ''
        if run not in todo:
            name += ', complete'
        elif times:
            left = len(todo) - todo.index(run)
            eta = f', {left * sum(times) / len(times) / 60:.0f} min left'
        print(f'{name}: {run.folder}{eta}', flush=True)
        start = time.monotonic()
        try:
            execute(run, tools, gpus)
            if submit:
                path = write_submission(run, tools, gpus, submit)
                print(f'  submission for the COCO server: {path}')
        except Exception as error:
            # The other rows continue after any error.
            reason = f'{type(error).__name__}: {error}'
            failures[run.variant] = reason
            print(f'  {reason}, see {run.folder}/*.log')
        else:
            if run in todo:
                times.append(time.monotonic() - start)
    return failures
