"""Use of an annotation file in a run, and errors that do not matter then."""

from collections.abc import Iterable
from typing import NamedTuple

from mmdet_msrcnn.datasets.findings import Finding

# Kinds of findings whose annotations mmdet and pycocotools leave out.
LEFT_OUT = {'unknown image', 'unknown category'}
# Kinds that mmdet's training leaves out in addition.
UNTRAINED = {'no box', 'no area', 'box outside', 'ignore flag'}
# Defects that matter only if the mask is read.
OF_MASKS = {
    'no segmentation',
    'segmentation',
    'empty segmentation',
    'nested or text',
    'short polygon',
    'size of run lengths',
    'run lengths',
    'empty mask',
}
# Defects for which LoadAnnotations ignores the instance.
IGNORED = {'short polygon'}


class Use(NamedTuple):
    """Use of an annotation file in a run.

    Attributes:
        classes (tuple[str] | None): Names of the classes; None for all.
        trained (bool): Whether mmdet trains on the file. If not, it is
            evaluated, which tolerates fewer errors.
        masks (bool): Whether masks are read.
        polygons_only (bool): Whether the pipeline ignores run lengths.
    """

    classes: tuple[str, ...] | None = None
    trained: bool = False
    masks: bool = True
    polygons_only: bool = False

    def has(self, category: dict | None) -> bool:
        """Return whether a category is used."""
        if category is None or self.classes is None:
            return True
        return category.get('name') in self.classes


STRICT = Use()


def forgive(
    findings: Iterable[Finding], ann: dict, category: dict | None, use: Use
) -> list[Finding]:
    """Turn errors of an annotation that do not matter here into warnings.

    Args:
        findings (Iterable[Finding]): Findings of one annotation.
        ann (dict): The annotation.
        category (dict, optional): Its category.
        use (Use): How the file is used.

    Returns:
        list[Finding]: The findings, some with a lower level.
    """
    findings = list(findings)
    kinds = {f.kind for f in findings if f.level == 'warning'}
    left_out = bool(kinds & LEFT_OUT) or not use.has(category)
    if use.trained:
        # Training ignores crowds, but reads their masks.
        left_out |= bool(kinds & UNTRAINED)
    forgiven: set[str] = set()
    if left_out:
        forgiven |= OF_MASKS
    elif use.trained:
        forgiven |= IGNORED
    return [
        f._replace(level='warning') if f.kind in forgiven else f
        for f in findings
    ]
