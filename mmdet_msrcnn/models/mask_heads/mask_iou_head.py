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
    ClassTargets,
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

    def loss_and_target(
        self,
        preds: Tensor,
        mask_probs: Tensor,
        samples: list[SamplingResult],
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict:
        """Compute the loss of the positives of a batch, and its targets.

        Args:
            preds (Tensor): Output of :meth:`forward`.
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
            dict: ``loss_mask_iou`` (dict) for the log: the loss, summed over
            classes and averaged over the valid RoIs, whose target exceeds
            tau; the mean target of these RoIs, and their number.
            ``mask_iou_targets`` (Tensor): targets of the true classes, shape
            (num_pos, ).
        """
        ious, known = self.get_targets(
            mask_probs, samples, batch_gt_instances, rcnn_train_cfg
        )
        labels = torch.cat([res.pos_gt_labels for res in samples])
        targets = select_by_label(ious, labels)
        trained = targets > self.loss_iou.tau
        count = trained.sum()
        log = dict(
            loss_mask_iou=self.loss_iou(
                preds,
                ious,
                weight=known & trained[:, None],
                avg_factor=count,
            ),
            mask_iou_target=(targets * trained).sum() / count.clamp(min=1),
            mask_iou_samples=count.float(),
        )
        return dict(loss_mask_iou=log, mask_iou_targets=targets)

    def get_targets(
        self,
        mask_probs: Tensor,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> ClassTargets:
        """Compute the MaskIoU targets of the positives of a batch.

        Args:
            mask_probs (Tensor): See :meth:`loss_and_target`.
            sampling_results (list[:obj:`SamplingResult`]): Sampling results
                of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): See
                :meth:`loss_and_target`.
            rcnn_train_cfg (:obj:`ConfigDict`): See :meth:`loss_and_target`.

        Returns:
            ClassTargets: Targets of shape (num_pos, num_classes) or
            (num_pos, 1), without gradient.
        """
        num_pos = [len(res.pos_priors) for res in sampling_results]
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
                sampling_results,
                batch_gt_instances,
                strict=True,
            )
        ]
        return ClassTargets(*map(torch.cat, zip(*targets, strict=True)))
