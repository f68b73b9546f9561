"""Figures to judge the mask scores of a model."""

from dataclasses import dataclass, fields
from typing import NamedTuple


class Form(NamedTuple):
    """Output format of a figure.

    Attributes:
        heading (str): Heading of the column, with the unit.
        factor (float): Factor from the figure to that unit.
        decimals (int): Decimals to show.
    """

    heading: str
    factor: float
    decimals: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures of one model; AP and share in [0, 1].

    Figures that the model does not have are None, such as ``mask_score`` of a
    model without mask scores. Undefined figures are NaN.

    Attributes:
        box_ap (float | None): Box AP.
        class_score (float | None): Mask AP by class score.
        product (float | None): Mask AP by class score x MaskIoU, if the mask
            score is another one.
        mask_score (float | None): Mask AP by mask score.
        oracle (float | None): Mask AP by class score x true MaskIoU.
        starred (float | None): Mask AP by the paper's starred row.
        share (float | None): Share of the possible gain that is achieved.
        pearson (float | None): Correlation of predicted and true MaskIoU.
        spearman (float | None): Their rank correlation.
        mae (float | None): Mean absolute error of the predicted MaskIoU.
    """

    box_ap: float | None = None
    class_score: float | None = None
    product: float | None = None
    mask_score: float | None = None
    oracle: float | None = None
    starred: float | None = None
    share: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    mae: float | None = None

    def known(self) -> dict[str, float]:
        """Return the figures that the model has, by name."""
        values = {field.name: getattr(self, field.name) for field in FIELDS}
        return {name: v for name, v in values.items() if v is not None}

    def __sub__(self, other: 'Figures') -> 'Figures':
        """Subtract the figures that both models have."""
        mine, theirs = self.known(), other.known()
        return Figures(
            **{key: mine[key] - theirs[key] for key in mine if key in theirs}
        )

    def to_json(self) -> dict[str, float]:
        """Return the figures as in ``report.json``."""
        return {json_key(k): v for k, v in self.known().items()}

    @classmethod
    def from_json(cls, row: dict) -> 'Figures':
        """Read the figures of a row of ``report.json``.

        Args:
            row (dict): May contain other keys, and None for undefined
                figures.

        Returns:
            Figures: The figures; undefined ones are None.

        Raises:
            TypeError: If a figure is not a number.
        """
        values = {f.name: row.get(json_key(f.name)) for f in FIELDS}
        known = {k: v for k, v in values.items() if v is not None}
        for name, value in known.items():
            is_number = isinstance(value, int | float)
            if not is_number or isinstance(value, bool) or abs(value) > MAX:
                raise TypeError(f'{name} must be a number, got {value!r}')
        return cls(**{name: float(value) for name, value in known.items()})


def json_key(name: str) -> str:
    """Return the key of a figure in ``report.json``."""
    return 'box AP' if name == 'box_ap' else name


FIELDS = fields(Figures)
# Above any AP, share or correlation of a report.
MAX = 1e6
# In the order of the columns.
FORMS = {
    'box_ap': Form('box AP', 100, 1),
    'class_score': Form('mask AP by class score', 100, 1),
    'product': Form('by class score x MaskIoU', 100, 1),
    'mask_score': Form('by mask score', 100, 1),
    'oracle': Form('by oracle', 100, 1),
    'starred': Form('by the starred row', 100, 1),
    'share': Form('share of the gain, %', 100, 1),
    'pearson': Form('Pearson r', 1, 3),
    'spearman': Form('Spearman r', 1, 3),
    'mae': Form('MAE', 1, 3),
}
