"""Names that users write into configs and command lines do not change.

``tests/public_names.json`` lists them. A new name is added there; a name that
is gone breaks somebody's config, script or checkpoint.
"""

import ast
import inspect
import json

import pytest
from mmengine.registry import Registry

from mmdet_msrcnn import registry as registries
from mmdet_msrcnn.models import MaskIoUHead, MasknessHead, MaskScoreHead
from tests.helpers import MS_RCNN, PLUS, ROOT, build_model, small_config

PUBLISHED = json.loads((ROOT / 'tests/public_names.json').read_text())


def own_arguments(cls: type) -> list[str]:
    """Arguments that this package's classes name themselves."""
    names = set()
    for base in cls.__mro__:
        own = base.__module__.startswith('mmdet_msrcnn.')
        if own and '__init__' in vars(base):
            _, *arguments = inspect.signature(base.__init__).parameters
            names |= {*arguments} - {'args', 'kwargs'}
    return sorted(names)


def registered() -> dict[str, list[str]]:
    """Arguments of every registered type, by registry and name."""
    found = {}
    for name, registry in sorted(vars(registries).items()):
        own = isinstance(registry, Registry) and registry.scope
        if own == 'mmdet_msrcnn':
            registry.import_from_location()
            for key, cls in sorted(registry.module_dict.items()):
                found[f'{name}.{key}'] = own_arguments(cls)
    return found


def flags(path) -> list[str]:
    """Arguments that a tool adds to its command line."""
    return sorted(
        name.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, 'attr', '') == 'add_argument'
        for name in node.args
        if isinstance(name, ast.Constant) and isinstance(name.value, str)
    )


def tools() -> dict[str, list[str]]:
    """Arguments of every tool, by its path."""
    return {
        path.relative_to(ROOT).as_posix(): flags(path)
        if path.suffix == '.py'
        else []
        for path in sorted((ROOT / 'tools').rglob('*'))
        if path.suffix in ('.py', '.sh')
    }


def checkpoint_keys() -> dict[str, list[str]]:
    """Parameters of the heads, alone and in a detector."""
    found = {
        cls.__name__: sorted(cls(num_classes=3).state_dict())
        for cls in (MaskIoUHead, MaskScoreHead, MasknessHead)
    }
    for path in (MS_RCNN, PLUS):
        names = build_model(small_config(path)).state_dict()
        found[path.stem] = sorted(n for n in names if 'mask' in n)
    return found


CURRENT = dict(
    registered=registered, tools=tools, checkpoint_keys=checkpoint_keys
)


@pytest.mark.parametrize('kind', CURRENT)
def test_names_are_those_that_are_published(kind):
    assert CURRENT[kind]() == PUBLISHED[kind]
