"""Patches with a test each: it fails without the patch, passes with it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mmdet_msrcnn.compat.dependencies import BASES
from mmdet_msrcnn.lab.upstream.commands import TIMED_OUT, last_line, run_python

TABLE = 'patches.yml'
# Exit codes of pytest.
PASSED, FAILED = 0, 1
NAMES = {PASSED: 'passes', FAILED: 'fails', TIMED_OUT: 'times out'}


@dataclass(frozen=True)
class Patch:
    """A patch file and the bases that have its fault."""

    path: Path
    fault: str
    bases: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its folder and file, such as ``mmdet/0001-name.patch``."""
        return f'{self.path.parent.name}/{self.path.name}'

    @property
    def tests(self) -> list[str]:
        """The test files that it adds."""
        text = self.path.read_text('utf-8')
        return re.findall(r'^\+\+\+ b/(tests/\S+\.py)$', text, re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """What the check of a patch found; ``problem`` is empty if all is well."""

    name: str
    fault: str
    base: str
    before: str
    after: str
    problem: str = ''

    def __str__(self) -> str:
        end = f' PROBLEM: {self.problem}' if self.problem else ''
        return (
            f'{self.name} [{self.base}]: {self.before} before, '
            f'{self.after} after. {self.fault}{end}'
        )


def read_patches(folder: Path) -> list[Patch]:
    """Read the table of the patches.

    Args:
        folder (Path): Folder with ``patches.yml`` and the patches.

    Returns:
        list[Patch]: In the order of the table.

    Raises:
        OSError: If a file is missing.
        ValueError: If a row names an unknown base, or its patch has no test.
    """
    if not (folder / TABLE).is_file():
        raise FileNotFoundError(
            f'{folder} has no {TABLE}. Run the tool in a clone of the '
            'repository, which has the patches.'
        )
    rows = yaml.safe_load((folder / TABLE).read_text('utf-8'))
    patches = []
    for row in rows:
        patch = Patch(folder / row['patch'], row['fault'], tuple(row['bases']))
        unknown = sorted({*patch.bases} - {*BASES})
        if unknown:
            raise ValueError(
                f'{TABLE} names the base {unknown[0]!r} for {patch.name}. '
                f'Use {" or ".join(map(repr, BASES))}.'
            )
        if not patch.tests:
            raise ValueError(
                f'{patch.path} adds no test. Add a file tests/.../test_*.py '
                'to the patch.'
            )
        patches.append(patch)
    return patches


def select(patches: Sequence[Patch], paths: Sequence[Path]) -> list[Patch]:
    """Select patches by their files.

    Args:
        patches (Sequence[Patch]): All patches.
        paths (Sequence[Path]): Files; none selects all.

    Returns:
        list[Patch]: The selected ones.

    Raises:
        ValueError: If a file is not one of the patches.
    """
    by_path = {patch.path.resolve(): patch for patch in patches}
    for path in paths:
        if path.resolve() not in by_path:
            raise ValueError(
                f'{path} is not in {TABLE}. Use one of '
                f'{", ".join(patch.name for patch in patches)}.'
            )
    return [by_path[path.resolve()] for path in paths] or [*patches]


def check_patches(
    patches: Sequence[Patch], base: str, sources: Path, folder: Path
) -> Iterator[Finding]:
    """Check each patch on a fresh copy of the sources, then all together.

    Args:
        patches (Sequence[Patch]): The patches.
        base (str): Base of the sources, a key of ``BASES``.
        sources (Path): Folder with the packages; it is not changed.
        folder (Path): Folder for the copies.

    Yields:
        Finding: One for each patch, one for all together.
    """
    for patch in patches:
        yield check_patch(patch, base, copy_of(sources, folder))
    tree = copy_of(sources, folder)
    for patch in patches:
        problem = apply(patch, tree, 'tests')
        if base in patch.bases:
            problem = problem or apply(patch, tree, 'code')
        if problem:
            yield Finding('all', 'All patches.', base, '-', '-', problem)
            return
    tests = [test for patch in patches for test in patch.tests]
    code, problem = run_tests(tree, tests)
    after = NAMES.get(code, 'does not run')
    yield Finding('all', 'All patches together.', base, '-', after, problem)


def check_patch(patch: Patch, base: str, tree: Path) -> Finding:
    """Run the test of a patch without and with it.

    In a base without the fault, the test must pass without the patch.

    Args:
        patch (Patch): The patch.
        base (str): Base of the sources.
        tree (Path): A copy of the sources, which is changed.

    Returns:
        Finding: What the test did.
    """

    def finding(before: str, after: str, problem: str) -> Finding:
        return Finding(patch.name, patch.fault, base, before, after, problem)

    problem = apply(patch, tree, 'tests')
    if problem:
        return finding('-', '-', problem)
    code, output = run_tests(tree, patch.tests)
    before = NAMES.get(code, 'does not run')
    if base not in patch.bases:
        if code != PASSED:
            output += f' Add {base} to its bases in {TABLE}, or correct it.'
        return finding(before, 'not needed', output)
    if code == PASSED:
        problem = (
            'its test passes without the patch. Make it show the fault, or '
            f'take {base} out of its bases in {TABLE}.'
        )
        return finding(before, '-', problem)
    if code != FAILED:
        return finding(before, '-', output)
    problem = apply(patch, tree, 'code')
    if problem:
        return finding(before, '-', problem)
    code, output = run_tests(tree, patch.tests)
    return finding(before, NAMES.get(code, 'does not run'), output)


def copy_of(sources: Path, folder: Path) -> Path:
    """Make a fresh copy of the sources, in place of the last one."""
    tree = folder / 'tree'
    shutil.rmtree(tree, ignore_errors=True)
    return shutil.copytree(sources, tree)


def apply(patch: Patch, tree: Path, part: str) -> str:
    """Apply the tests or the code of a patch.

    Args:
        patch (Patch): The patch.
        tree (Path): Folder with the sources.
        part (str): ``'tests'`` or ``'code'``.

    Returns:
        str: What git says if it fails, else ''.
    """
    option = '--include' if part == 'tests' else '--exclude'
    # Within a repository, git would skip files that are not of it.
    env = {k: v for k, v in os.environ.items() if not k.startswith('GIT_')}
    done = subprocess.run(
        ['git', 'apply', f'{option}=tests/*', str(patch.path.resolve())],
        cwd=tree,
        env=env | dict(GIT_CEILING_DIRECTORIES=str(tree.resolve().parent)),
        capture_output=True,
        text=True,
    )
    if not done.returncode:
        return ''
    return (
        f'{patch.name} does not apply: {last_line(done.stderr)}. Make it '
        'again from the sources of this version.'
    )


def run_tests(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run test files on the packages of a tree.

    Returns:
        tuple[int, str]: Exit code of pytest, and the last line of its output
        if it is not 0.
    """
    options = ['-q', '-p', 'no:cacheprovider', '-c', os.devnull]
    done = run_python(
        ['-m', 'pytest', *options, '--rootdir', str(tree), *tests], tree
    )
    text = last_line(done.stdout + done.stderr)
    return done.returncode, f'pytest: {text}.' if done.returncode else ''
