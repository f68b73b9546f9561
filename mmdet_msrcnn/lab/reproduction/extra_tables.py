"""Tables that the paper does not have: MS R-CNN+ and training end to end."""

from mmdet_msrcnn.lab.reproduction.paper import CLASS_SCORE, Row, Table
from mmdet_msrcnn.lab.reproduction.paper_tables import (
    BOX,
    CORRELATION,
    MASK,
    RANKED,
    SHARE,
)
from mmdet_msrcnn.lab.reproduction.protocols import (
    DETECTOR,
    MS_RCNN,
    MS_RCNN_PLUS,
    SAME_RECIPE,
)

EXTRA_TABLES = {
    'better-score': Table(
        'Learned mask score, R-18 FPN',
        (*RANKED, SHARE, *CORRELATION),
        tuple(
            Row(label, variant, (None,) * 7)
            for label, variant in (
                ('MS R-CNN: class score x MaskIoU', MS_RCNN),
                ('MS R-CNN, recipe of MS R-CNN+', SAME_RECIPE),
                ('MS R-CNN+: learned', MS_RCNN_PLUS),
            )
        ),
        MS_RCNN,
    ),
    'end-to-end': Table(
        'Trained end to end, R-18 FPN',
        (MASK[0], BOX[0], *MASK[1:], *RANKED, SHARE),
        tuple(
            Row(label, f'{variant}_end-to-end', (None,) * 9)
            for label, variant in (
                ('Mask R-CNN', DETECTOR),
                ("mmdet's MS R-CNN", f'mmdet-{MS_RCNN}'),
                ('MS R-CNN', MS_RCNN),
                ('MS R-CNN, isolated', f'{MS_RCNN}_isolated'),
                ('MS R-CNN+', MS_RCNN_PLUS),
            )
        ),
        f'{DETECTOR}_end-to-end',
    ),
    'coupling': Table(
        'MS R-CNN trained end to end, one change at a time',
        (BOX[0], *RANKED[:2]),
        tuple(
            Row(label, f'{variant}_end-to-end', (None,) * 3)
            for label, variant in (
                ('Mask R-CNN', DETECTOR),
                ('MS R-CNN', MS_RCNN),
                (
                    'no gradient into RoI features',
                    f'{MS_RCNN}_no-feature-grad',
                ),
                ('no gradient into masks', f'{MS_RCNN}_no-mask-grad'),
                ('neither', f'{MS_RCNN}_no-grad'),
                ('gradients clipped apart', f'{MS_RCNN}_clip-apart'),
                ('all three: isolated', f'{MS_RCNN}_isolated'),
                ('a tenth of the learning rate', f'{MS_RCNN}_tenth-lr'),
                ('loss from the middle on', f'{MS_RCNN}_late-loss'),
                ('Mask R-CNN, twice the epochs', f'{DETECTOR}_2x'),
                ('MS R-CNN, twice the epochs', f'{MS_RCNN}_2x'),
            )
        ),
        f'{DETECTOR}_end-to-end',
    ),
}

# Of tools/score_any.py; the detectors have their own configs.
ANY_MODEL = Table(
    'Learned mask score for any model',
    (RANKED[0], RANKED[1], RANKED[3], SHARE),
    tuple(
        Row(label, variant, (None,) * 4)
        for label, variant in (
            ('Mask R-CNN', DETECTOR),
            ('HTC', 'htc_efflite0_fpn'),
            ('CondInst', 'condinst_efflite0_fpn'),
            ('RTMDet-Ins tiny', 'rtmdet-ins_tiny'),
        )
    ),
    CLASS_SCORE,
)
