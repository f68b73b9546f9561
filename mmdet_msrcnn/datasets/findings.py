"""Findings of a check of annotation files, and their text."""

from collections.abc import Iterable
from typing import NamedTuple

LEVELS = ('error', 'warning', 'note')
# Number of examples that are listed for each kind.
EXAMPLES = 3


class Finding(NamedTuple):
    """One problem of an annotation file.

    Attributes:
        level (str): ``error`` (training or evaluation would fail or be
            wrong), ``warning`` (unusual, or left out of training) or ``note``
            (repaired).
        kind (str): Kind of problem, such as ``short polygon``.
        where (str): File, annotation or image.
        what (str): The value and the expected value.
    """

    level: str
    kind: str
    where: str
    what: str


def of_level(findings: Iterable[Finding], level: str) -> list[Finding]:
    """Select the findings of a level."""
    return [finding for finding in findings if finding.level == level]


def lines_of(findings: Iterable[Finding]) -> list[str]:
    """Format findings: each kind, its number and a few examples.

    Args:
        findings (Iterable[Finding]): The findings.

    Returns:
        list[str]: Lines, errors first.
    """
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.level, finding.kind), []).append(finding)
    lines = []
    for level in LEVELS:
        for (own, kind), found in kinds.items():
            if own != level:
                continue
            lines.append(f'{level}: {kind} ({len(found)})')
            lines += [f'  {f.where}: {f.what}' for f in found[:EXAMPLES]]
            if len(found) > EXAMPLES:
                lines.append(f'  ... and {len(found) - EXAMPLES} more')
    return lines
