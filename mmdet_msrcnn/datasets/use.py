"""What a run does with an annotation file, and what that forgives."""

from collections.abc import Iterable
from typing import NamedTuple

from mmdet_msrcnn.datasets.findings import Finding

# What mmdet and pycocotools leave out, by the kind of its finding.
LEFT_OUT = {'unknown image', 'unknown category'}
# What mmdet's training leaves out in addition.
UNTRAINED = {'no box', 'no area', 'box outside', 'ignore flag'}
# Defects that matter only where the mask is read.
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
# Of these, LoadAnnotations ignores the instance.
IGNORED = {'empty segmentation', 'short polygon'}


class Use(NamedTuple):
    """What a run does with an annotation file.

    Attributes:
        classes (tuple[str] | None): Names of the classes; None for all.
        trained (bool): Whether mmdet trains on it. It is evaluated
            otherwise, which forgives less.
        masks (bool): Whether masks are read.
        polygons_only (bool): Whether the pipeline ignores run lengths.
    """

    classes: tuple[str, ...] | None = None
    trained: bool = False
    masks: bool = True
    polygons_only: bool = False

    def has(self, category: dict | None) -> bool:
        """Whether a category is used."""
        if category is None or self.classes is None:
            return True
        return category.get('name') in self.classes


STRICT = Use()


def forgive(
    findings: Iterable[Finding], ann: dict, category: dict | None, use: Use
) -> list[Finding]:
    """Take errors of an annotation that this use does not meet for warnings.

    Args:
        findings (Iterable[Finding]): Of one annotation.
        ann (dict): The annotation.
        category (dict, optional): Its category.
        use (Use): What is done with the file.

    Returns:
        list[Finding]: The findings, some of a lower level.
    """
    findings = list(findings)
    kinds = {f.kind for f in findings if f.level == 'warning'}
    left_out = kinds & LEFT_OUT or not use.has(category)
    if use.trained:
        left_out = left_out or kinds & UNTRAINED or ann.get('iscrowd')
    forgiven = set()
    if left_out:
        forgiven |= OF_MASKS
    elif use.trained:
        forgiven |= IGNORED
    return [
        f._replace(level='warning') if f.kind in forgiven else f
        for f in findings
    ]
