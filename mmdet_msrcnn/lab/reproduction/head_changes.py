"""Changes of a config's MaskIoU head that define the variants."""

from mmengine.config import Config

# Keys of the MaskIoU head that an ablation changes.
ABLATED = ('fusion', 'target_classes', 'loss_iou')


def ablate(cfg: Config, ablation: Config) -> None:
    """Set the MaskIoU head of an ablation in a config; keep the width.

    Args:
        cfg (Config): Changed in place.
        ablation (Config): Config of the ablation, of the same family.
    """
    roi_head, other = cfg.model.roi_head, ablation.model.roi_head
    head = roi_head.mask_iou_head
    for key in ABLATED:
        if key in other.mask_iou_head:
            head[key] = other.mask_iou_head[key]
    extractor = other.get('mask_iou_roi_extractor')
    if extractor is not None:
        head.roi_feat_size = other.mask_iou_head.roi_feat_size
        extractor = dict(extractor, out_channels=head.in_channels)
        roi_head.mask_iou_roi_extractor = extractor


def use_maskness(cfg: Config) -> None:
    """Replace the MaskIoU head by maskness, which costs nothing."""
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head = dict(
        type='mmdet_msrcnn.MasknessHead',
        in_channels=roi_head.mask_iou_head.in_channels,
    )


def use_faithful_head(cfg: Config) -> None:
    """Use the paper's head: class score x MaskIoU, trained on positives."""
    roi_head = cfg.model.roi_head
    roi_head.type = 'mmdet_msrcnn.MaskScoringRoIHead'
    roi_head.mask_iou_head.type = 'mmdet_msrcnn.MaskIoUHead'


def use_mmdet_head(cfg: Config) -> None:
    """Use mmdet's own heads, with their targets, instead of ours."""
    use_mmdet_mask_head(cfg)
    roi_head = cfg.model.roi_head
    roi_head.type = 'MaskScoringRoIHead'
    head = roi_head.mask_iou_head
    head.type = 'MaskIoUHead'
    head.num_classes = roi_head.mask_head.num_classes
    # mmdet's default is the same loss: MSELoss with weight 0.5.
    del head['loss_iou']


def use_mmdet_mask_head(cfg: Config) -> None:
    """Use mmdet's own mask head instead of ours."""
    cfg.model.roi_head.mask_head.type = 'FCNMaskHead'
