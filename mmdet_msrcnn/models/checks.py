"""Build-time checks of config values; errors name the value and the fix."""

import inspect
from collections.abc import Collection
from typing import Any

from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.rank_by import RANKINGS


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise a ValueError that names the allowed values.

    Args:
        name (str): The argument, such as ``mask_iou_head.fusion``.
        value (str): The given value.
        choices (Collection[str]): The allowed values.
    """
    if value not in choices:
        raise ValueError(
            f'{name} must be one of {list(choices)}, got {value!r}'
        )


def check_range(
    name: str, value: float, low: float, high: float = float('inf')
) -> None:
    """Raise a ValueError that names the allowed range, [low, high).

    Args:
        name (str): The argument, such as ``mask_iou_head.loss_iou.tau``.
        value (float): The given value.
        low (float): The lowest allowed value.
        high (float): The value must be below it. Defaults to infinity.
    """
    is_number = isinstance(value, int | float)
    if not is_number or not low <= value < high:
        allowed = (
            f'>= {low}' if high == float('inf') else f'in [{low}, {high})'
        )
        raise ValueError(f'{name} must be {allowed}, got {value!r}')


def check_rank_by(name: str, value: str) -> None:
    """Raise a ValueError if detections are ranked by another score.

    Args:
        name (str): The argument, such as ``test_cfg.rcnn.rank_by``.
        value (str): The given value.
    """
    check_choice(name, value, RANKINGS)


def check_share(name: str, value: float) -> None:
    """Raise a ValueError if a value is not in [0, 1].

    Args:
        name (str): The argument, such as ``roi_head.mask_grad``.
        value (float): The given value.
    """
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f'{name} must be in [0, 1], got {value!r}')


def _keywords(cls: type) -> list[str] | None:
    """List the arguments of a class, including those passed by ``**kwargs``.

    Returns:
        list[str] | None: Their names; None if any name may be accepted.
    """
    names: list[str] = []
    for base in cls.__mro__:
        own = vars(base).get('__init__')
        if own is None:
            continue
        _, *parameters = inspect.signature(own).parameters.values()
        any_other = [p for p in parameters if p.kind is p.VAR_KEYWORD]
        named = (p for p in parameters if p.kind is not p.VAR_POSITIONAL)
        names += [p.name for p in named if p not in any_other]
        if not any_other:
            return list(dict.fromkeys(names))
        if not base.__module__.startswith('mmdet_msrcnn.'):
            # A class of another package may read its **kwargs itself.
            return None
    return None


def build(name: str, cfg: dict) -> Any:
    """Build a module from its config, and report unknown keys.

    Args:
        name (str): Its name in the config, such as ``mask_iou_head``.
        cfg (dict): Its config.

    Returns:
        nn.Module: The module.

    Raises:
        TypeError: If ``cfg`` has a key that the class does not accept.
    """
    cls = cfg['type']
    if isinstance(cls, str):
        with MODELS.switch_scope_and_registry(cfg.get('_scope_')) as registry:
            cls = registry.get(cls)
    if inspect.isclass(cls):
        allowed = _keywords(cls)
        known = cfg if allowed is None else allowed
        unknown = sorted(cfg.keys() - {'type', '_scope_', *known})
        if unknown:
            value = f'{unknown[0]}={cfg[unknown[0]]!r}'
            raise TypeError(
                f'{name} does not accept {value}; {cls.__name__} accepts '
                f'{allowed}'
            )
    return MODELS.build(cfg)
