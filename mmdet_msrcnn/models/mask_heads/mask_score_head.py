"""Head that learns the mask score from the model's own detections."""

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
from mmdet_msrcnn.models.mask_heads.maskness import product_logits
from mmdet_msrcnn.models.targets.detection_target import (
    detection_targets,
    rank_features,
)
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskScoreHead(ConvMaskScorer):
    """Head that predicts the MaskIoU and the mask score itself.

    The paper multiplies class score and MaskIoU. This head instead predicts
    the probability that the detection is a true positive, averaged over
    COCO's IoU thresholds. It learns to correct class score x maskness, and
    also gets the class score and the overlap with higher-ranked detections as
    input. It is trained on the detector's own detections, as they are ranked
    at test time, including poor masks, false positives and duplicates.
    docs/better_score.md shows the gain.

    Args:
        target_classes (str): Must be 'true': the detected class is trained.
            Defaults to 'true'.
        loss_score (:obj:`ConfigDict` or dict): Config of the loss of the
            mask score, which takes logits and targets in [0, 1].
        init_cfg (:obj:`ConfigDict` or dict or list[:obj:`ConfigDict` or \
            dict], optional): Initialization; that of :class:`MaskIoUHead` by
            default.
        **kwargs: Arguments of :class:`ConvMaskScorer`. ``loss_iou.tau`` must
            be 0: detections with MaskIoU 0 are kept; their target is 0.

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
            dict(type='Normal', std=0.01, override=dict(name='fc_correction')),
        ),
        **kwargs,
    ) -> None:
        super().__init__(init_cfg=init_cfg, **kwargs)
        if target_classes != 'true':
            raise ValueError(
                "mask_iou_head.target_classes must be 'true', got "
                f'{target_classes!r}: this head is trained on the '
                'detected class of each detection.'
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
        # Added to the logit of the product
        self.fc_correction = Linear(out.in_features, out.out_features)

    def context(self, results_list: InstanceList) -> Tensor:
        """Compute the features that the head uses in addition to masks.

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
            mask_probs (Tensor): See :meth:`BaseMaskScorer.forward`.
            labels (Tensor): See :meth:`BaseMaskScorer.forward`.
            context (Tensor): See :meth:`context`, shape (K, 2).

        Returns:
            Tensor: Unbounded MaskIoU and logit of the mask score, shape
            (K, num_classes, 2), or (K, 1, 2) if class-agnostic.

        Raises:
            ValueError: If there is no ``context``.
        """
        if context is None:
            raise ValueError('MaskScoreHead needs the features of context()')
        x = self._extract_feat(mask_feats, mask_probs, labels, context)
        probs = select_by_label(mask_probs, labels)
        product = product_logits(probs, context)
        # In single precision: half precision would make ties.
        correction = self._correct(x, product, probs, labels, context)
        logits = product + correction.float()
        return torch.stack([self.fc_mask_iou(x).float(), logits], -1)

    def _correct(
        self,
        x: Tensor,
        product: Tensor,
        probs: Tensor,
        labels: Tensor,
        context: Tensor,
    ) -> Tensor:
        """Predict what is added to the logit of ``product``, shape (K, 1).

        ``x`` are the features of the RoIs, ``probs`` the masks of their own
        classes. The result has one column per class, or one for all.
        """
        return self.fc_correction(x)

    def decode(self, preds: Tensor) -> tuple[Tensor, ...]:
        """Convert predictions to values in their valid ranges.

        Args:
            preds (Tensor): Predictions for each RoI's own class, shape (K, 2).

        Returns:
            tuple[Tensor]: MaskIoU in [0, 1] and mask score in (0, 1), each of
            shape (K, ).
        """
        mask_ious, logits = preds.unbind(-1)
        return mask_ious.clamp(0, 1), logits.sigmoid()

    def get_targets(
        self,
        mask_probs: Tensor,
        samples: InstanceList,
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict[str, Tensor]:
        """Compute the targets of the detections of a batch.

        Args:
            mask_probs (Tensor): As in :meth:`forward`, for the detected
                classes.
            samples (list[:obj:`InstanceData`]): Detections of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.
            batch_gt_instances_ignore (list[:obj:`InstanceData` or None]):
                Ignored regions of each image, such as crowds.
            rcnn_train_cfg (:obj:`ConfigDict`): ``train_cfg`` of the RoI head;
                ``mask_thr_binary`` is the probability threshold.

        Returns:
            dict[str, Tensor]: ``mask_iou_targets``, ``mask_score_targets`` and
            ``trained`` as in :func:`detection_targets`, each of shape (K, ).
        """
        probs = select_by_label(mask_probs, self.labels_of(samples))
        targets = [
            detection_targets(
                image_probs, dets, gt, ignored, rcnn_train_cfg.mask_thr_binary
            )
            for image_probs, dets, gt, ignored in zip(
                probs.split([len(dets) for dets in samples]),
                samples,
                batch_gt_instances,
                batch_gt_instances_ignore,
                strict=True,
            )
        ]
        names = ('mask_iou_targets', 'mask_score_targets', 'trained')
        values = map(torch.cat, zip(*targets, strict=True))
        return dict(zip(names, values, strict=True))

    def loss_by_targets(
        self, preds: Tensor, labels: Tensor, targets: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Compute the losses of the detections of a batch.

        Args:
            preds (Tensor): Output of :meth:`forward`.
            labels (Tensor): Detected classes, shape (K, ).
            targets (dict[str, Tensor]): From :meth:`get_targets`.

        Returns:
            dict[str, Tensor]: Both losses, averaged over the detections that
            are not ignored; the mean targets of these detections, and their
            number.
        """
        ious = targets['mask_iou_targets']
        scores = targets['mask_score_targets']
        trained = targets['trained']
        mask_iou_preds, logits = select_by_label(preds, labels).unbind(-1)
        count = trained.sum()
        return dict(
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
