"""Published figures of other systems."""

from mmdet_msrcnn.lab.reproduction import other_systems
from mmdet_msrcnn.lab.reproduction.paper import Row

# Number of systems, and of figures of each.
SHAPES = dict(
    MASKS=(3, 6),
    ORIGINAL_MASK_RCNN=(3, 6),
    MASKLAB=(3, 6),
    BOXES=(4, 3),
    CITYSCAPES=(5, 11),
)


def test_rows_are_whole_and_are_never_trained():
    for name, (rows, columns) in SHAPES.items():
        found = getattr(other_systems, name)
        assert [len(row.paper) for row in found] == [columns] * rows
        assert {row.variant for row in found} == {None}
        assert all(row.source.startswith('https://') for row in found)


def test_quoted_by_hand():
    (row,) = other_systems.quoted('https://a', {'MNC': (24.6, None)})
    assert row == Row('MNC', None, (24.6, None), 'https://a')
