"""The figures that the mask scores of a model are judged by."""

from dataclasses import dataclass, fields
from typing import NamedTuple


class Form(NamedTuple):
    """How a figure is shown.

    Attributes:
        heading (str): Heading of its column, with the unit.
        factor (float): From the figure to that unit.
        decimals (int): Decimals to show.
    """

    heading: str
    factor: float
    decimals: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures of one model; AP and share in [0, 1].

    A figure that the model does not have is None, such as those of mask
    scores without mask scores; one that is not defined is NaN.

    Attributes:
        box_ap (float | None): Box AP.
        class_score (float | None): Mask AP by class score.
        mask_score (float | None): Mask AP by mask score.
        oracle (float | None): Mask AP by class score x true MaskIoU.
        starred (float | None): Mask AP by the paper's starred row.
        share (float | None): Share of the possible gain.
        pearson (float | None): Correlation of predicted and true MaskIoU.
        spearman (float | None): Their rank correlation.
        mae (float | None): Mean absolute error of the predicted MaskIoU.
    """

    box_ap: float | None = None
    class_score: float | None = None
    mask_score: float | None = None
    oracle: float | None = None
    starred: float | None = None
    share: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    mae: float | None = None

    def known(self) -> dict[str, float]:
        """The figures that the model has, by name."""
        values = {field.name: getattr(self, field.name) for field in FIELDS}
        return {name: v for name, v in values.items() if v is not None}

    def __sub__(self, other: 'Figures') -> 'Figures':
        """Subtract the figures that both have."""
        mine, theirs = self.known(), other.known()
        return Figures(
            **{key: mine[key] - theirs[key] for key in mine if key in theirs}
        )

    def to_json(self) -> dict[str, float]:
        """Write the figures as ``report.json`` has them."""
        return {JSON_KEYS.get(k, k): v for k, v in self.known().items()}

    @classmethod
    def from_json(cls, row: dict) -> 'Figures':
        """Read the figures of a row of ``report.json``.

        Args:
            row (dict): May hold other keys, and None for figures that are not
                defined.

        Returns:
            Figures: Without those that are not defined.

        Raises:
            TypeError: If one is not a number.
        """
        values = {
            f.name: row.get(JSON_KEYS.get(f.name, f.name)) for f in FIELDS
        }
        return cls(**{k: v + 0.0 for k, v in values.items() if v is not None})


FIELDS = fields(Figures)
JSON_KEYS = {'box_ap': 'box AP'}
# In the order of the columns.
FORMS = {
    'box_ap': Form('box AP', 100, 1),
    'class_score': Form('mask AP by class score', 100, 1),
    'mask_score': Form('by mask score', 100, 1),
    'oracle': Form('by oracle', 100, 1),
    'starred': Form("by the paper's starred row", 100, 1),
    'share': Form('share of the possible gain, %', 100, 1),
    'pearson': Form('Pearson r', 1, 3),
    'spearman': Form('Spearman r', 1, 3),
    'mae': Form('MAE', 1, 3),
}
