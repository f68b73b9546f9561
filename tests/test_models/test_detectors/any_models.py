"""Small versions of mmdet's instance segmentation models."""

from pathlib import Path

import mmdet
import torch
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from torch import nn

from mmdet_msrcnn.apis.mask_scored_config import scored_model

CONFIGS = Path(mmdet.__file__).parent / '.mim/configs'
MODEL_CONFIGS = {
    'MaskRCNN': 'mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py',
    'CascadeRCNN': 'cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py',
    'HybridTaskCascade': 'htc/htc_r50_fpn_1x_coco.py',
    'PointRend': 'point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py',
    'QueryInst': 'queryinst/queryinst_r50_fpn_1x_coco.py',
    'SCNet': 'scnet/scnet_r50_fpn_1x_coco.py',
    'CondInst': 'condinst/condinst_r50_fpn_ms-poly-90k_coco_instance.py',
    'SOLOv2': 'solov2/solov2-light_r18_fpn_ms-3x_coco.py',
    'YOLACT': 'yolact/yolact_r50_1xb8-55e_coco.py',
    'RTMDet': 'rtmdet/rtmdet-ins_tiny_8xb32-300e_coco.py',
    'Mask2Former': 'mask2former/mask2former_r50_8xb2-lsj-50e_coco.py',
    'MaskScoringRCNN': 'ms_rcnn/ms-rcnn_r50-caffe_fpn_1x_coco.py',
}
# Widths to divide, by their names in the configs.
WIDTHS = {
    'in_channels',
    'out_channels',
    'feat_channels',
    'conv_out_channels',
    'out_conv_channels',
    'fc_out_channels',
    'embed_dims',
    'feedforward_channels',
    'proposal_feature_channel',
    'num_feats',
}
LIMITS = {'max_per_img': 10, 'max_per_image': 10, 'nms_pre': 50}


def narrow(value: object, key: str = '') -> object:
    """Divide all widths of a config by 8."""
    if isinstance(value, dict):
        return ConfigDict({k: narrow(v, k) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return [narrow(v, key) for v in value]
    if key in WIDTHS and isinstance(value, int) and value >= 64:
        return value // 8
    return value


def keep_all(test_cfg: dict) -> None:
    """Let even random weights detect something, but not much."""
    for key, value in test_cfg.items():
        if isinstance(value, dict):
            keep_all(value)
        elif key in ('score_thr', 'filter_thr'):
            test_cfg[key] = 0.0
        elif key in LIMITS:
            test_cfg[key] = min(value, LIMITS[key])


def shrink_point_rend(model: ConfigDict) -> None:
    model.test_cfg.rcnn.update(subdivision_steps=2, subdivision_num_points=49)


def shrink_query_inst(model: ConfigDict) -> None:
    # Its results have as many boxes as it has proposals.
    model.rpn_head.num_proposals = 10
    model.test_cfg.rcnn.max_per_img = 10


def shrink_solov2(model: ConfigDict) -> None:
    model.mask_head.mask_feature_head.norm_cfg.num_groups = 4
    model.mask_head.num_grids = [8, 8, 4, 4, 2]


SHRINK = {
    'PointRend': shrink_point_rend,
    'QueryInst': shrink_query_inst,
    'SOLOv2': shrink_solov2,
}


def small_model(name: str) -> ConfigDict:
    """Return the config of a small model of this class."""
    model = Config.fromfile(CONFIGS / MODEL_CONFIGS[name]).model
    # The widths of RTMDet follow a factor.
    if name != 'RTMDet':
        model = narrow(model)
        model.backbone.base_channels = 8
    model.backbone.init_cfg = None
    keep_all(model.test_cfg)
    SHRINK.get(name, lambda _: None)(model)
    return model


def build_small(name: str, num_classes: int | None = None) -> nn.Module:
    """Build a small detector with random weights, in eval mode."""
    init_default_scope('mmdet')
    torch.manual_seed(0)
    cfg = small_model(name)
    if num_classes:
        cfg.bbox_head.num_classes = num_classes
    detector = MODELS.build(cfg)
    detector.init_weights()
    return detector.eval()


def scored(name: str, **changes) -> ConfigDict:
    """Config of a mask score for a small model."""
    init_default_scope('mmdet')
    cfg = ConfigDict(scored_model(small_model(name)))
    cfg.mask_iou_head.update(conv_out_channels=8, fc_out_channels=16)
    cfg.update(changes)
    return cfg


def save(path: Path, **content) -> str:
    """Write a checkpoint and return its path."""
    torch.save(content, path)
    return str(path)
