"""Comparison of mask scores on one frozen detector with stored features.

The RoI features of the detections are computed once, so a head trains in a
minute. Heads are compared on held-back training images, not on the validation
set. The detector has seen these images.

Shape shorthand: D detections over all images.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mmdet_msrcnn.lab.screening.detections import Detections
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.mask_heads.mask_score_head import MaskScoreHead
from mmdet_msrcnn.models.mask_heads.maskness import product_logits
from mmdet_msrcnn.models.targets.detection_target import reached_thresholds


class Variant(NamedTuple):
    """A way to score masks.

    Attributes:
        rank (Callable): Function of class scores, predicted MaskIoUs and
            predicted mask scores that returns the score.
        target (str): Training target of the mask score: 'rates', or
            'reached', the share of the thresholds that the MaskIoU reaches.
        num_features (int): Number of rank features that the head gets.
        fusion (str | None): See :class:`MaskIoUHead`; None for the fusion of
            the config.
        min_iou (float): Lowest MaskIoU of the detections to train on.
        from_scratch (bool): Predict the mask score itself, not the
            correction of class score x maskness.
    """

    rank: Callable[[Tensor, Tensor, Tensor], Tensor]
    target: str = 'rates'
    num_features: int = 2
    fusion: str | None = None
    min_iou: float = 0.0
    from_scratch: bool = False


def predicted(scores: Tensor, mask_ious: Tensor, predictions: Tensor):
    """Return the mask score that the head predicts."""
    return predictions


def class_score_times(
    scores: Tensor, mask_ious: Tensor, predictions: Tensor
) -> Tensor:
    """Multiply the class score by the prediction."""
    return scores * predictions


VARIANTS = {
    'class score x MaskIoU': Variant(lambda s, ious, _: s * ious),
    'share of the thresholds that the MaskIoU reaches': Variant(
        predicted, 'reached'
    ),
    'class score x this share': Variant(class_score_times, 'reached'),
    'true positive, trained only on masks with an IoU of 0.5 or more': Variant(
        predicted, min_iou=0.5
    ),
    'true positive, without class score and overlap as inputs': Variant(
        predicted, num_features=0
    ),
    'class score x this prediction': Variant(
        class_score_times, num_features=0
    ),
    'true positive, without overlap': Variant(predicted, num_features=1),
    'true positive, without RoI feature': Variant(
        predicted, fusion='mask_only'
    ),
    'true positive, without class score x maskness to correct': Variant(
        predicted, from_scratch=True
    ),
    'true positive (MS R-CNN+)': Variant(predicted),
}


def _forward(
    head: MaskScoreHead, found: Detections, inds: Tensor, variant: Variant
) -> Tensor:
    """Predict for the classes of some detections, shape (K, 2)."""
    feats, probs, labels, ranks = (x[inds] for x in found.inputs)
    ranks = ranks * (torch.arange(ranks.shape[1]) < variant.num_features)
    preds = head(feats.float(), probs.float(), labels, ranks)
    preds = select_by_label(preds, labels)
    if variant.from_scratch:
        product = product_logits(select_by_label(probs, labels), ranks)
        preds = preds - nn.functional.pad(product, (1, 0))
    return preds


def train_head(
    head: MaskScoreHead,
    found: Detections,
    inds: Tensor,
    variant: Variant,
    epochs: int,
    batch_size: int = 128,
    lr: float = 8e-4,
) -> None:
    """Train a head on stored detections with AdamW.

    The learning rate follows a cosine down to 0.

    Args:
        head (:obj:`MaskScoreHead`): Initialized head.
        found (Detections): From :func:`find_detections`.
        inds (Tensor): Indices of the detections to train on.
        variant (Variant): Target and inputs.
        epochs (int): Passes over the detections.
        batch_size (int): Detections per step. Defaults to 128.
        lr (float): Initial learning rate. Defaults to 8e-4.

    Raises:
        ValueError: If there are fewer detections than ``batch_size``.
    """
    targets = found.rates
    if variant.target == 'reached':
        targets = reached_thresholds(found.ious).float().mean(dim=1)
    good = found.ious >= variant.min_iou
    inds = inds[(good & found.trained)[inds]]
    steps = epochs * (len(inds) // batch_size)
    if steps == 0:
        raise ValueError(
            f'Only {len(inds)} detections can be used for training; a step '
            f'needs {batch_size}. Use a data set with more images.'
        )
    optimizer = torch.optim.AdamW(head.parameters(), lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for batch in inds[torch.randperm(len(inds))].split(batch_size):
            if len(batch) < batch_size:
                continue
            preds = _forward(head, found, batch, variant)
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
        head (:obj:`MaskScoreHead`): Trained head.
        found (Detections): From :func:`find_detections`.
        inds (Tensor): Indices of the detections.
        variant (Variant): Score to use.

    Returns:
        ndarray: One score for each detection.
    """
    preds = [_forward(head, found, part, variant) for part in inds.split(512)]
    decoded = head.decode(torch.cat(preds))
    return variant.rank(found.scores[inds], *decoded).numpy()
