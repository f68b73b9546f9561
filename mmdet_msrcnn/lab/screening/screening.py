"""Mask scores compared on one frozen detector, whose features are kept.

A head is trained in a minute where the RoI features of the detections are
computed once. Some training images are held back, by which heads are compared
without a look at the validation set; the detector has seen them.

Shape shorthand: D detections of all images.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mmdet_msrcnn.lab.screening.detections import Detections
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.mask_heads.mask_score_head import MaskScoreHead
from mmdet_msrcnn.models.targets.detection_target import reached_thresholds


class Variant(NamedTuple):
    """A way to score masks.

    Attributes:
        rank (Callable): The score, from class scores, predicted MaskIoUs and
            predicted mask scores.
        target (str): What the mask score is trained for: 'rates', or
            'reached', the share of the thresholds that the MaskIoU reaches.
        num_features (int): How many of the rank features it sees.
        fusion (str | None): See :class:`MaskIoUHead`; None for that of the
            config.
        min_iou (float): MaskIoU from which detections train.
    """

    rank: Callable[[Tensor, Tensor, Tensor], Tensor]
    target: str = 'rates'
    num_features: int = 2
    fusion: str | None = None
    min_iou: float = 0.0


def predicted(scores: Tensor, mask_ious: Tensor, predictions: Tensor):
    """The mask score as the head predicts it."""
    return predictions


def class_score_times(
    scores: Tensor, mask_ious: Tensor, predictions: Tensor
) -> Tensor:
    """The prediction as a factor of the class score."""
    return scores * predictions


VARIANTS = {
    'class score x MaskIoU': Variant(lambda s, ious, _: s * ious),
    'share of thresholds reached': Variant(predicted, 'reached'),
    'class score x share of thresholds reached': Variant(
        class_score_times, 'reached'
    ),
    'true positive, of good masks alone': Variant(predicted, min_iou=0.5),
    'true positive, without class score and overlap': Variant(
        predicted, num_features=0
    ),
    'class score x true positive, without class score and overlap': Variant(
        class_score_times, num_features=0
    ),
    'true positive, without overlap': Variant(predicted, num_features=1),
    'true positive, without RoI feature': Variant(
        predicted, fusion='mask_only'
    ),
    'true positive': Variant(predicted),
}


def _forward(
    head: MaskScoreHead, found: Detections, inds: Tensor, num_features: int
) -> Tensor:
    """Predictions for the classes of some detections, shape (K, 2)."""
    feats, probs, labels, ranks = (x[inds] for x in found.inputs)
    ranks = ranks * (torch.arange(ranks.shape[1]) < num_features)
    preds = head(feats.float(), probs.float(), labels, ranks)
    return select_by_label(preds, labels)


def train_head(
    head: MaskScoreHead,
    found: Detections,
    inds: Tensor,
    variant: Variant,
    epochs: int,
    batch_size: int = 128,
    lr: float = 8e-4,
) -> None:
    """Train a head on kept detections, by AdamW.

    The learning rate falls to 0 by a cosine.

    Args:
        head (:obj:`MaskScoreHead`): Initialized.
        found (Detections): See there.
        inds (Tensor): Detections that train.
        variant (Variant): What for.
        epochs (int): Passes over them.
        batch_size (int): Detections of a step. Defaults to 128.
        lr (float): Initial learning rate. Defaults to 8e-4.

    Raises:
        ValueError: If there are fewer detections than in a step.
    """
    targets = found.rates
    if variant.target == 'reached':
        targets = reached_thresholds(found.ious).float().mean(dim=1)
    good = found.ious >= variant.min_iou
    inds = inds[(good & found.trained)[inds]]
    steps = epochs * (len(inds) // batch_size)
    if steps == 0:
        raise ValueError(
            f'{len(inds)} detections may train, fewer than the {batch_size} '
            'of a step. Give a data set with more images.'
        )
    optimizer = torch.optim.AdamW(head.parameters(), lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for batch in inds[torch.randperm(len(inds))].split(batch_size):
            if len(batch) < batch_size:
                continue
            preds = _forward(head, found, batch, variant.num_features)
            ious, logits = preds.unbind(-1)
            loss = head.loss_score(logits, targets[batch])
            loss = loss + head.loss_iou(ious, found.ious[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(head.parameters(), 5)
            optimizer.step()
            schedule.step()


@torch.no_grad()
def rank(
    head: MaskScoreHead, found: Detections, inds: Tensor, variant: Variant
) -> np.ndarray:
    """Score some detections.

    Args:
        head (:obj:`MaskScoreHead`): Trained.
        found (Detections): See there.
        inds (Tensor): Which.
        variant (Variant): How.

    Returns:
        ndarray: One score for each.
    """
    preds = [
        _forward(head, found, part, variant.num_features)
        for part in inds.split(512)
    ]
    decoded = head.decode(torch.cat(preds))
    return variant.rank(found.scores[inds], *decoded).numpy()
