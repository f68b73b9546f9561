"""Table of camouflaged objects: figures of one foreground map for each image.

The figures of MS R-CNN are from the talks about it, where COD10K has an
S-measure of .641 and a MAE of .073, CHAMELEON an S-measure of .637, and CAMO
.618 and .133. They give no figure of the E-measure or of weighted F.
"""

from mmdet_msrcnn.lab.reproduction.paper import Column, Row, Table
from mmdet_msrcnn.lab.reproduction.protocols import (
    COD10K,
    DETECTOR,
    MS_RCNN,
    MS_RCNN_PLUS,
)

CAMOUFLAGE_TABLES = {
    'camouflage': Table(
        'Camouflaged objects, R-18 FPN',
        (
            Column('S-measure', 'camouflage', 's_measure', 1, 3),
            Column('E-measure', 'camouflage', 'e_measure_mean', 1, 3),
            Column('weighted F', 'camouflage', 'weighted_f', 1, 3),
            Column('MAE', 'camouflage', 'mae', 1, 3),
        ),
        (
            Row('class score', DETECTOR, (None,) * 4),
            Row('MS R-CNN', MS_RCNN, (0.641, None, None, 0.073)),
            Row('MS R-CNN+', MS_RCNN_PLUS, (None,) * 4),
            Row('MS R-CNN, CHAMELEON', None, (0.637, None, None, None)),
            Row('MS R-CNN, CAMO', None, (0.618, None, None, 0.133)),
        ),
        paper_protocol=COD10K,
    )
}
