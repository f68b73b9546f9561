"""MaskIoU head: regresses the IoU of predicted masks (CVPR 2019, sec. 3.2)."""

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import InstanceList
from mmengine.config import ConfigDict
from torch import Tensor

from mmdet_msrcnn.models.checks import check_choice
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import POSITIVES
from mmdet_msrcnn.models.mask_heads.conv_mask_scorer import ConvMaskScorer
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.targets.per_class_target import (
    OTHER_CLASSES,
    class_targets,
)
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskIoUHead(ConvMaskScorer):
    """Head that predicts the IoU of each predicted mask with its instance.

    Args:
        target_classes (str): Classes of a positive RoI that are trained, a
            key of ``OTHER_CLASSES``: 'true', only the true class; 'all', the
            other classes too, with target 0; or 'present', also classes with
            an instance in the RoI, with their own MaskIoU. Defaults to 'true'.
        *args, **kwargs: Arguments of :class:`ConvMaskScorer`.

    Raises:
        ValueError: If ``target_classes`` is unknown, or does not work with
            ``class_agnostic``.
    """

    trained_on = POSITIVES
    predicts = ('mask_ious',)
    logs = ('loss_mask_iou', 'mask_iou_target', 'mask_iou_samples')

    def __init__(self, *args, target_classes: str = 'true', **kwargs) -> None:
        super().__init__(*args, **kwargs)
        check_choice(
            'mask_iou_head.target_classes', target_classes, OTHER_CLASSES
        )
        if self.class_agnostic and target_classes != 'true':
            raise ValueError(
                f"mask_iou_head.target_classes='{target_classes}' trains one "
                'output per class; set class_agnostic=False or '
                "target_classes='true'"
            )
        self.target_classes = target_classes

    @property
    def needs_all_masks(self) -> bool:
        """Whether :meth:`forward` or the targets read every class's mask."""
        return self.fusion.all_masks or self.target_classes == 'present'

    def forward(
        self,
        mask_feats: Tensor,
        mask_probs: Tensor,
        labels: Tensor,
        context: Tensor | None = None,
    ) -> Tensor:
        """Predict the MaskIoU for every class.

        Args:
            mask_feats (Tensor): See :meth:`BaseMaskScorer.forward`.
            mask_probs (Tensor): See :meth:`BaseMaskScorer.forward`.
            labels (Tensor): See :meth:`BaseMaskScorer.forward`.
            context (Tensor, optional): Unused.

        Returns:
            Tensor: Unbounded MaskIoU predictions, shape (K, num_classes), or
            (K, 1) if class-agnostic.
        """
        x = self._extract_feat(mask_feats, mask_probs, labels, None)
        return self.fc_mask_iou(x)

    def decode(self, preds: Tensor) -> tuple[Tensor, ...]:
        """Convert predictions to values in their valid ranges.

        Args:
            preds (Tensor): Predictions for each RoI's own class, shape (K, ).

        Returns:
            tuple[Tensor]: MaskIoU in [0, 1], shape (K, ).
        """
        return (preds.clamp(0, 1),)

    def get_targets(
        self,
        mask_probs: Tensor,
        samples: list[SamplingResult],
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict[str, Tensor]:
        """Compute the MaskIoU targets of the positives of a batch.

        Args:
            mask_probs (Tensor): As in :meth:`forward`, for the true classes.
            samples (list[:obj:`SamplingResult`]): Sampling results of each
                image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.
            batch_gt_instances_ignore (list[:obj:`InstanceData` or None]):
                Unused: the sampler has already left these regions out.
            rcnn_train_cfg (:obj:`ConfigDict`): ``train_cfg`` of the RoI head;
                ``mask_thr_binary`` is the probability threshold.

        Returns:
            dict[str, Tensor]: ``mask_iou_targets`` of the true classes, shape
            (num_pos, ); ``ious`` and ``known`` as in :class:`ClassTargets`,
            shape (num_pos, num_classes) or (num_pos, 1).
        """
        num_pos = [len(res.pos_priors) for res in samples]
        targets = [
            class_targets(
                self.target_classes,
                probs,
                res,
                gt_instances,
                rcnn_train_cfg.mask_thr_binary,
                self.fc_mask_iou.out_features,
            )
            for probs, res, gt_instances in zip(
                mask_probs.split(num_pos),
                samples,
                batch_gt_instances,
                strict=True,
            )
        ]
        ious, known = map(torch.cat, zip(*targets, strict=True))
        true = select_by_label(ious, self.labels_of(samples))
        return dict(mask_iou_targets=true, ious=ious, known=known)

    def loss_by_targets(
        self, preds: Tensor, labels: Tensor, targets: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Compute the loss of the positives of a batch.

        Args:
            preds (Tensor): Output of :meth:`forward`.
            labels (Tensor): Unused.
            targets (dict[str, Tensor]): From :meth:`get_targets`.

        Returns:
            dict[str, Tensor]: The loss, summed over classes and averaged over
            the valid RoIs, whose target exceeds tau; the mean target of these
            RoIs, and their number.
        """
        ious = targets['mask_iou_targets']
        trained = ious > self.loss_iou.tau
        count = trained.sum()
        return dict(
            loss_mask_iou=self.loss_iou(
                preds,
                targets['ious'],
                weight=targets['known'] & trained[:, None],
                avg_factor=count,
            ),
            mask_iou_target=(ious * trained).sum() / count.clamp(min=1),
            mask_iou_samples=count.float(),
        )
