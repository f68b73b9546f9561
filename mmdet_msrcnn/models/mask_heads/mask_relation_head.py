"""Head that learns the mask score from all detections of an image."""

import torch
from mmcv.cnn import Linear
from mmdet.structures.bbox import get_box_tensor
from mmdet.utils import InstanceList, OptMultiConfig
from torch import Tensor, nn

from mmdet_msrcnn.models.checks import check_range
from mmdet_msrcnn.models.mask_heads.conv_mask_scorer import INIT_CFG
from mmdet_msrcnn.models.mask_heads.mask_score_head import MaskScoreHead
from mmdet_msrcnn.models.mask_heads.relations import (
    NUM_HEADS,
    RelationLayer,
    nearest,
    pair_features,
)
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskRelationHead(MaskScoreHead):
    """Mask score head that also sees the other detections of the image.

    Whether a detection is a duplicate, a part or two objects in one depends
    on its neighbours. Their features, relative boxes, mask IoUs, classes and
    class scores correct the mask score. The order of the detections and
    their number make no difference, nor do the other images of a batch.

    Args:
        num_relations (int): Number of :class:`RelationLayer`. Defaults to 2.
        num_neighbors (int): Detections that each one attends to: those that
            overlap most or are nearest, itself included. Defaults to 16.
        relation_channels (int): Channels of a detection in these layers, a
            multiple of 4. Defaults to 64.
        init_cfg (:obj:`ConfigDict` or dict or list[:obj:`ConfigDict` or \
            dict], optional): Initialization; that of :class:`MaskScoreHead`
            by default, with neighbours that make no difference yet.
        **kwargs: Arguments of :class:`MaskScoreHead`.

    Raises:
        ValueError: If an argument is out of range.
    """

    # The features of MaskScoreHead, the box, and the position in the image.
    num_context_features = 7

    def __init__(
        self,
        num_relations: int = 2,
        num_neighbors: int = 16,
        relation_channels: int = 64,
        init_cfg: OptMultiConfig = (
            *INIT_CFG,
            dict(type='Normal', std=0.01, override=dict(name='fc_correction')),
            dict(type='Constant', val=0, override=dict(name='fc_relation')),
        ),
        **kwargs,
    ) -> None:
        check_range('mask_iou_head.num_relations', num_relations, 1)
        check_range('mask_iou_head.num_neighbors', num_neighbors, 1)
        check_range('mask_iou_head.relation_channels', relation_channels, 4)
        if relation_channels % NUM_HEADS:
            raise ValueError(
                'mask_iou_head.relation_channels must be a multiple of '
                f'{NUM_HEADS}, got {relation_channels}'
            )
        super().__init__(init_cfg=init_cfg, **kwargs)
        self.num_neighbors = num_neighbors
        width = self.fc_mask_iou.in_features + self.num_fc_features + 1
        self.fc_detection = Linear(width, relation_channels)
        self.relations = nn.ModuleList(
            RelationLayer(relation_channels) for _ in range(num_relations)
        )
        self.norm = nn.LayerNorm(relation_channels)
        self.fc_relation = Linear(relation_channels, 1)

    @property
    def num_fc_features(self) -> int:
        """Columns of :meth:`context` that the first fc layer reads."""
        return super().num_context_features

    def context(self, results_list: InstanceList) -> Tensor:
        """Compute the features that the head uses in addition to masks.

        Args:
            results_list (list[:obj:`InstanceData`]): ``bboxes``, ``scores``
                and ``labels`` of the detections of each image.

        Returns:
            Tensor: Columns of :meth:`MaskScoreHead.context`, box
            (x1, y1, x2, y2), and position among the detections of the image;
            shape (K, 7).
        """
        boxes = [get_box_tensor(r.bboxes).float() for r in results_list]
        positions = [
            torch.arange(b.shape[0], device=b.device, dtype=b.dtype)
            for b in boxes
        ]
        columns = torch.cat(boxes), torch.cat(positions)[:, None]
        return torch.cat([super().context(results_list), *columns], dim=1)

    def _correct(
        self,
        x: Tensor,
        product: Tensor,
        probs: Tensor,
        labels: Tensor,
        context: Tensor,
    ) -> Tensor:
        ranks, boxes, positions = context.split([2, 4, 1], dim=1)
        # Each image begins with position 0.
        images = (positions[:, 0] == 0).cumsum(0)
        inds, valid = nearest(boxes, images, self.num_neighbors)
        masks = (probs >= 0.5).float()
        pairs = pair_features(boxes, masks, ranks[:, 0], labels, inds)
        pairs = pairs.to(x.dtype)
        y = torch.cat([x, ranks.to(x.dtype), product.to(x.dtype)], dim=1)
        y = self.relu(self.fc_detection(y))
        for relation in self.relations:
            y = relation(y, inds, valid, pairs)
        return self.fc_correction(x) + self.fc_relation(self.norm(y))
