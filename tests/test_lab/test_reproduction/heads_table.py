"""A small table and results of its rows."""

from mmdet_msrcnn.lab.reproduction import Row, Table
from mmdet_msrcnn.lab.reproduction.paper import Column

TABLE = Table(
    'Heads',
    (
        Column('mask AP', 'mask', 'mAP'),
        Column('Pearson r', 'statistics', 'pearson', 1, 3),
    ),
    (
        Row('Mask R-CNN', 'mask-rcnn', (27.7, None)),
        Row('MS R-CNN', 'ms-rcnn', (29.3, 0.74)),
        Row('other', 'other', (None, None)),
    ),
)


def result(ap: float, variant: str = 'ms-rcnn', **statistics) -> dict:
    return dict(
        variant=variant,
        seed=0,
        metrics=dict(mask=dict(mAP=ap), statistics=statistics),
    )
