"""Parameters and multiply-accumulates of the heads per RoI."""

import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmdet_msrcnn.registry import MODELS


def cost(module: nn.Module, *inputs: torch.Tensor) -> dict:
    """Count the parameters and multiply-accumulates of a forward pass.

    Args:
        module (nn.Module): Module to count.
        *inputs (Tensor): Its inputs for one RoI.

    Returns:
        dict: ``parameters`` (int) and ``gmac`` (float) of one RoI.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    # One multiply-accumulate is two operations.
    macs = counter.get_total_flops() / 2
    parameters = sum(p.numel() for p in module.parameters())
    return dict(parameters=parameters, gmac=macs / 1e9)


def head_costs(roi_head: ConfigDict) -> dict[str, dict]:
    """Count the cost of the mask head and of the MaskIoU head, if any.

    Args:
        roi_head (:obj:`ConfigDict`): Config of a RoI head with one stage.

    Returns:
        dict[str, dict]: ``mask_head`` and ``mask_iou_head``, see
        :func:`cost`.
    """
    init_default_scope('mmdet')
    mask_head = MMDET_MODELS.build(roi_head.mask_head)
    size = mask_head.roi_feat_size
    feats = torch.randn(1, mask_head.in_channels, *size)
    costs = dict(mask_head=cost(mask_head, feats))
    if 'mask_iou_head' in roi_head:
        mask_probs = mask_head(feats).detach().sigmoid()
        cfg = dict(roi_head.mask_iou_head, num_classes=mask_probs.shape[1])
        costs['mask_iou_head'] = scorer_cost(cfg, mask_probs)
    return costs


def scorer_cost(cfg: dict, mask_probs: torch.Tensor) -> dict:
    """Count the cost of a scorer.

    Args:
        cfg (dict): Config of the scorer.
        mask_probs (Tensor): Masks of one RoI, shape (1, num_classes or 1, h,
            w).

    Returns:
        dict: See :func:`cost`.
    """
    head = MODELS.build(cfg)
    size = head.roi_feat_size, head.roi_feat_size
    feats = torch.randn(1, head.in_channels, *size)
    labels = torch.tensor([0])
    detection = InstanceData(
        bboxes=torch.rand(1, 4), scores=torch.rand(1), labels=labels
    )
    return cost(head, feats, mask_probs, labels, head.context([detection]))


def head_gmacs(model: ConfigDict) -> dict[str, float]:
    """Return GMACs of the heads of a model by name.

    Args:
        model (:obj:`ConfigDict`): Config of a model with a RoI head, or of a
            :class:`MaskScoredDetector`.

    Returns:
        dict[str, float]: ``mask_head_gmac`` if there is a RoI head, and
        ``mask_iou_head_gmac`` if there is a scorer.
    """
    if 'detector' in model:
        size = model.get('mask_size', 28)
        masks = torch.rand(1, 1, size, size)
        costs = dict(mask_iou_head=scorer_cost(model.mask_iou_head, masks))
    else:
        costs = head_costs(model.roi_head)
    return {f'{name}_gmac': value['gmac'] for name, value in costs.items()}
