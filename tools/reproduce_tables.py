"""Reproduce the tables of the Mask Scoring R-CNN paper.

    python tools/reproduce_tables.py --list
    python tools/reproduce_tables.py --table fusion --protocol demo

Trains and evaluates what is missing for a table, in order. Writes the results
to OUT_DIR/PROTOCOL/TABLE.{md,csv,json}, with the paper's figures under the
protocol coco (cod10k for the table camouflage). After an interruption, the
same command continues after the last complete epoch. A row that fails is
marked with the reason, and the other rows continue.

The tables of test-dev also write the submissions for the COCO server.

Protocols: coco is the paper's recipe (8 GPUs: --gpus 8), cod10k the same on
COD10K. The others are the same heads at small scale, each on top of one frozen
Mask R-CNN: on photos (animals, car-parts), on microscopy (nuclei), and on
generated digits (demo) and camouflaged objects (camouflage).
"""

import argparse
import functools
import json
import os
from dataclasses import asdict
from pathlib import Path

from mmdet_msrcnn.lab.reproduction import (
    PROTOCOLS,
    TABLES,
    fill_page,
    fill_table,
    table_of,
    to_csv,
    to_markdown,
)
from mmdet_msrcnn.lab.reproduction.data import check_data
from mmdet_msrcnn.lab.reproduction.schedule import run_all, runs_of_table
from mmdet_msrcnn.lab.reproduction.tables import SUBMISSIONS
from mmdet_msrcnn.utils.io import write_json, write_text

ROOT = Path(__file__).parents[1]
CONFIGS, TOOLS = ROOT / 'configs', ROOT / 'tools'
PAGES = tuple(
    ROOT / f'docs/{name}.md'
    for name in (
        'reproduction',
        'better_score',
        'photos',
        'isolation',
        'any_model',
        'camouflage',
    )
)


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('--list', action='store_true', help='list the tables')
    what.add_argument('--table', choices=list(TABLES))
    what.add_argument(
        '--write-docs',
        action='store_true',
        help='write the tables of the docs from docs/results',
    )
    parser.add_argument(
        '--row', help='one row of the table: its variant as shown by --list'
    )
    parser.add_argument(
        '--protocol', choices=list(PROTOCOLS), default='coco', help='see above'
    )
    parser.add_argument(
        '--seeds', type=int, default=1, help='number of trainings per row'
    )
    parser.add_argument(
        '--detector-seed',
        type=int,
        default=0,
        help='seed of the frozen detector; another one than 0 has a folder of '
        'its own',
    )
    parser.add_argument('--gpus', type=int, default=1)
    parser.add_argument(
        '--out-dir', type=Path, default=Path('work_dirs/reproduction')
    )
    args = parser.parse_args()
    if min(args.seeds, args.gpus) < 1:
        parser.error('--seeds and --gpus must be at least 1')
    if args.detector_seed < 0:
        parser.error('--detector-seed must be at least 0')
    if args.row is not None:
        table = args.table and table_of(args.table, args.protocol)
        variants = table.variants if table else []
        if args.row not in variants:
            parser.error(f'--row must be one of {variants} of --table')
    return args


def runs_folder(args: argparse.Namespace) -> Path:
    """Return the folder of a protocol's runs."""
    seed = args.detector_seed
    name = args.protocol + (f'_detector{seed}' if seed else '')
    return args.out_dir / name


def print_list(args: argparse.Namespace) -> None:
    """Print all tables, and the config, state and command of each row."""
    protocol = PROTOCOLS[args.protocol](CONFIGS)
    folder = runs_folder(args)
    recipe_of = functools.cache(protocol.recipe)
    gpus = ' --gpus 8' if args.protocol in ('coco', 'cod10k') else ''
    for name in TABLES:
        table = table_of(name, args.protocol)
        command = (
            f'python tools/reproduce_tables.py --table {name} '
            f'--protocol {args.protocol}{gpus} --out-dir {args.out_dir}'
        )
        print(f'{name}: {table.title}')
        for row in table.rows:
            if row.variant is None:
                print(f'  {row.label}: published figures, {row.source}')
                continue
            recipe = recipe_of(row.variant)
            if recipe is None:
                print(f'  {row.label}: not in the protocol {args.protocol}')
                continue
            found = list(folder.glob(f'{row.variant}/seed*/result.json'))
            path = os.path.relpath(recipe.source)
            if recipe.head:
                path += f' with the head of {os.path.relpath(recipe.head)}'
            print(f'  {row.label}: {path}, results: {len(found)}')
            print(f'    {command} --row {row.variant}')
        if any(recipe_of(variant) for variant in table.variants):
            print(f'  all: {command}')
        elif not table.rows:
            print(f'  not in the protocol {args.protocol}')


def main() -> None:
    """Run the command."""
    args = parse_args()
    if args.list:
        print_list(args)
        return
    if args.write_docs:
        for page in PAGES:
            text = fill_page(page.read_text('utf-8'), ROOT / 'docs/results')
            write_text(page, text)
        return
    protocol = PROTOCOLS[args.protocol](CONFIGS)
    table = table_of(args.table, args.protocol)
    folder = runs_folder(args)
    runs = runs_of_table(
        table, args.row, protocol, folder, args.seeds, args.detector_seed
    )
    if not runs:
        raise SystemExit(
            f'No row of the table {args.table} is in the protocol '
            f'{args.protocol}. See --list --protocol {args.protocol}.'
        )
    submit = SUBMISSIONS.get(args.table)
    todo = [run.recipe for run in runs if submit or not run.is_complete]
    try:
        check_data(todo)
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from None
    failures = run_all(runs, TOOLS, args.gpus, submit)
    # Include results of seeds beyond --seeds.
    results = {
        variant: [
            json.loads(path.read_text())
            for path in sorted(folder.glob(f'{variant}/seed*/result.json'))
        ]
        for variant in table.variants
    }
    rows = fill_table(table, results, failures)
    text = to_markdown(table, rows)
    write_text(folder / f'{args.table}.md', text)
    write_text(folder / f'{args.table}.csv', to_csv(rows))
    write_json(folder / f'{args.table}.json', list(map(asdict, rows)))
    print(text)
    if failures:
        raise SystemExit(f'{len(failures)} rows failed')


if __name__ == '__main__':
    main()
