"""Tables that the paper does not have: MS R-CNN+ and training end to end."""

from mmdet_msrcnn.lab.reproduction.paper import Row, Table
from mmdet_msrcnn.lab.reproduction.paper_tables import (
    BOX,
    CORRELATION,
    MASK,
    R18,
    RANKED,
    SHARE,
    TWIN,
)

PLUS = 'ms-rcnn-plus_r18_fpn'
EXTRA_TABLES = {
    'better-score': Table(
        'Learned mask score, R-18 FPN',
        (*RANKED, SHARE, *CORRELATION),
        tuple(
            Row(label, variant, (None,) * 7)
            for label, variant in (
                ('MS R-CNN: class score x MaskIoU', R18),
                ('MS R-CNN, recipe of MS R-CNN+', f'{R18}_plus-recipe'),
                ('MS R-CNN+: learned', PLUS),
            )
        ),
        R18,
    ),
    'end-to-end': Table(
        'Trained end to end, R-18 FPN',
        (MASK[0], BOX[0], *MASK[1:], *RANKED, SHARE),
        tuple(
            Row(label, f'{variant}_end-to-end', (None,) * 9)
            for label, variant in (
                ('Mask R-CNN', TWIN),
                ("mmdet's MS R-CNN", f'mmdet-{R18}'),
                ('MS R-CNN', R18),
                ('MS R-CNN, isolated', f'{R18}_isolated'),
                ('MS R-CNN+', PLUS),
            )
        ),
        f'{TWIN}_end-to-end',
    ),
    'coupling': Table(
        'MS R-CNN trained end to end, one change at a time',
        (BOX[0], *RANKED[:2]),
        tuple(
            Row(label, f'{variant}_end-to-end', (None,) * 3)
            for label, variant in (
                ('Mask R-CNN', TWIN),
                ('MS R-CNN', R18),
                ('no gradient into RoI features', f'{R18}_no-feature-grad'),
                ('no gradient into masks', f'{R18}_no-mask-grad'),
                ('neither', f'{R18}_no-grad'),
                ('gradients clipped apart', f'{R18}_clip-apart'),
                ('all three: isolated', f'{R18}_isolated'),
                ('a tenth of the learning rate', f'{R18}_tenth-lr'),
                ('loss from the middle on', f'{R18}_late-loss'),
                ('Mask R-CNN, twice the epochs', f'{TWIN}_2x'),
                ('MS R-CNN, twice the epochs', f'{R18}_2x'),
            )
        ),
        f'{TWIN}_end-to-end',
    ),
}
