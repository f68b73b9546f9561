"""Break the package on purpose and check that a test fails.

``python tests/mutations.py [NAME ...]`` applies each mutation in
``tests/mutation_tables`` to a temporary copy of the repository and runs the
nearest tests there. ``--list`` lists the mutations. The exit status is 1 if a
mutation survives, or no longer applies.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.mutation_tables import TABLES  # noqa: E402

FAILED_TEST = re.compile(r'^(?:FAILED|ERROR) (\S+)', re.MULTILINE)


class Mutation(NamedTuple):
    """One mutation of the code.

    Attributes:
        name (str): Name on the command line.
        file (str): File in the package.
        old (str): Text that occurs once in the file.
        new (str): Text to replace it.
        tests (tuple[str]): Nearest tests.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def read_tables() -> dict[str, Mutation]:
    """Read all mutations by name.

    Raises:
        ValueError: If two mutations have the same name.
    """
    mutations = {}
    for table in TABLES:
        for file, tests, rows in table:
            for name, old, new in rows:
                if name in mutations:
                    raise ValueError(f'Two mutations are named {name!r}.')
                paths = tuple(f'tests/{test}.py' for test in tests.split())
                file_path = f'mmdet_msrcnn/{file}'
                mutations[name] = Mutation(name, file_path, old, new, paths)
    return mutations


def mutate(source: str, mutation: Mutation) -> str:
    """Apply a mutation to the text of its file.

    Args:
        source (str): Text of the file.
        mutation (Mutation): The mutation.

    Returns:
        str: The changed text, which compiles.

    Raises:
        ValueError: If the old text does not occur exactly once.
    """
    count = source.count(mutation.old)
    if count != 1:
        raise ValueError(
            f'The old text occurs {count} times in {mutation.file}, not once. '
            'Adapt the mutation to the code.'
        )
    changed = source.replace(mutation.old, mutation.new)
    compile(changed, mutation.file, 'exec')
    return changed


def copy_repository(folder: Path) -> None:
    """Copy the files that git tracks or would add.

    Args:
        folder (Path): Folder to copy to.
    """
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '-co', '--exclude-standard'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split('\0')):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def failed_test(
    folder: Path, tests: tuple[str, ...], limit: float | None = None
) -> str | None:
    """Run tests until one fails.

    Args:
        folder (Path): Copy of the repository.
        tests (tuple[str]): Test files.
        limit (float, optional): Time limit in seconds.

    Returns:
        str | None: The test that fails; None if all pass.

    Raises:
        RuntimeError: If pytest cannot run the tests.
    """
    # Otherwise the bytecode of an unchanged file could be reused.
    env = dict(os.environ, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE='1')
    command = [sys.executable, '-m', 'pytest', '-x', '-q']
    process = subprocess.Popen(
        [*command, '-p', 'no:cacheprovider', *tests],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        return f'the limit of {limit:.0f} s'
    finally:
        if process.poll() is None:
            # Also ends the processes that pytest started.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode == 0:
        return None
    found = FAILED_TEST.search(output)
    if process.returncode != 1 or found is None:
        raise RuntimeError(
            f'pytest ended with status {process.returncode}:\n{output[-2000:]}'
        )
    return found[1]


def run(names: list[str]) -> int:
    """Run mutations and print the result of each.

    Args:
        names (list[str]): Mutations to run; all if empty.

    Returns:
        int: Number of mutations that were not killed.
    """
    mutations = read_tables()
    chosen = [mutations[name] for name in names or mutations]
    alive = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        copy_repository(folder)

        @cache
        def before(tests: tuple[str, ...]) -> tuple[str | None, float]:
            start = time.monotonic()
            return failed_test(folder, tests), time.monotonic() - start

        for mutation in chosen:
            wrong, seconds = before(mutation.tests)
            path = folder / mutation.file
            source = path.read_text()
            try:
                if wrong:
                    raise RuntimeError(f'{wrong} fails without the mutation')
                path.write_text(mutate(source, mutation))
                # Without a limit, ranks could wait for each other forever.
                limit = 60 + 2 * seconds
                test = failed_test(folder, mutation.tests, limit)
                result = f'killed by {test}' if test else 'SURVIVED'
            except (RuntimeError, SyntaxError, ValueError) as error:
                test, result = None, f'NOT RUN: {error}'
            finally:
                path.write_text(source)
            alive += test is None
            print(f'{mutation.name}: {result}', flush=True)
    print(f'{len(chosen) - alive} of {len(chosen)} mutations were killed.')
    return alive


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='*', metavar='NAME')
    parser.add_argument('--list', action='store_true')
    args = parser.parse_args()
    mutations = read_tables()
    if args.list:
        for mutation in mutations.values():
            print(f'{mutation.name}: {mutation.file}')
        return 0
    unknown = sorted(set(args.names) - mutations.keys())
    if unknown:
        parser.error(f'unknown mutation {unknown[0]!r}; see --list')
    return int(run(args.names) > 0)


if __name__ == '__main__':
    sys.exit(main())
