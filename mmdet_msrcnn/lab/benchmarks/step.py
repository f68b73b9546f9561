"""Training steps of Mask R-CNN, mmdet's MS R-CNN and ours."""

from pathlib import Path

import torch
from mmdet.models.detectors.base import BaseDetector
from mmengine.optim import OptimWrapper
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.lab.benchmarks.detectors import (
    IN_TREE,
    MASK_RCNN,
    OURS,
    detectors,
)
from mmdet_msrcnn.lab.benchmarks.scenes import (
    Scene,
    Source,
    load_images,
    make_scene,
)
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import means, time_in_turn

COLUMNS = (
    Column('masks', 'masks'),
    *(Column(f'{name}, s', name, 3) for name in (MASK_RCNN, IN_TREE, OURS)),
    Column('ours / mmdet', 'to_mmdet', 3),
    Column('ours / Mask R-CNN', 'to_mask_rcnn', 3),
    Column('positives', 'positives', 0),
)


def add_proposals(model: BaseDetector, boxes: Tensor) -> None:
    """Add boxes in front of the region proposals of a detector.

    The proposals of an untrained model have few positives.

    Args:
        model (:obj:`BaseDetector`): Two-stage detector, changed in place.
        boxes (Tensor): Shape (K, 4).
    """
    cls = type(model.rpn_head)

    def loss_and_predict(*args, **kwargs) -> tuple:
        losses, (found,) = cls.loss_and_predict(
            model.rpn_head, *args, **kwargs
        )
        bboxes = torch.cat([boxes.to(found.bboxes), found.bboxes])
        results = InstanceData(
            bboxes=bboxes,
            scores=bboxes.new_ones(len(bboxes)),
            labels=bboxes.new_zeros(len(bboxes), dtype=torch.long),
        )
        return losses, [results]

    model.rpn_head.loss_and_predict = loss_and_predict


def train_steps(models: dict[str, BaseDetector], scene: Scene) -> dict:
    """Set up one training step of each detector on an image."""
    steps = {}
    for name, model in models.items():
        add_proposals(model.train(), scene.boxes)
        # A learning rate of 0 takes as long and keeps the weights finite.
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9)
        wrapper = OptimWrapper(optimizer)
        steps[name] = lambda model=model, wrapper=wrapper: model.train_step(
            scene.batch, wrapper
        )
    return steps


def measure_steps(
    ms_rcnn: Path, mask_rcnn: Path, source: Source, device: str, repeats: int
) -> list[dict]:
    """Time training steps with 128 positives per image.

    Args:
        ms_rcnn (Path): Config of our MS R-CNN.
        mask_rcnn (Path): Config of its Mask R-CNN twin.
        source (Source): Images.
        device (str): Device.
        repeats (int): Timed steps for each image.

    Returns:
        list[dict]: For bitmaps and polygons: ``masks`` (str); under the name
        of each detector the mean over images of its median seconds (float);
        ``to_mmdet`` and ``to_mask_rcnn`` (float), our time over theirs; and
        ``positives`` (float) per step.
    """
    models = detectors(ms_rcnn, mask_rcnn, device)
    rows = []
    for masks in ('bitmap', 'polygon'):
        times, positives = [], []
        for batch in load_images(source, polygons=masks == 'polygon'):
            # More than the sampler selects.
            scene = make_scene(batch, num_pos=256)
            steps = train_steps(models, scene)
            times.append(time_in_turn(steps, repeats))
            positives.append(float(steps[OURS]()['mask_iou_samples']))
        if times:
            row = means(times)
            ours = row[OURS]
            row['to_mmdet'] = ours / row[IN_TREE]
            row['to_mask_rcnn'] = ours / row[MASK_RCNN]
            row['positives'] = sum(positives) / len(positives)
            rows.append(dict(masks=masks, **row))
    return rows
