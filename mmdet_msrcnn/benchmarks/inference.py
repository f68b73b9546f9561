"""What mask scoring adds to the detection of an image."""

from collections.abc import Sequence
from pathlib import Path

import torch
from mmcv.transforms import Compose
from mmdet.registry import MODELS
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from mmdet_msrcnn.benchmarks.timing import time_in_turn
from mmdet_msrcnn.reproduction.protocols import use_mmdet_head

MASK_RCNN, IN_TREE, OURS = 'Mask R-CNN', "mmdet's MS R-CNN", 'MS R-CNN'


def build(cfg: Config) -> nn.Module:
    """Build a detector that finds as many objects as it may.

    Its weights are random, but for a bias that makes one class likely, so
    that box NMS has the boxes of a busy image.
    """
    init_default_scope('mmdet')
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    nn.init.constant_(model.roi_head.bbox_head.fc_cls.bias[:1], 5)
    return model.eval()


def models(ms_rcnn: Path, mask_rcnn: Path) -> dict[str, nn.Module]:
    """Mask R-CNN, mmdet's MS R-CNN and ours, with the same weights.

    Args:
        ms_rcnn (Path): Config of our MS R-CNN.
        mask_rcnn (Path): Config of its Mask R-CNN twin.

    Returns:
        dict[str, nn.Module]: Detectors by name.
    """
    in_tree = Config.fromfile(ms_rcnn)
    use_mmdet_head(in_tree)
    ours = build(Config.fromfile(ms_rcnn))
    found = {
        MASK_RCNN: build(Config.fromfile(mask_rcnn)),
        IN_TREE: build(in_tree),
        OURS: ours,
    }
    for model in found.values():
        model.load_state_dict(ours.state_dict(), strict=False)
    return found


@torch.no_grad()
def inference(
    ms_rcnn: Path,
    mask_rcnn: Path,
    images: Sequence[Path],
    device: str = 'cpu',
    repeats: int = 3,
) -> list[dict]:
    """Time the detectors on images, without loading them.

    Args:
        ms_rcnn (Path): Config of our MS R-CNN.
        mask_rcnn (Path): Config of its Mask R-CNN twin.
        images (Sequence[Path]): Image files.
        device (str): Device. Defaults to 'cpu'.
        repeats (int): Timed detections of each image. Defaults to 3.

    Returns:
        list[dict]: A row per detector: ``model`` (str), ``seconds`` (float)
        per image, mean over images of the median, ``ratio`` (float) to Mask
        R-CNN, and ``detections`` (float) per image.
    """
    pipeline = get_test_pipeline_cfg(Config.fromfile(ms_rcnn))
    load = Compose([t for t in pipeline if 'LoadAnnotations' not in t.type])
    detectors = models(ms_rcnn, mask_rcnn)
    seconds = dict.fromkeys(detectors, 0.0)
    detections = dict.fromkeys(detectors, 0)
    for model in detectors.values():
        model.to(device)
    for image in images:
        sample = load(dict(img_path=str(image), img_id=0))
        batch = dict(
            inputs=[sample['inputs']], data_samples=[sample['data_samples']]
        )

        def detect(name: str, batch: dict = batch) -> None:
            (result,) = detectors[name].test_step(batch)
            detections[name] = detections[name] + len(result.pred_instances)

        timed = time_in_turn(
            {name: lambda name=name: detect(name) for name in detectors},
            repeats,
        )
        for name, value in timed.items():
            seconds[name] += value / len(images)
    calls = len(images) * (repeats + 1)
    return [
        dict(
            model=name,
            seconds=seconds[name],
            ratio=seconds[name] / seconds[MASK_RCNN],
            detections=detections[name] / calls,
        )
        for name in detectors
    ]
