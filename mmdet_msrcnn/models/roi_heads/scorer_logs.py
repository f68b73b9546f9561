"""Losses and statistics that a scorer declares."""

from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer


def check_logs(scorer: BaseMaskScorer, losses: dict) -> dict:
    """Check that losses are those that their scorer declares in ``logs``.

    Args:
        scorer (BaseMaskScorer): The scorer.
        losses (dict): From :meth:`BaseMaskScorer.loss_by_targets`.

    Returns:
        dict: The losses.

    Raises:
        KeyError: If the names differ. A loss without a declared name is left
        out on a frozen detector.
    """
    if {*losses} != {*scorer.logs}:
        raise KeyError(
            f'{type(scorer).__name__}.logs must name the losses and '
            f'statistics {sorted(losses)}, got {sorted(scorer.logs)}'
        )
    return losses


def own_losses(scorer: BaseMaskScorer, losses: dict) -> dict:
    """Select the losses and statistics of a scorer.

    Args:
        scorer (BaseMaskScorer): The scorer.
        losses (dict): Losses of all heads. A cascade adds the stage in front
            of a name.

    Returns:
        dict: Those in ``logs`` of the scorer.

    Raises:
        RuntimeError: If there are none.
    """
    own = {
        name: value
        for name, value in losses.items()
        if name.rsplit('.', 1)[-1] in scorer.logs
    }
    if not own:
        raise RuntimeError(
            f'No loss of {type(scorer).__name__} is in {sorted(losses)}. '
            'Call positives_loss in mask_loss of the RoI head.'
        )
    return own
