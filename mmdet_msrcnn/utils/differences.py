"""Comparison of nested settings."""


def first_difference(old: object, new: object, key: str = '') -> str:
    """Describe the first difference of two nested dicts.

    Args:
        old (object): Dict or value.
        new (object): Dict or value.
        key (str): Dotted name of both. Defaults to ''.

    Returns:
        str: ``KEY was OLD and is NEW``; empty if they are equal.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        found = (
            first_difference(
                old.get(name), new.get(name), f'{key}.{name}'.lstrip('.')
            )
            for name in sorted(old.keys() | new.keys())
        )
        return next(filter(None, found), '')
    return '' if old == new else f'{key} was {old!r} and is {new!r}'
