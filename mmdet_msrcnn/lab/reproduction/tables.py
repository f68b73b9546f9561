"""All tables by the names that ``tools/reproduce_tables.py`` takes."""

from mmdet_msrcnn.lab.reproduction.camouflage_tables import CAMOUFLAGE_TABLES
from mmdet_msrcnn.lab.reproduction.extra_tables import ANY_MODEL, EXTRA_TABLES
from mmdet_msrcnn.lab.reproduction.mask_rcnn_tables import MASK_RCNN_TABLES
from mmdet_msrcnn.lab.reproduction.paper_tables import PAPER_TABLES

TABLES = PAPER_TABLES | MASK_RCNN_TABLES | EXTRA_TABLES | CAMOUFLAGE_TABLES
# Tables of a page whose results another tool makes.
OTHER_TABLES = {'any-model': ANY_MODEL}
# Tables of the COCO server, and what its submissions hold.
SUBMISSIONS = {
    'test-dev': 'segm',
    'mask-rcnn-test-dev': 'segm',
    'mask-rcnn-test-dev-boxes': 'bbox',
}
