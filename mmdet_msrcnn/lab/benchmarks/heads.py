"""Forward passes of the mask head and of the MaskIoU heads."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.lab.benchmarks.detectors import IN_TREE, OURS, detectors
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import time_in_turn
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.registry import MODELS

NUM_ROIS = 128
BF16 = f'{OURS}, bf16 autocast'
PLUS = f'{OURS}+'

COLUMNS = (
    Column('128 RoIs', 'head'),
    Column('ms', 'seconds', 1, 1e3),
    Column('ratio to the mask head', 'ratio', 3),
    Column('largest difference', 'difference', 5),
)


@torch.no_grad()
def measure_heads(
    ms_rcnn: Path, mask_rcnn: Path, device: str, repeats: int
) -> list[dict]:
    """Time the heads on 128 RoIs.

    Args:
        ms_rcnn (Path): Config of our MS R-CNN.
        mask_rcnn (Path): Config of its Mask R-CNN twin.
        device (str): Device.
        repeats (int): Timed calls.

    Returns:
        list[dict]: A row per head: ``head`` (str), ``seconds`` (float),
        ``ratio`` (float) to the mask head, and ``difference`` (float), the
        largest difference in predicted MaskIoU to our head in fp32.
    """
    found = detectors(ms_rcnn, mask_rcnn, device)
    heads = {name: model.roi_head for name, model in found.items()}
    ours, in_tree = heads[OURS].mask_iou_head, heads[IN_TREE].mask_iou_head
    size = ours.roi_feat_size
    feats = torch.randn(NUM_ROIS, ours.in_channels, size, size, device=device)
    feats = feats.relu()
    mask_head = heads[OURS].mask_head
    mask_preds = mask_head(feats)
    labels = torch.randint(ours.num_classes, (NUM_ROIS,), device=device)

    def probs() -> Tensor:
        return select_by_label(mask_preds, labels)[:, None].sigmoid()

    def predict() -> Tensor:
        return ours(feats, probs(), labels)

    def predict_bf16() -> Tensor:
        with torch.autocast(feats.device.type, torch.bfloat16):
            return predict()

    cfg = Config.fromfile(ms_rcnn).model.roi_head.mask_iou_head
    cfg.update(type='mmdet_msrcnn.MaskScoreHead', num_classes=ours.num_classes)
    plus = MODELS.build(cfg).to(device).eval()
    detections = InstanceData(
        bboxes=torch.rand(NUM_ROIS, 4, device=device) * 800,
        scores=torch.rand(NUM_ROIS, device=device),
        labels=labels,
    )

    def score() -> Tensor:
        return plus(feats, probs(), labels, plus.context([detections]))

    functions = {
        'mask head': lambda: mask_head(feats),
        IN_TREE: lambda: in_tree(feats, select_by_label(mask_preds, labels)),
        OURS: predict,
        BF16: predict_bf16,
        PLUS: score,
    }
    seconds = time_in_turn(functions, repeats)
    expected = select_by_label(predict(), labels)
    rows = []
    for name, function in functions.items():
        row = dict(
            head=name,
            seconds=seconds[name],
            ratio=seconds[name] / seconds['mask head'],
        )
        if name not in ('mask head', PLUS):
            preds = select_by_label(function().float(), labels)
            row['difference'] = (preds - expected).abs().max().item()
        rows.append(row)
    return rows
