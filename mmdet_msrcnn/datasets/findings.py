"""What a check of annotation files finds, and how it is said."""

from collections.abc import Iterable
from typing import NamedTuple

LEVELS = ('error', 'warning', 'note')
# Examples of each kind that are named.
EXAMPLES = 3


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        level (str): ``error`` (training or evaluation would fail or be
            wrong), ``warning`` (odd, or left out of training) or ``note``
            (repaired).
        kind (str): What it is, such as ``short polygon``.
        where (str): File, annotation or image.
        what (str): The value, and what is expected.
    """

    level: str
    kind: str
    where: str
    what: str


def of_level(findings: Iterable[Finding], level: str) -> list[Finding]:
    """Choose the findings of a level."""
    return [finding for finding in findings if finding.level == level]


def lines_of(findings: Iterable[Finding]) -> list[str]:
    """Write findings, a few examples of each kind and their number.

    Args:
        findings (Iterable[Finding]): What was found.

    Returns:
        list[str]: Lines, errors first.
    """
    kinds = {}
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
