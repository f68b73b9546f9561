"""A small package, and patches for it."""

from difflib import unified_diff
from pathlib import Path

from mmdet_msrcnn.lab.upstream.patches import Patch

CODE = 'def double(number):\n    return number + 1\n'
FIXED = CODE.replace('+ 1', '* 2')
TEST = """
from lib import double


def test_double():
    assert double(3) == 6
""".lstrip()


def write_package(
    folder: Path, name: str = 'lib', code: str = CODE, version: str = '7'
) -> Path:
    """Write a package with one module."""
    package = folder / name
    package.mkdir(parents=True)
    (package / '__init__.py').write_text(code)
    (package / 'version.py').write_text(f"__version__ = '{version}'\n")
    return folder


def diff(path: str, old: str, new: str) -> str:
    """Make the part of a patch that changes a file, or adds it."""
    lines = unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f'a/{path}' if old else '/dev/null',
        f'b/{path}',
    )
    mode = '' if old else 'new file mode 100644\n'
    return f'diff --git a/{path} b/{path}\n{mode}{"".join(lines)}'


def write_patch(
    folder: Path,
    name: str = '0001-double',
    old: str = CODE,
    new: str = FIXED,
    test: str = TEST,
    bases: tuple[str, ...] = ('openmmlab',),
) -> Patch:
    """Write a patch with its test."""
    folder = folder / 'lib-patches'
    folder.mkdir(exist_ok=True)
    path = folder / f'{name}.patch'
    number = name[:4]
    text = diff('lib/__init__.py', old, new)
    if test:
        text += diff(f'tests/test_lib/test_{number}.py', '', test)
    path.write_text(text)
    return Patch(path, 'double adds one.', bases)
