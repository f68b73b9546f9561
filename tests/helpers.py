"""Small models and scenes for tests."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target

ROOT = Path(__file__).parents[1]
MS_RCNN = ROOT / 'configs/ms_rcnn/ms-rcnn_r18_fpn_18e_coco.py'
PLUS = ROOT / 'configs/ms_rcnn_plus/ms-rcnn-plus_r18_fpn_18e_coco.py'
MASK_RCNN = ROOT / 'configs/mask_rcnn/mask-rcnn_r18_fpn_18e_coco.py'
PLUS_LOGS = {
    'loss_mask_iou',
    'loss_mask_score',
    'mask_iou_target',
    'mask_score_target',
    'mask_iou_samples',
}
CHANNELS = 16


def squeezed(markdown: str) -> str:
    """Markdown without the spaces that align the columns of a table."""
    return re.sub(' +', ' ', markdown)


def load_tool(name: str) -> ModuleType:
    """Import a script of ``tools``."""
    spec = importlib.util.spec_from_file_location(
        name, ROOT / f'tools/{name}.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small_config(path: Path = MS_RCNN, num_classes: int = 3) -> Config:
    """Shrink a config to a model of a few thousand parameters.

    Nothing is thresholded away at test, so that there are detections.
    """
    cfg = Config.fromfile(path)
    model = cfg.model
    model.backbone.update(base_channels=8, init_cfg=None, frozen_stages=-1)
    model.neck.update(in_channels=[8, 16, 32, 64], out_channels=CHANNELS)
    model.rpn_head.update(in_channels=CHANNELS, feat_channels=CHANNELS)
    roi_head = model.roi_head
    roi_head.bbox_roi_extractor.out_channels = CHANNELS
    roi_head.mask_roi_extractor.out_channels = CHANNELS
    roi_head.bbox_head.update(
        in_channels=CHANNELS, fc_out_channels=32, num_classes=num_classes
    )
    roi_head.mask_head.update(
        in_channels=CHANNELS,
        conv_out_channels=CHANNELS,
        num_classes=num_classes,
    )
    if 'mask_iou_head' in roi_head:
        roi_head.mask_iou_head.update(
            in_channels=CHANNELS,
            conv_out_channels=CHANNELS,
            fc_out_channels=32,
        )
    model.train_cfg.rcnn.sampler.num = 32
    model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=10)
    model.test_cfg.rcnn.nms = dict(type='nms', iou_threshold=0.5)
    model.test_cfg.rpn.update(nms_pre=100, max_per_img=50)
    return cfg


def build_model(cfg: Config) -> torch.nn.Module:
    """Build the detector of a config under mmdet's scope."""
    torch.manual_seed(0)
    model = build_detector(cfg)
    model.init_weights()
    return model


