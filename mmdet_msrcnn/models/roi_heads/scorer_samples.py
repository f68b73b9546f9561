"""RoIs that a scorer is trained on, apart from the detector.

Shape shorthand: K RoIs.
"""

from typing import NamedTuple

from torch import Tensor

from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer
from mmdet_msrcnn.models.roi_heads.scorer_logs import check_logs


class ScorerSamples(NamedTuple):
    """Inputs and targets of a scorer.

    Attributes:
        mask_feats (Tensor): See :meth:`BaseMaskScorer.forward`.
        mask_probs (Tensor): See :meth:`BaseMaskScorer.forward`.
        labels (Tensor): Class of each RoI, shape (K, ).
        context (Tensor | None): From :meth:`BaseMaskScorer.context`.
        targets (dict[str, Tensor]): From :meth:`BaseMaskScorer.get_targets`.
    """

    mask_feats: Tensor
    mask_probs: Tensor
    labels: Tensor
    context: Tensor | None
    targets: dict[str, Tensor]


def scorer_loss(
    scorer: BaseMaskScorer, samples: ScorerSamples
) -> dict[str, Tensor]:
    """Run a scorer and compute its losses.

    Args:
        scorer (BaseMaskScorer): The scorer.
        samples (ScorerSamples): RoIs of one or more images.

    Returns:
        dict[str, Tensor]: Losses and statistics.
    """
    *inputs, targets = samples
    preds = scorer(*inputs)
    losses = scorer.loss_by_targets(preds, samples.labels, targets)
    return check_logs(scorer, losses)
