"""RoI head of Mask Scoring R-CNN: Mask R-CNN's plus a MaskIoU head."""

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import empty_instances
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import ConfigType, InstanceList
from torch import Tensor

from mmdet_msrcnn.models.mask_iou_head import select_by_label
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MaskScoringRoIHead(StandardRoIHead):
    """Standard RoI head that also predicts how good its masks are.

    Args:
        mask_iou_head (:obj:`ConfigDict` or dict): Config of the MaskIoU head.
            ``num_classes`` is taken from the box head where it is not given.
        **kwargs: Arguments of :class:`StandardRoIHead`.

    Raises:
        ValueError: If the heads disagree on ``num_classes``, or
            ``mask_thr_binary`` is missing from ``train_cfg`` or ``test_cfg``
            or is not a probability.
    """

    def __init__(self, mask_iou_head: ConfigType, **kwargs) -> None:
        super().__init__(**kwargs)
        mask_iou_head = dict(mask_iou_head)
        mask_iou_head.setdefault('num_classes', self.bbox_head.num_classes)
        self.mask_iou_head = MODELS.build(mask_iou_head)
        self._check_num_classes()
        self._check_mask_thr()

    def _check_num_classes(self) -> None:
        num_classes = {
            name: getattr(self, name).num_classes
            for name in ('bbox_head', 'mask_head', 'mask_iou_head')
        }
        if len(set(num_classes.values())) > 1:
            raise ValueError(
                'The heads of roi_head disagree on num_classes: '
                f'{num_classes}. Set the number of classes of your data set '
                'in bbox_head and mask_head; leave it out of mask_iou_head, '
                'which follows bbox_head.'
            )

    def _check_mask_thr(self) -> None:
        for name in ('train_cfg', 'test_cfg'):
            cfg = getattr(self, name)
            if cfg is None:
                continue
            mask_thr = cfg.get('mask_thr_binary')
            if mask_thr is None or not 0 < mask_thr < 1:
                raise ValueError(
                    f'{name}.rcnn.mask_thr_binary must be a probability in '
                    f'(0, 1), got {mask_thr}. Use 0.5, the threshold at which '
                    'masks are pasted.'
                )

    def forward(
        self,
        x: tuple[Tensor],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList | None = None,
    ) -> tuple:
        """Run the heads without post-processing, as ``mode='tensor'`` does.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`], optional): Unused.

        Returns:
            tuple[Tensor]: ``cls_score``, ``bbox_pred``, ``mask_preds`` and
            ``mask_iou_preds``, the last two of the first 100 RoIs.
        """
        rois = bbox2roi([res.bboxes for res in rpn_results_list])
        bbox_results = self._bbox_forward(x, rois)
        mask_results = self._mask_forward(x, rois[:100])
        foreground = bbox_results['cls_score'][
            :100, : self.bbox_head.num_classes
        ]
        mask_iou_preds, _ = self._mask_iou_forward(
            mask_results, foreground.argmax(dim=1)
        )
        return (
            bbox_results['cls_score'],
            bbox_results['bbox_pred'],
            mask_results['mask_preds'],
            mask_iou_preds,
        )

    def _mask_iou_forward(
        self, mask_results: dict, labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Run the MaskIoU head on the masks of the given classes.

        Args:
            mask_results (dict): ``mask_preds``, logits of shape
                (K, num_classes, h, w), and ``mask_feats``.
            labels (Tensor): Class of each RoI, shape (K, ).

        Returns:
            tuple[Tensor, Tensor]: Predictions of shape (K, num_classes) and
            mask probabilities of shape (K, h, w). Their gradient reaches the
            mask head, as in the authors' code.
        """
        logits = select_by_label(mask_results['mask_preds'], labels)
        mask_probs = logits.sigmoid()
        return (
            self.mask_iou_head(mask_results['mask_feats'], mask_probs),
            mask_probs,
        )

    def mask_loss(
        self,
        x: tuple[Tensor],
        sampling_results: list[SamplingResult],
        bbox_feats: Tensor,
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Compute the losses of the mask head and of the MaskIoU head.

        Args:
            x (tuple[Tensor]): Multi-level features.
            sampling_results (list[:obj:`SamplingResult`]): Sampling results
                of each image.
            bbox_feats (Tensor): RoI features of the box head.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.

        Returns:
            dict: As :meth:`StandardRoIHead.mask_loss`; ``loss_mask`` also
            holds ``loss_mask_iou`` and the statistics of its targets.
        """
        mask_results = super().mask_loss(
            x, sampling_results, bbox_feats, batch_gt_instances
        )
        labels = torch.cat([res.pos_gt_labels for res in sampling_results])
        mask_iou_preds, mask_probs = self._mask_iou_forward(
            mask_results, labels
        )
        mask_iou_loss = self.mask_iou_head.loss_and_target(
            mask_iou_preds,
            mask_probs,
            sampling_results,
            batch_gt_instances,
            self.train_cfg,
        )
        mask_results['loss_mask'].update(mask_iou_loss['loss_mask_iou'])
        return mask_results

    def predict_mask(
        self,
        x: tuple[Tensor],
        batch_img_metas: list[dict],
        results_list: InstanceList,
        rescale: bool = False,
    ) -> InstanceList:
        """Predict the masks of the detections and score them.

        Args:
            x (tuple[Tensor]): Multi-level features.
            batch_img_metas (list[dict]): Meta information of each image.
            results_list (list[:obj:`InstanceData`]): Detections of each
                image.
            rescale (bool): Return boxes and masks in the original image's
                size. Defaults to False.

        Returns:
            list[:obj:`InstanceData`]: The same objects, with

            - masks (Tensor): Shape (n, H, W).
            - mask_ious (Tensor): Predicted MaskIoU in [0, 1], shape (n, ).
            - mask_scores (Tensor): ``scores * mask_ious``, shape (n, ).
        """
        rois = bbox2roi([res.bboxes for res in results_list])
        num_rois = [len(res) for res in results_list]
        if len(rois) == 0:
            results_list = empty_instances(
                batch_img_metas,
                rois.device,
                task_type='mask',
                instance_results=results_list,
                mask_thr_binary=self.test_cfg.mask_thr_binary,
            )
            mask_iou_preds = rois.new_zeros((0, 1))
        else:
            mask_results = self._mask_forward(x, rois)
            labels = torch.cat([res.labels for res in results_list])
            mask_iou_preds, _ = self._mask_iou_forward(mask_results, labels)
            results_list = self.mask_head.predict_by_feat(
                mask_preds=mask_results['mask_preds'].split(num_rois),
                results_list=results_list,
                batch_img_metas=batch_img_metas,
                rcnn_test_cfg=self.test_cfg,
                rescale=rescale,
            )
        return self.mask_iou_head.predict_by_feat(
            mask_iou_preds.split(num_rois), results_list
        )
