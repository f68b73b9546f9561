"""Tables of the Mask Scoring R-CNN paper, row by row.

The figures are from the paper (https://arxiv.org/abs/1903.00241), AP in
percent. The figure of the mask-only fusion is from the author
(https://github.com/zjhuang22/maskscoring_rcnn/issues/10).
"""

from mmdet_msrcnn.lab.reproduction import other_systems
from mmdet_msrcnn.lab.reproduction.paper import Column, Row, Table
from mmdet_msrcnn.lab.reproduction.protocols import (
    DETECTOR,
    MASKNESS,
    MMDET_TARGET,
    MS_RCNN,
)

MASK = (
    Column('mask AP', 'mask', 'mAP'),
    Column('mask AP50', 'mask', 'mAP_50'),
    Column('mask AP75', 'mask', 'mAP_75'),
)
BOX = (
    Column('box AP', 'box', 'mAP'),
    Column('box AP50', 'box', 'mAP_50'),
    Column('box AP75', 'box', 'mAP_75'),
)
RANKED = (
    Column('mask AP by class score', 'class_score', 'mAP'),
    Column('by mask score', 'mask_score', 'mAP'),
    Column('by the starred row', 'starred', 'mAP'),
    Column('by oracle', 'oracle', 'mAP'),
)
SHARE = Column('share of the gain, %', 'statistics', 'share')
CORRELATION = (
    Column('Pearson r', 'statistics', 'pearson', 1, 3),
    Column('MAE', 'statistics', 'mae', 1, 3),
)
TEST_DEV = tuple(
    Column(f'mask {name}', 'test-dev', name)
    for name in ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl')
)
UNKNOWN = (None, None, None)
DCN = 'ms-rcnn_r101-dconv-c3-c5_fpn'


def pair(
    label: str,
    name: str,
    mask_rcnn: tuple[float | None, ...],
    ms_rcnn: tuple[float | None, ...],
) -> tuple[Row, Row]:
    """Make the rows of Mask R-CNN and MS R-CNN with the same backbone."""
    return (
        Row(f'Mask R-CNN, {label}', f'mask-rcnn_{name}', mask_rcnn),
        Row(f'MS R-CNN, {label}', f'ms-rcnn_{name}', ms_rcnn),
    )


