"""The tree explains itself, and imports between its rooms go down."""

import ast
import re
from pathlib import Path

import pytest

from tests.helpers import ROOT

PACKAGE = ROOT / 'mmdet_msrcnn'
MODULES = {
    '.'.join(
        ('mmdet_msrcnn', *path.relative_to(PACKAGE).with_suffix('').parts)
    ): path
    for path in sorted(PACKAGE.rglob('[a-z]*.py'))
    if '.mim' not in path.relative_to(PACKAGE).parts
}
# From the top; a room imports rooms below it, and itself.
FLOORS = (
    {'lab'},
    {'analysis', 'apis', 'export', 'feature_cache', 'hooks', 'optimizers'},
    {'checkpoints', 'evaluation', 'visualization'},
    {'datasets', 'models'},
    {'compat'},
    {'registry', 'utils', 'version'},
)
MODEL_FLOORS = (
    {'detectors', 'test_time_augs'},
    {'roi_heads'},
    {'mask_heads'},
    {'backbones', 'losses', 'roi_extractors', 'targets'},
    {'checks'},
)
MAX_LINES = 250
# What it links to, and when it can go.
LINK, END = 'https://', 'an go when'


def rooms_of(module: str) -> tuple[str, str]:
    """The room of a module, and its room within that."""
    _, *parts = module.split('.')
    return (*parts, '', '')[:2]


def imports(path: Path) -> set[str]:
    """Modules of the package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith('mmdet_msrcnn.')}


def floor_of(room: str, floors: tuple[set[str], ...]) -> int:
    (floor,) = [i for i, rooms in enumerate(floors) if room in rooms]
    return floor


@pytest.mark.parametrize('module', MODULES)
def test_imports_go_down(module):
    own, inner = rooms_of(module)
    for name in imports(MODULES[module]):
        other, other_inner = rooms_of(name)
        if own and other != own:
            assert floor_of(other, FLOORS) > floor_of(own, FLOORS), name
        elif own == 'models' and inner and other_inner != inner:
            floors = (
                floor_of(room, MODEL_FLOORS) for room in (other_inner, inner)
            )
            assert int.__gt__(*floors), name


@pytest.mark.parametrize('module', MODULES)
def test_a_file_is_one_idea(module):
    assert len(MODULES[module].read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    'module', [m for m in MODULES if m.startswith('mmdet_msrcnn.compat.')]
)
def test_a_work_around_says_why_it_is_there_and_when_it_can_go(module):
    text = ast.get_docstring(ast.parse(MODULES[module].read_text()))
    assert LINK in text
    assert END in ' '.join(text.split())


def test_places_of_the_architecture_exist():
    text = (ROOT / 'docs/architecture.md').read_text()
    places = set(re.findall(r'`([\w/*]+(?:\.py|/))`', text))
    assert len(places) > 20
    missing = [
        place
        for place in sorted(places)
        if not [*ROOT.glob(place), *PACKAGE.glob(place)]
    ]
    assert not missing


@pytest.mark.parametrize('module', MODULES)
def test_tests_mirror_the_package(module):
    _, *rooms, name = module.split('.')
    folders = (f'test_{room}' for room in rooms)
    assert ROOT.joinpath('tests', *folders, f'test_{name}.py').is_file()


def modules_to_move() -> set[str]:
    """Modules that docs/upstream.md lists; a file without a folder is in the
    folder of the last one."""
    text = (ROOT / 'docs/upstream.md').read_text()
    _, part = text.split('## Move the whole package')
    modules = set()
    for cell in re.findall(r'^\| (.*?) \|', part, re.MULTILINE):
        folder = Path()
        for name in re.findall(r'`([\w/]+)\.py`', cell):
            path = Path(name) if '/' in name else folder / name
            folder = path.parent
            modules.add('.'.join(('mmdet_msrcnn', *path.parts)))
    return modules


def imported_modules(path: Path) -> set[str]:
    """Modules that a file imports, also by ``from package import module``."""
    found = imports(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found & {*MODULES}


def test_the_page_lists_all_modules_to_move():
    listed = modules_to_move()
    assert len(listed) > 40
    assert listed <= {*MODULES}
    needed = {
        name for module in listed for name in imported_modules(MODULES[module])
    }
    assert not needed - listed
