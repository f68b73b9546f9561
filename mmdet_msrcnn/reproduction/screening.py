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
from mmengine.dataset import BaseDataset, pseudo_collate
from pycocotools import mask as mask_utils
from torch import Tensor, nn

from mmdet_msrcnn.models.mask_fusion import select_by_label
from mmdet_msrcnn.models.mask_score_head import MaskScoreHead
from mmdet_msrcnn.models.mask_score_target import (
    detection_targets,
    reached_thresholds,
)


class Detections(NamedTuple):
    """Detections of a frozen detector in a data set.

    Attributes:
        images (Tensor): Index of the image of each, shape (D, ).
        inputs (tuple[Tensor]): Of :meth:`MaskScoreHead.forward`, features
            and masks in half precision.
        scores (Tensor): Class scores, shape (D, ).
        ious (Tensor): MaskIoU with the assigned instance, shape (D, ).
        rates (Tensor): See :func:`true_positive_rates`, shape (D, ).
        trained (Tensor): bool, whether each may train, shape (D, ).
        results (list[dict]): COCO results, with class scores.
    """

    images: Tensor
    inputs: tuple[Tensor, ...]
    scores: Tensor
    ious: Tensor
    rates: Tensor
    trained: Tensor
    results: list[dict]


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


@torch.no_grad()
def find_detections(model: nn.Module, dataset: BaseDataset) -> Detections:
    """Detect in every image, and keep what a MaskScoreHead trains with.

    Args:
        model (nn.Module): Detector with a MaskScoreHead, in eval mode.
        dataset (BaseDataset): Images as at test, with ground truth in the
            size of the original image.

    Returns:
        Detections: In order of images.

    Raises:
        ValueError: If nothing is detected.
    """
    head, seen = model.roi_head.mask_iou_head, []
    mask_thr = model.roi_head.test_cfg.mask_thr_binary
    cat_ids = dataset.cat_ids
    handle = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    parts = []
    for index in range(len(dataset)):
        data = model.data_preprocessor(pseudo_collate([dataset[index]]))
        (sample,) = model(**data, mode='predict')
        found = sample.pred_instances
        if len(found) == 0:
            continue
        feats, probs, labels, ranks = seen.pop()
        ious, rates, trained = detection_targets(
            select_by_label(probs, labels),
            found,
            sample.gt_instances,
            sample.get('ignored_instances'),
            mask_thr,
        )
        results = [
            dict(
                image_id=sample.img_id,
                category_id=cat_ids[label],
                score=score,
                segmentation=mask_utils.encode(np.asfortranarray(mask)),
            )
            for label, score, mask in zip(
                labels.tolist(),
                found.scores.tolist(),
                found.masks.byte().numpy(),
                strict=True,
            )
        ]
        inputs = feats.half(), probs.half(), labels, ranks
        image = torch.full_like(labels, index)
        tensors = found.scores, ious, rates, trained
        parts.append((image, inputs, *tensors, results))
    handle.remove()
    if not parts:
        raise ValueError(
            f'Nothing is detected in {len(dataset)} images. Give the '
            'checkpoint of a trained detector, or lower '
            'test_cfg.rcnn.score_thr.'
        )
    images, inputs, *tensors, results = zip(*parts, strict=True)
    return Detections(
        torch.cat(images),
        tuple(map(torch.cat, zip(*inputs, strict=True))),
        *map(torch.cat, tensors),
        sum(results, []),
    )


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
