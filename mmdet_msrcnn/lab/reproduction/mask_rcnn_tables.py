"""Tables of the Mask R-CNN paper, row by row.

The figures are from the paper (https://arxiv.org/abs/1703.06870), in percent.
"""

from mmdet_msrcnn.lab.reproduction import other_systems
from mmdet_msrcnn.lab.reproduction.paper import Column, Row, Table
from mmdet_msrcnn.lab.reproduction.paper_tables import BOX, MASK, TEST_DEV

C4, C4_WORDS = 'mask-rcnn_r50-c4', ('r50-c4', 'R-50 C4')
FPN, FPN_WORDS = 'mask-rcnn_r50_fpn', ('r50_fpn', 'R-50 FPN')
C5 = 'mask-rcnn_r50-c5'
X101 = 'mask-rcnn_x101-64x4d_fpn'
# On digits and nuclei also the boxes, which the paper does not give here.
MASK_AND_BOX = (*MASK, BOX[0])
CLASSES = (
    'person',
    'rider',
    'car',
    'truck',
    'bus',
    'train',
    'motorcycle',
    'bicycle',
)
# The server of Cityscapes alone computes figures on test, so ours are on val.
CITYSCAPES = (
    Column('AP on val', 'mask', 'mAP'),
    *(Column(f'{x} on test', 'test', x) for x in ('AP', 'AP50', *CLASSES)),
    *(Column(f'{name} on val', 'class', name) for name in CLASSES),
)
UNKNOWN = (None,) * len(CLASSES)


def rows_of(
    variant: str, *rows: tuple[str, str, tuple[float | None, ...]]
) -> tuple[Row, ...]:
    """Make rows of mask AP, AP50 and AP75, and of an unknown box AP.

    Args:
        variant (str): The model that the rows change.
        *rows (tuple): Label, ending of the variant and figures of each row.

    Returns:
        tuple[Row]: The rows.
    """
    return tuple(
        Row(label, variant + ending, (*figures, None))
        for label, ending, figures in rows
    )


def on_cityscapes(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Add the unknown figures of each class on val."""
    return tuple(row._replace(paper=row.paper + UNKNOWN) for row in rows)


MASK_RCNN_TABLES = {
    'mask-rcnn-backbones': Table(
        "Mask R-CNN's backbones",
        MASK,
        (
            Row('R-50 C4', C4, (30.3, 51.2, 31.5)),
            Row('R-101 C4', 'mask-rcnn_r101-c4', (32.7, 54.2, 34.3)),
            Row('R-50 FPN', FPN, (33.6, 55.2, 35.3)),
            Row('R-101 FPN', 'mask-rcnn_r101_fpn', (35.4, 57.3, 37.5)),
            Row('X-101 FPN', X101, (36.7, 59.5, 38.9)),
        ),
    ),
    'mask-loss': Table(
        'Competing and independent masks, R-50 C4',
        MASK_AND_BOX,
        rows_of(
            C4,
            ('softmax', '_softmax', (24.8, 44.1, 25.1)),
            ('sigmoid', '', (30.3, 51.2, 31.5)),
            # In the text of section 4.2.
            ('sigmoid, class-agnostic', '_class-agnostic', (29.7, None, None)),
        ),
        C4,
        C4_WORDS,
    ),
    'roi-layer': Table(
        'RoI layers, R-50 C4',
        MASK_AND_BOX,
        rows_of(
            C4,
            ('RoIPool, max', '_roi-pool', (26.9, 48.8, 26.4)),
            ('RoIWarp, max', '_roi-warp-max', (27.2, 49.2, 27.1)),
            ('RoIWarp, average', '_roi-warp-ave', (27.1, 48.9, 27.1)),
            ('RoIAlign, max', '_roi-align-max', (30.2, 51.0, 31.8)),
            ('RoIAlign, average', '', (30.3, 51.2, 31.5)),
        ),
        C4,
        C4_WORDS,
    ),
    'roi-layer-c5': Table(
        'RoI layers with stride 32, R-50 C5',
        MASK + BOX,
        (
            Row(
                'RoIPool',
                f'{C5}_roi-pool',
                (23.6, 46.5, 21.6, 28.2, 52.7, 26.9),
            ),
            Row('RoIAlign', C5, (30.9, 51.8, 32.1, 34.0, 55.3, 36.4)),
        ),
        C5,
    ),
    'mask-branch': Table(
        'Mask branch, R-50 FPN',
        MASK_AND_BOX,
        rows_of(
            FPN,
            ('MLP, 2 hidden layers', '_mlp-2', (31.5, 53.7, 32.8)),
            ('MLP, 3 hidden layers', '_mlp-3', (31.5, 54.0, 32.6)),
            ('FCN', '', (33.6, 55.2, 35.3)),
        ),
        FPN,
        FPN_WORDS,
    ),
    'mask-rcnn-test-dev': Table(
        'Masks on COCO test-dev',
        TEST_DEV,
        (
            *other_systems.MASKS,
            *(
                row._replace(
                    label=row.label.replace("'s paper", ''),
                    variant=variant,
                    source='',
                )
                for row, variant in zip(
                    other_systems.ORIGINAL_MASK_RCNN,
                    ('mask-rcnn_r101-c4', 'mask-rcnn_r101_fpn', X101),
                    strict=True,
                )
            ),
        ),
    ),
    'mask-rcnn-test-dev-boxes': Table(
        'Boxes on COCO test-dev',
        tuple(
            Column(f'box {name}', 'test-dev-boxes', name)
            for name in ('AP', 'AP50', 'AP75')
        ),
        (
            *other_systems.BOXES,
            Row(
                'Faster R-CNN with RoIAlign, R-101 FPN',
                'faster-rcnn_r101_fpn',
                (37.3, 59.6, 40.3),
            ),
            Row(
                'Mask R-CNN, R-101 FPN',
                'mask-rcnn_r101_fpn',
                (38.2, 60.3, 41.7),
            ),
            Row('Mask R-CNN, X-101 FPN', X101, (39.8, 62.3, 43.4)),
        ),
    ),
    'cityscapes': Table(
        'Cityscapes, R-50 FPN',
        CITYSCAPES,
        on_cityscapes(
            (
                *other_systems.CITYSCAPES,
                Row(
                    'Mask R-CNN, fine',
                    f'{FPN}_cityscapes',
                    (
                        *(31.5, 26.2, 49.9),
                        *(30.5, 23.7, 46.9, 22.8, 32.2, 18.6, 19.1, 16.0),
                    ),
                ),
                Row(
                    'Mask R-CNN, fine + COCO',
                    f'{FPN}_from-coco_cityscapes',
                    (
                        *(36.4, 32.0, 58.1),
                        *(34.8, 27.0, 49.1, 30.1, 40.9, 30.9, 24.1, 18.7),
                    ),
                ),
            )
        ),
    ),
}