R101_FPN = (
    (36.6, 58.6, 39.0, 41.3, 61.7, 45.9),
    (38.2, 58.4, 41.5, 41.4, 61.8, 46.3),
)
PAPER_TABLES = {
    'backbones': Table(
        'Backbones',
        MASK + BOX,
        (
            *pair(
                'R-18 FPN (C4, C5)',
                'r18_fpn-c4c5',
                (27.7, 46.9, 29.0, 31.2, 50.4, 33.2),
                (29.3, 46.9, 31.3, 31.5, 50.8, 33.5),
            ),
            *pair('R-18 FPN', 'r18_fpn', UNKNOWN * 2, UNKNOWN * 2),
            *pair(
                'R-50 FPN',
                'r50_fpn',
                (34.5, 55.8, 36.7, 38.6, 59.2, 42.5),
                (36.0, 55.8, 38.8, 38.6, 59.2, 42.5),
            ),
            *pair('R-101 FPN', 'r101_fpn', *R101_FPN),
        ),
    ),
    'frameworks': Table(
        'Frameworks, R-101',
        MASK + BOX,
        (
            *pair(
                'C4',
                'r101-c4',
                (33.9, 53.9, 36.2, 38.6, 57.3, 42.8),
                (35.0, 54.0, 37.7, 38.7, 57.4, 43.0),
            ),
            *pair('FPN', 'r101_fpn', *R101_FPN),
            *pair(
                'DCN + FPN',
                'r101-dconv-c3-c5_fpn',
                (37.7, 60.3, 40.0, 42.9, 63.4, 47.8),
                (39.1, 60.0, 42.4, 43.1, 63.5, 47.7),
            ),
        ),
    ),
    'test-dev': Table(
        'COCO 2017 test-dev, R-101',
        TEST_DEV,
        (
            *other_systems.MASKS,
            *other_systems.ORIGINAL_MASK_RCNN,
            *other_systems.MASKLAB,
            *pair(
                'C4',
                'r101-c4',
                (34.3, 55.0, 36.6, 13.2, 36.4, 52.2),
                (35.4, 54.9, 38.1, 13.7, 37.6, 53.3),
            ),
            *pair(
                'FPN',
                'r101_fpn',
                (37.0, 59.2, 39.5, 17.1, 39.3, 52.9),
                (38.3, 58.8, 41.5, 17.8, 40.4, 54.4),
            ),
            *pair(
                'DCN + FPN',
                'r101-dconv-c3-c5_fpn',
                (38.4, 61.2, 41.2, 18.0, 40.5, 55.2),
                (39.6, 60.7, 43.1, 18.8, 41.5, 56.2),
            ),
        ),
    ),
    'fusion': Table(
        'Fusion of mask and RoI feature, R-18 FPN',
        MASK,
        (
            Row('Mask R-CNN', DETECTOR, (27.7, 46.9, 29.0)),
            Row('Mask R-CNN, maskness', MASKNESS, UNKNOWN),
            Row('(a) target mask + RoI', MS_RCNN, (29.3, 46.9, 31.3)),
            Row(
                '(b) target mask x RoI',
                f'{MS_RCNN}_fusion-multiply',
                (29.1, 46.6, 30.9),
            ),
            Row(
                '(c) all masks + RoI',
                f'{MS_RCNN}_fusion-all-masks',
                (29.1, 46.6, 30.8),
            ),
            Row(
                '(d) target mask + 28x28 RoI',
                f'{MS_RCNN}_fusion-hr-roi',
                (29.1, 46.7, 31.1),
            ),
            Row(
                'target mask only',
                f'{MS_RCNN}_fusion-mask-only',
                (28.2, None, None),
            ),
        ),
        MS_RCNN,
    ),
    'tau': Table(
        'Training proposals: target above tau, R-18 FPN',
        MASK,
        (
            Row('tau 0', MS_RCNN, (29.3, 46.9, 31.3)),
            Row('tau 0.3', f'{MS_RCNN}_tau-0.3', (29.2, 46.6, 31.1)),
            Row('tau 0.5', f'{MS_RCNN}_tau-0.5', (29.0, 46.5, 30.9)),
            Row('tau 0.7', f'{MS_RCNN}_tau-0.7', (28.8, 46.9, 30.5)),
        ),
        MS_RCNN,
    ),
    'target': Table(
        'Classes trained per proposal, R-18 FPN',
        MASK,
        (
            Row('the true class', MS_RCNN, (29.3, 46.9, 31.3)),
            Row(
                'all; target of others is 0', f'{MS_RCNN}_target-all', UNKNOWN
            ),
            Row('present, own IoU', f'{MS_RCNN}_target-present', UNKNOWN),
            Row("the true class, mmdet's IoU", MMDET_TARGET, UNKNOWN),
        ),
        MS_RCNN,
    ),
    'upper-bound': Table(
        'Upper bound: the true MaskIoU in place of the predicted one',
        (*RANKED, SHARE),
        (
            # The paper gives only the starred row, not the oracle.
            Row('R-18 FPN', MS_RCNN, (27.7, 29.3, 31.5, None, None)),
            Row('R-18 FPN, maskness', MASKNESS, (None,) * 5),
            Row('R-101 DCN + FPN', DCN, (37.7, 39.1, 41.7, None, None)),
        ),
    ),
    'correlation': Table(
        'Correlation of predicted and true MaskIoU',
        CORRELATION,
        (
            Row('R-18 FPN', MS_RCNN, (0.74, None)),
            Row('R-18 FPN, maskness', MASKNESS, (None, None)),
            Row('R-101 DCN + FPN', DCN, (0.74, None)),
        ),
    ),
    'cost': Table(
        'Multiply-accumulates per proposal',
        (
            Column('mask head, G', 'run', 'mask_head_gmac', 1, 3),
            Column('MaskIoU head, G', 'run', 'mask_iou_head_gmac', 1, 3),
        ),
        (Row('R-18 FPN', MS_RCNN, (0.53, 0.39)),),
    ),
    'time': Table(
        'Test time per image',
        (Column('s / image', 'run', 'seconds_per_image', 1, 3),),
        (
            *pair('R-18 FPN', 'r18_fpn', (0.132,), (0.132,)),
            *pair(
                'R-101 DCN + FPN', 'r101-dconv-c3-c5_fpn', (0.202,), (0.202,)
            ),
        ),
    ),
}
