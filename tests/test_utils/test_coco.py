"""Facts of COCO that several rooms need."""

import numpy as np
from pycocotools.cocoeval import Params

from mmdet_msrcnn.utils.coco import COCO_IOU_THRS, class_names
from tests.test_evaluation.coco_cases import make_coco


def test_thresholds_are_those_of_pycocotools():
    # To the last bit: a mask of IoU 0.95 reaches the last one.
    assert np.array_equal(COCO_IOU_THRS, Params(iouType='segm').iouThrs)


def test_names_are_in_the_order_of_the_labels():
    """A label is the index of the category among those of the file."""
    coco = make_coco([], 1, 3)
    ids = coco.getCatIds()
    assert ids == [30, 20, 10]
    names = class_names(coco.dataset)
    assert names == ('class2', 'class1', 'class0')
    assert names == tuple(coco.cats[i]['name'] for i in ids)
    assert class_names(dict(categories=[])) == ()
