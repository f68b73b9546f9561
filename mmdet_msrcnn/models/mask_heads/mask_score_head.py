"""Head that learns the mask score itself, on what it will rank."""

import torch
from mmcv.cnn import Linear
from mmdet.structures.bbox import get_box_tensor
from mmdet.utils import ConfigType, InstanceList, OptMultiConfig
from mmengine.config import ConfigDict
from torch import Tensor

from mmdet_msrcnn.models.checks import build
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import DETECTIONS
from mmdet_msrcnn.models.mask_heads.conv_mask_scorer import (
    INIT_CFG,
    ConvMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.targets.detection_target import (
    detection_targets,
    rank_features,
)
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskScoreHead(ConvMaskScorer):
    """Head that predicts the MaskIoU and the mask score itself.

    Where the paper multiplies class score and MaskIoU, this head is given
    the class score, and how much a better detection overlaps, and predicts
    how likely the detection is a true positive, averaged over COCO's IoU
    thresholds. It is trained on the detector's own detections, as they are
    ranked at test, poor masks, false positives and duplicates included.
    docs/better_score.md shows the gain.

    Args:
        target_classes (str): 'true', the class that was detected. Defaults
            to 'true'.
        loss_score (:obj:`ConfigDict` or dict): Config of the loss of the
            mask score, which takes logits and targets in [0, 1].
        init_cfg (:obj:`ConfigDict` or dict or list[:obj:`ConfigDict` or \
            dict], optional): Initialization; that of :class:`MaskIoUHead` by
            default.
        **kwargs: Arguments of :class:`ConvMaskScorer`. Detections with a
            MaskIoU of 0 train too; their target is 0.

    Raises:
        ValueError: If ``target_classes`` is not 'true', or ``loss_iou`` has
            a tau other than 0.
    """

    trained_on = DETECTIONS
    predicts = ('mask_ious', 'mask_scores')
    logs = (
        'loss_mask_iou',
        'loss_mask_score',
        'mask_iou_target',
        'mask_score_target',
        'mask_iou_samples',
    )
    num_context_features = 2

    def __init__(
        self,
        target_classes: str = 'true',
        loss_score: ConfigType = dict(  # noqa: B006 - mmdet's config style
            type='mmdet.CrossEntropyLoss', use_sigmoid=True
        ),
        init_cfg: OptMultiConfig = (
            *INIT_CFG,
            dict(type='Normal', std=0.01, override=dict(name='fc_mask_score')),
        ),
        **kwargs,
    ) -> None:
        super().__init__(init_cfg=init_cfg, **kwargs)
        if target_classes != 'true':
            raise ValueError(
                "mask_iou_head.target_classes must be 'true', got "
                f'{target_classes!r}: this head is trained on '
                'detections, each for the class that was detected.'
            )
        if self.loss_iou.tau != 0:
            raise ValueError(
                'mask_iou_head.loss_iou.tau must be 0, got '
                f'{self.loss_iou.tau}: this head is trained on all detections.'
            )
        self.loss_score = build('mask_iou_head.loss_score', loss_score)

    def _init_layers(self, *args) -> None:
        super()._init_layers(*args)
        out = self.fc_mask_iou
        self.fc_mask_score = Linear(out.in_features, out.out_features)

    def context(self, results_list: InstanceList) -> Tensor:
        """Compute what :meth:`forward` takes of detections besides masks.

        Args:
            results_list (list[:obj:`InstanceData`]): ``bboxes``, ``scores``
                and ``labels`` of the detections of each image.

        Returns:
            Tensor: See :func:`rank_features`, shape (K, 2).
        """
        return torch.cat(
            [
                rank_features(get_box_tensor(r.bboxes), r.scores, r.labels)
                for r in results_list
            ]
        )

    def forward(
        self,
        mask_feats: Tensor,
        mask_probs: Tensor,
        labels: Tensor,
        context: Tensor | None = None,
    ) -> Tensor:
        """Predict MaskIoU and mask score for every class.

        Args:
            mask_feats (Tensor): See :meth:`BaseMaskScorer.forward`.
            mask_probs (Tensor): See there.
            labels (Tensor): See there.
            context (Tensor): See :meth:`context`, shape (K, 2).

        Returns:
            Tensor: Unbounded MaskIoU and logit of the mask score, shape
            (K, num_classes, 2), or (K, 1, 2) where class-agnostic.
        """
        x = self._extract_feat(mask_feats, mask_probs, labels, context)
        return torch.stack([self.fc_mask_iou(x), self.fc_mask_score(x)], -1)

    def decode(self, preds: Tensor) -> tuple[Tensor, ...]:
        """Bring predictions into their ranges.

        Args:
            preds (Tensor): Of the own class of each RoI, shape (K, 2).

        Returns:
            tuple[Tensor]: MaskIoU in [0, 1] and mask score in (0, 1), which
            is no product, each of shape (K, ).
        """
        mask_ious, logits = preds.unbind(-1)
        return mask_ious.clamp(0, 1), logits.sigmoid()

    def loss_and_target(
        self,
        preds: Tensor,
        mask_probs: Tensor,
        samples: InstanceList,
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict:
        """Compute the losses of the detections of a batch, and their targets.

        Args:
            preds (Tensor): Output of :meth:`forward`.
            mask_probs (Tensor): As in :meth:`forward`, for the classes that
                were detected.
            samples (list[:obj:`InstanceData`]): Detections of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.
            batch_gt_instances_ignore (list[:obj:`InstanceData` or None]):
                Regions of each image in which detections do not train.
            rcnn_train_cfg (:obj:`ConfigDict`): ``train_cfg`` of the RoI head;
                ``mask_thr_binary`` is the probability threshold.

        Returns:
            dict: ``loss_mask_iou`` (dict) for the log: both losses, averaged
            over the detections that train, their mean targets and number;
            ``mask_iou_targets`` and ``mask_score_targets`` (Tensor) of shape
            (K, ).
        """
        labels = torch.cat([dets.labels for dets in samples])
        probs = select_by_label(mask_probs, labels)
        targets = [
            detection_targets(
                image_probs, *image, rcnn_train_cfg.mask_thr_binary
            )
            for image_probs, *image in zip(
                probs.split([len(dets) for dets in samples]),
                samples,
                batch_gt_instances,
                batch_gt_instances_ignore,
                strict=True,
            )
        ]
        ious, scores, trained = map(torch.cat, zip(*targets, strict=True))
        mask_iou_preds, logits = select_by_label(preds, labels).unbind(-1)
        count = trained.sum()
        log = dict(
            loss_mask_iou=self.loss_iou(
                mask_iou_preds, ious, weight=trained, avg_factor=count
            ),
            loss_mask_score=self.loss_score(
                logits.float(),
                scores,
                weight=trained.float(),
                avg_factor=count.clamp(min=1),
            ),
            mask_iou_target=(ious * trained).sum() / count.clamp(min=1),
            mask_score_target=(scores * trained).sum() / count.clamp(min=1),
            mask_iou_samples=count.float(),
        )
        return dict(
            loss_mask_iou=log, mask_iou_targets=ious, mask_score_targets=scores
        )
