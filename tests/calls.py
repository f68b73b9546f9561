"""Records of which methods run."""

import pytest


def record_calls(
    monkeypatch: pytest.MonkeyPatch, *methods: tuple[object, str]
) -> list[str]:
    """Make methods, given as (owner, name), add their name to a list."""
    called: list[str] = []

    def record(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def recorded(*args, **kwargs):
            called.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, recorded)

    for owner, name in methods:
        record(owner, name)
    return called
