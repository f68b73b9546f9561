"""Whole files, and the order of their categories."""

from mmdet_msrcnn.datasets.check_file import check_order, check_polygons_only
from tests.test_datasets.files import content, rle


def test_order_of_categories():
    fine = content()
    assert check_order(fine, ('apple', 'pear')) == []
    # A class that is not trained.
    assert check_order(fine, ('pear',)) == []
    (finding,) = check_order(fine, ('pear', 'apple'))
    assert "which is ['apple', 'pear'], got ['pear', 'apple']" in finding.what
    (finding,) = check_order(fine, ('apple', 'plum'))
    assert "no category ['plum']" in finding.what


def test_a_file_without_the_last_class():
    fine = content()
    fine['categories'].pop()
    fine['annotations'] = []
    (finding,) = check_order(fine, ('apple', 'pear'))
    assert finding.level == 'warning'
    assert "no category ['pear']" in finding.what
    # Its labels would be those of other classes.
    (finding,) = check_order(fine, ('pear', 'apple'))
    assert finding.level == 'error'


def test_run_lengths_where_polygons_are_needed():
    mixed = content()
    assert check_polygons_only(mixed) == []
    mixed['annotations'][0].update(segmentation=rle())
    mixed['annotations'][1].update(segmentation=rle(), iscrowd=1)
    (finding,) = check_polygons_only(mixed)
    assert finding.where == "annotation 1 of image '1.png' (id 1)"
    assert 'poly2mask=False' in finding.what
