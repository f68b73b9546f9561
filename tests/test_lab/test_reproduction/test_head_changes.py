"""Changes of the head alone; the rest of a config stays as it is."""

import pytest

from mmdet_msrcnn.lab.reproduction.head_changes import (
    ablate,
    use_faithful_head,
    use_maskness,
    use_mmdet_head,
)
from mmdet_msrcnn.models import (
    MaskIoUHead,
    MasknessHead,
    MaskScoringRoIHead,
)
from tests.helpers import MS_RCNN, PLUS, ROOT, build_model, small_config

HEADS = {
    use_maskness: (MS_RCNN, MaskScoringRoIHead, MasknessHead),
    use_faithful_head: (PLUS, MaskScoringRoIHead, MaskIoUHead),
}


def rest(cfg):
    content = cfg.to_dict()
    for key in ('mask_iou_head', 'type'):
        del content['model']['roi_head'][key]
    return content


@pytest.mark.parametrize('change', HEADS)
def test_the_head_is_replaced_and_nothing_else(change):
    config, roi_head, head = HEADS[change]
    cfg = small_config(config)
    before = rest(cfg)
    change(cfg)
    assert rest(cfg) == before
    model = build_model(cfg)
    assert type(model.roi_head) is roi_head
    assert type(model.roi_head.mask_iou_head) is head


def test_mmdets_heads_have_the_same_parameters():
    ours, theirs = small_config(), small_config()
    use_mmdet_head(theirs)
    build_model(ours).load_state_dict(
        build_model(theirs).state_dict(), strict=True
    )


def test_an_ablation_keeps_the_width():
    cfg, other = small_config(), small_config()
    other.model.roi_head.mask_iou_head.update(
        fusion='multiply', conv_out_channels=99
    )
    width = cfg.model.roi_head.mask_iou_head.conv_out_channels
    ablate(cfg, other)
    head = cfg.model.roi_head.mask_iou_head
    assert (head.fusion, head.conv_out_channels) == ('multiply', width)


def test_an_extractor_of_the_ablation_gets_the_width():
    name = 'ms-rcnn_r18_fpn_fusion-hr-roi_18e_coco.py'
    cfg, other = (
        small_config(),
        small_config(ROOT / 'configs/ablations' / name),
    )
    ablate(cfg, other)
    extractor = cfg.model.roi_head.mask_iou_roi_extractor
    head = cfg.model.roi_head.mask_iou_head
    assert extractor.out_channels == head.in_channels
    assert head.roi_feat_size == 28
