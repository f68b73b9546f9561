"""Published figures of other systems, which are quoted and never trained.

From the tables of the Mask R-CNN paper (https://arxiv.org/abs/1703.06870) and
of the Mask Scoring R-CNN paper (https://arxiv.org/abs/1903.00241), in percent.
"""

from mmdet_msrcnn.lab.reproduction.paper import Row

MASK_RCNN_PAPER = 'https://arxiv.org/abs/1703.06870'
MS_RCNN_PAPER = 'https://arxiv.org/abs/1903.00241'
Figures = tuple[float | None, ...]


def quoted(source: str, rows: dict[str, Figures]) -> tuple[Row, ...]:
    """Make rows of other systems.

    Args:
        source (str): Address of the paper or page that prints the figures.
        rows (dict[str, tuple]): Figures of each column by system.

    Returns:
        tuple[Row]: The rows.
    """
    return tuple(
        Row(label, None, figures, source) for label, figures in rows.items()
    )


# Masks on COCO test-dev: AP, AP50, AP75, APs, APm, APl.
MASKS = quoted(
    MASK_RCNN_PAPER,
    {
        'MNC, R-101 C4': (24.6, 44.3, 24.8, 4.7, 25.9, 43.6),
        'FCIS + OHEM, R-101 C5 dilated': (29.2, 49.5, None, 7.1, 31.3, 50.0),
        'FCIS+++ + OHEM, R-101 C5 dilated': (33.6, 54.5, *(None,) * 4),
    },
)
ORIGINAL_MASK_RCNN = quoted(
    MASK_RCNN_PAPER,
    {
        "Mask R-CNN's paper, R-101 C4": (33.1, 54.9, 34.8, 12.1, 35.6, 51.1),
        "Mask R-CNN's paper, R-101 FPN": (35.7, 58.0, 37.8, 15.5, 38.1, 52.4),
        "Mask R-CNN's paper, X-101 FPN": (37.1, 60.0, 39.4, 16.9, 39.9, 53.5),
    },
)
# The AP75 of MaskLab+ R-101 is below its AP there too.
MASKLAB = quoted(
    MS_RCNN_PAPER,
    {
        'MaskLab, R-101': (35.4, 57.4, 37.4, 16.9, 38.3, 49.2),
        'MaskLab+, R-101': (37.3, 59.8, 36.6, 19.1, 40.5, 50.6),
        'MaskLab+, R-101 (JET)': (38.1, 61.1, 40.4, 19.6, 41.6, 51.4),
    },
)
# Boxes on COCO test-dev: AP, AP50, AP75.
BOXES = quoted(
    MASK_RCNN_PAPER,
    {
        'Faster R-CNN+++, R-101 C4': (34.9, 55.7, 37.4),
        'Faster R-CNN with FPN, R-101 FPN': (36.2, 59.1, 39.0),
        'Faster R-CNN by G-RMI, Inception-ResNet-v2': (34.7, 55.5, 36.7),
        'Faster R-CNN with TDM, Inception-ResNet-v2': (36.8, 57.7, 39.2),
    },
)
# Masks on Cityscapes: AP on val; AP and AP50 on test, and there the AP of
# each class: person, rider, car, truck, bus, train, motorcycle, bicycle.
CITYSCAPES = quoted(
    MASK_RCNN_PAPER,
    {
        'InstanceCut, fine + coarse': (
            *(15.8, 13.0, 27.9),
            *(10.0, 8.0, 23.7, 14.0, 19.5, 15.2, 9.3, 4.7),
        ),
        'DWT, fine': (
            *(19.8, 15.6, 30.0),
            *(15.1, 11.7, 32.9, 17.1, 20.4, 15.0, 7.9, 4.9),
        ),
        'SAIS, fine': (
            *(None, 17.4, 36.7),
            *(14.6, 12.9, 35.7, 16.0, 23.2, 19.0, 10.3, 7.8),
        ),
        'DIN, fine + coarse': (
            *(None, 20.0, 38.8),
            *(16.5, 16.7, 25.7, 20.6, 30.0, 23.4, 17.1, 10.1),
        ),
        'SGN, fine + coarse': (
            *(29.2, 25.0, 44.9),
            *(21.8, 20.1, 39.4, 24.8, 33.2, 30.8, 17.7, 12.4),
        ),
    },
)