def ellipse_masks(
    num: int, height: int, width: int, seed: int = 0
) -> np.ndarray:
    """Draw filled ellipses with a hole: uint8 of shape (num, H, W)."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((num, height, width), np.uint8)
    for mask in masks:
        axes = rng.integers(8, min(height, width) // 3, 2)
        center = rng.integers(axes.max(), (width, height) - axes.max() + 1)
        angle = int(rng.integers(180))
        for scale, value in ((1, 1), (0.35, 0)):
            size = tuple(int(a) for a in np.maximum(axes * scale, 1))
            cv2.ellipse(mask, center.tolist(), size, angle, 0, 360, value, -1)
    assert masks.any(axis=(1, 2)).all()
    return masks


def boxes_of(masks: np.ndarray) -> torch.Tensor:
    """Tight boxes of masks, shape (N, 4)."""
    boxes = []
    for mask in masks:
        ys, xs = np.nonzero(mask)
        boxes.append([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)


def jitter(boxes: torch.Tensor, scale: float, seed: int = 0) -> torch.Tensor:
    """Move box edges by up to ``scale`` of the box size."""
    generator = torch.Generator().manual_seed(seed)
    size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    noise = torch.rand(boxes.shape, generator=generator) * 2 - 1
    return boxes + noise * scale * size


def imperfect_probs(
    masks: np.ndarray, boxes: torch.Tensor, size: int = 28, seed: int = 0
) -> torch.Tensor:
    """Mask predictions of varied quality, shape (K, size, size).

    The ground truth inside each box is dilated, eroded or shifted, and
    blurred.
    """
    rng = np.random.default_rng(seed)
    probs = []
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.tolist(), strict=True):
        scale = np.array([size / (x2 - x1), size / (y2 - y1)])
        matrix = np.array(
            [[scale[0], 0, -x1 * scale[0]], [0, scale[1], -y1 * scale[1]]]
        )
        matrix[:, 2] += (scale - 1) / 2
        crop = cv2.warpAffine(
            mask.astype(np.float32), matrix, (size, size), flags=cv2.INTER_AREA
        )
        kernel = np.ones((rng.integers(1, 4), rng.integers(1, 4)), np.uint8)
        crop = (cv2.erode, cv2.dilate)[rng.integers(2)](crop, kernel)
        crop = np.roll(crop, rng.integers(-3, 4, 2), (0, 1))
        probs.append(cv2.GaussianBlur(crop, (5, 5), 1.0))
    return torch.from_numpy(np.stack(probs)).clamp(0, 1)


def box_polygons(masks: np.ndarray) -> PolygonMasks:
    """Boxes of masks of shape (N, H, W) as polygons."""
    corners = boxes_of(masks).numpy()[:, [0, 1, 2, 1, 2, 3, 0, 3]]
    return PolygonMasks([[c] for c in corners], *masks.shape[1:])


def iou_target(
    probs: torch.Tensor,
    boxes: torch.Tensor,
    gt_inds: torch.Tensor,
    gt_masks: torch.Tensor,
    mask_thr: float = 0.5,
) -> torch.Tensor:
    """``mask_iou_target`` for a tensor of masks, shape (N, H, W)."""
    masks = BitmapMasks(gt_masks.numpy(), *gt_masks.shape[1:])
    gt = pack_gt_masks(masks, boxes.device)
    return mask_iou_target(probs, boxes, gt_inds, gt, mask_thr)


def sampling_result(
    boxes: torch.Tensor, gt_inds: torch.Tensor, labels: torch.Tensor
) -> SimpleNamespace:
    """What the heads read of a SamplingResult, positives alone."""
    return SimpleNamespace(
        pos_priors=boxes,
        pos_assigned_gt_inds=gt_inds,
        pos_gt_labels=labels,
        priors=boxes,
    )


def scene(
    num: int = 3,
    size: tuple[int, int] = (64, 96),
    num_classes: int = 3,
    seed: int = 0,
    scale_factor: tuple[float, float] = (1.0, 1.0),
) -> dict:
    """One image with ellipses, as a detector's ``data_preprocessor`` eats.

    It has the given size after it was scaled by the factors of x and y.
    """
    height, width = size
    ori_shape = round(height / scale_factor[1]), round(width / scale_factor[0])
    generator = torch.Generator().manual_seed(seed)
    masks = (
        ellipse_masks(num, height, width, seed)
        if num
        else np.zeros((0, height, width), np.uint8)
    )
    sample = DetDataSample(
        metainfo=dict(
            img_id=seed,
            img_shape=size,
            ori_shape=ori_shape,
            scale_factor=scale_factor,
            batch_input_shape=size,
            pad_shape=size,
        )
    )
    sample.gt_instances = InstanceData(
        bboxes=boxes_of(masks),
        labels=torch.randint(num_classes, (num,), generator=generator),
        masks=BitmapMasks(masks, height, width),
    )
    sample.ignored_instances = InstanceData(
        bboxes=torch.zeros(0, 4),
        labels=torch.zeros(0, dtype=torch.long),
        masks=BitmapMasks(np.zeros((0, height, width)), height, width),
    )
    noise = torch.rand((3, *size), generator=generator) * 60
    img = noise + 120 * torch.from_numpy(masks.max(0, initial=0)).float()
    return dict(inputs=img.to(torch.uint8), data_samples=sample)


def collate(*scenes: dict) -> dict:
    """Put scenes into one batch."""
    return dict(
        inputs=[one['inputs'] for one in scenes],
        data_samples=[one['data_samples'] for one in scenes],
    )


def losses_of(model: torch.nn.Module, batch: dict) -> dict:
    """Forward a batch in training mode and return its losses."""
    data = model.data_preprocessor(batch, training=True)
    return model(**data, mode='loss')


class Hostile:
    """An object whose unpickling leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)
