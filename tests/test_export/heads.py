"""MaskIoU heads of a few thousand parameters, and their oracle."""

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models import (
    FUSIONS,
    MaskIoUHead,
    MasknessHead,
    MaskRelationHead,
    MaskScoreHead,
)

SMALL = dict(
    num_classes=4, in_channels=8, conv_out_channels=8, fc_out_channels=16
)
# Name: type and arguments.
HEADS = {
    **{
        f'{fusion}{"-agnostic" * agnostic}': (
            MaskIoUHead,
            dict(
                fusion=fusion,
                class_agnostic=agnostic,
                roi_feat_size=28 if FUSIONS[fusion].unpooled else 14,
            ),
        )
        for fusion in (
            'concat',
            'multiply',
            'all_masks',
            'hr_roi',
            'mask_only',
        )
        for agnostic in (False, True)
    },
    'present': (MaskIoUHead, dict(target_classes='present')),
    'maskness': (MasknessHead, dict()),
    'learned': (MaskScoreHead, dict()),
    'learned-agnostic': (MaskScoreHead, dict(class_agnostic=True)),
    'relations': (MaskRelationHead, dict(relation_channels=8)),
}


def small_head(name: str) -> MaskIoUHead:
    """Build a head of ``HEADS`` in eval mode."""
    head_type, kwargs = HEADS[name]
    head = head_type(**SMALL, **kwargs).eval()
    # Otherwise the signal fades, and scaling it up scales rounding up too.
    head.init_weights()
    if isinstance(head, MaskRelationHead):
        # Initialized, neighbours make no difference.
        torch.nn.init.normal_(head.fc_relation.weight)
    return head


@torch.no_grad()
def spread(head: MaskIoUHead, inputs: tuple[Tensor, ...]) -> None:
    """Scale the last layer, so that some predictions leave [0, 1]."""
    layer = head.fc_mask_iou
    preds = head(*inputs)
    if 'mask_scores' in head.predicts:
        preds = preds[..., 0]
    scale = 0.5 / preds.std(0)
    layer.weight *= scale[:, None]
    layer.bias.copy_((layer.bias - preds.mean(0)) * scale + 0.5)


@torch.no_grad()
def results_at_test(
    head: MaskIoUHead, inputs: tuple[Tensor, ...]
) -> InstanceData:
    """What the model itself writes into its results."""
    labels = inputs[2]
    results = InstanceData(labels=labels, scores=torch.ones(len(labels)))
    head.predict_by_feat((head(*inputs),), [results])
    return results
