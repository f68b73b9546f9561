"""Table of camouflaged objects: figures of one foreground map for each image.

The published figures of MS R-CNN are from a collection of benchmark results,
which has no E-measure and no weighted F. Its test set of COD10K is taken to be
the 2,026 camouflaged images, as in the papers on this set. See
docs/camouflage.md.
"""

from mmdet_msrcnn.lab.reproduction.other_systems import quoted
from mmdet_msrcnn.lab.reproduction.paper import Column, Row, Table
from mmdet_msrcnn.lab.reproduction.protocols import (
    CAMOUFLAGE,
    COD10K,
    DETECTOR,
    MS_RCNN,
    MS_RCNN_PLUS,
)

COLLECTION = 'https://www.wizwand.com/paper/68fa656f1e209131cea0a625'
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
            *quoted(
                COLLECTION,
                {
                    'MS R-CNN, CHAMELEON': (0.637, None, None, None),
                    'MS R-CNN, CAMO': (0.618, None, None, 0.133),
                },
            ),
        ),
        paper_protocol=COD10K,
        protocols=(CAMOUFLAGE, COD10K),
    )
}
