"""MaskIoU head: regresses the IoU of predicted masks (CVPR 2019, sec. 3.2)."""

import torch
from mmcv.cnn import Conv2d, Linear
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import ConfigType, InstanceList, OptMultiConfig
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmdet_msrcnn.models.checks import build, check_choice, check_range
from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS, select_by_label
from mmdet_msrcnn.models.targets.per_class_target import (
    OTHER_CLASSES,
    ClassTargets,
    class_targets,
)
from mmdet_msrcnn.registry import MODELS

# The authors'.
INIT_CFG = (
    dict(type='Kaiming', override=dict(name='convs')),
    dict(type='Caffe2Xavier', override=dict(name='fcs')),
    dict(type='Normal', std=0.01, override=dict(name='fc_mask_iou')),
)


@MODELS.register_module()
class MaskIoUHead(BaseModule):
    """Head that predicts the IoU of each predicted mask with its instance.

    Parameters are named as in mmdet's own head, whose checkpoints load
    strictly.

    Args:
        num_convs (int): Convolutions; the last has stride 2, with the fusion
            'hr_roi' also the first. Defaults to 4.
        num_fcs (int): Fully connected layers before the output. Defaults
            to 2.
        roi_feat_size (int): Height and width of the RoI feature. Defaults
            to 14.
        in_channels (int): Channels of the RoI feature. Defaults to 256.
        conv_out_channels (int): Channels of the convolutions. Defaults to
            256.
        fc_out_channels (int): Units of the fully connected layers. Defaults
            to 1024.
        num_classes (int): Classes without background. Defaults to 80.
        class_agnostic (bool): Predict one IoU for all classes. Defaults to
            False.
        fusion (str): How the predicted mask joins the RoI feature, a key of
            ``FUSIONS``: 'concat', 'multiply', 'all_masks', 'hr_roi' or
            'mask_only'. Defaults to 'concat'.
        target_classes (str): Classes of a positive RoI that are trained, a
            key of ``OTHER_CLASSES``: 'true'; 'all', the others for a MaskIoU
            of 0; or 'present', those with an instance in the RoI for their
            own MaskIoU. Defaults to 'true'.
        loss_iou (:obj:`ConfigDict` or dict): Config of the loss.
        init_cfg (:obj:`ConfigDict` or dict or list[:obj:`ConfigDict` or \
            dict], optional): Initialization; the authors' by default.

    Raises:
        ValueError: If ``fusion`` or ``target_classes`` is unknown, or does
            not go with ``class_agnostic``.
        TypeError: If ``loss_iou`` does not choose samples by a ``tau``.
    """

    # Fields of the results, as :meth:`decode` gives them.
    predicts = ('mask_ious',)
    # Beside the convolutions' output, into the fully connected layers.
    num_rank_features = 0
    # Whether it is trained on detections, not on positives.
    scores_detections = False

    def __init__(
        self,
        num_convs: int = 4,
        num_fcs: int = 2,
        roi_feat_size: int = 14,
        in_channels: int = 256,
        conv_out_channels: int = 256,
        fc_out_channels: int = 1024,
        num_classes: int = 80,
        class_agnostic: bool = False,
        fusion: str = 'concat',
        target_classes: str = 'true',
        loss_iou: ConfigType = dict(  # noqa: B006 - mmdet's config style
            type='mmdet_msrcnn.MaskIoULoss', tau=0.0, loss_weight=1.0
        ),
        init_cfg: OptMultiConfig = INIT_CFG,
    ) -> None:
        if isinstance(init_cfg, tuple):
            init_cfg = list(init_cfg)
        super().__init__(init_cfg=init_cfg)
        check_range('mask_iou_head.num_convs', num_convs, 1)
        check_range('mask_iou_head.num_fcs', num_fcs, 0)
        check_choice('mask_iou_head.fusion', fusion, FUSIONS)
        check_choice(
            'mask_iou_head.target_classes', target_classes, OTHER_CLASSES
        )
        if class_agnostic and target_classes != 'true':
            raise ValueError(
                f"mask_iou_head.target_classes='{target_classes}' trains one "
                'output per class; set class_agnostic=False or '
                "target_classes='true'"
            )
        self.num_classes = num_classes
        self.class_agnostic = class_agnostic
        self.in_channels = in_channels
        self.roi_feat_size = roi_feat_size
        self.fusion = FUSIONS[fusion]
        self.target_classes = target_classes

        self._init_layers(
            num_convs, num_fcs, conv_out_channels, fc_out_channels
        )
        self.loss_iou = build('mask_iou_head.loss_iou', loss_iou)
        if not hasattr(self.loss_iou, 'tau'):
            raise TypeError(
                f'loss_iou is {type(self.loss_iou).__name__}, which knows no '
                "tau. Use dict(type='mmdet_msrcnn.MaskIoULoss', tau=0.0, "
                "loss_weight=1.0), which equals mmdet's MSELoss of weight 0.5."
            )

    def _init_layers(
        self,
        num_convs: int,
        num_fcs: int,
        conv_out_channels: int,
        fc_out_channels: int,
    ) -> None:
        """Build what has parameters."""
        channels = self.fusion.num_channels(self.in_channels, self.num_classes)
        size = self.roi_feat_size
        self.convs = nn.ModuleList()
        for i in range(num_convs):
            stride = 2 if i == 0 and self.fusion.unpooled else 1
            stride *= 2 if i == num_convs - 1 else 1
            self.convs.append(
                Conv2d(channels, conv_out_channels, 3, stride, padding=1)
            )
            channels = conv_out_channels
            # A padded convolution rounds sizes up.
            size = -(-size // stride)
        width = channels * size**2 + self.num_rank_features
        widths = [width] + [fc_out_channels] * num_fcs
        self.fcs = nn.ModuleList(
            Linear(widths[i], widths[i + 1]) for i in range(num_fcs)
        )
        self.fc_mask_iou = Linear(
            widths[-1], 1 if self.class_agnostic else self.num_classes
        )
        self.relu = nn.ReLU(inplace=True)

    @property
    def needs_all_masks(self) -> bool:
        """Whether :meth:`forward` or the targets read every class's mask."""
        return self.fusion.all_masks or self.target_classes == 'present'

    def forward(
        self, mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
    ) -> Tensor:
        """Predict the MaskIoU for every class.

        Args:
            mask_feats (Tensor): RoI features, shape
                (K, in_channels, roi_feat_size, roi_feat_size).
            mask_probs (Tensor): Foreground probabilities (not logits), shape
                (K, num_classes, mask_size, mask_size), or, unless
                :attr:`needs_all_masks`, (K, 1, mask_size, mask_size) of each
                RoI's own class.
            labels (Tensor): Class of each RoI, shape (K, ).

        Returns:
            Tensor: Unbounded MaskIoU predictions, shape (K, num_classes), or
            (K, 1) where class-agnostic.
        """
        x = self._convolve(mask_feats, mask_probs, labels)
        return self.fc_mask_iou(self._connect(x))

    def _convolve(
        self, mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
    ) -> Tensor:
        """Fuse, convolve and flatten the inputs of :meth:`forward`."""
        x = self.fusion.fuse(mask_feats, mask_probs, labels)
        for conv in self.convs:
            if x.device.type == 'cpu':
                # A fifth less time; in float32 some GPUs take longer
                # (pytorch#44943).
                x = x.contiguous(memory_format=torch.channels_last)
            x = self.relu(conv(x))
        return x.flatten(1)

    def _connect(self, x: Tensor) -> Tensor:
        """Run the hidden fully connected layers."""
        for fc in self.fcs:
            x = self.relu(fc(x))
        return x

    def context(self, results_list: InstanceList) -> tuple[Tensor, ...]:
        """What :meth:`forward` takes of the detections besides masks.

        Args:
            results_list (list[:obj:`InstanceData`]): Detections.

        Returns:
            tuple[Tensor]: Nothing in this head.
        """
        return ()

    def decode(self, preds: Tensor) -> tuple[Tensor, ...]:
        """Bring predictions into their ranges.

        Args:
            preds (Tensor): Of the own class of each RoI, shape (K, ).

        Returns:
            tuple[Tensor]: Values of ``predicts``: MaskIoU in [0, 1], shape
            (K, ).
        """
        return (preds.clamp(0, 1),)

    def empty_preds(self, like: Tensor) -> Tensor:
        """Output of :meth:`forward` for no RoI, on the device of a tensor."""
        return like.new_zeros((0, 1))

    def loss_and_target(
        self,
        mask_iou_preds: Tensor,
        mask_probs: Tensor,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict:
        """Compute the loss of the positives of a batch, and its targets.

        Args:
            mask_iou_preds (Tensor): Output of :meth:`forward`, shape
                (num_pos, num_classes) or (num_pos, 1).
            mask_probs (Tensor): As in :meth:`forward`, for the true classes.
            sampling_results (list[:obj:`SamplingResult`]): Sampling results
                of each image.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.
            rcnn_train_cfg (:obj:`ConfigDict`): ``train_cfg`` of the RoI head;
                ``mask_thr_binary`` is the probability threshold.

        Returns:
            dict: ``loss_mask_iou`` (dict) for the log: the loss, summed over
            classes and averaged over RoIs, the mean target of the RoIs that
            train, and their number; ``mask_iou_targets`` (Tensor), those of
            the true classes, of shape (num_pos, ).
        """
        ious, known = self.get_targets(
            mask_probs, sampling_results, batch_gt_instances, rcnn_train_cfg
        )
        labels = torch.cat([res.pos_gt_labels for res in sampling_results])
        targets = select_by_label(ious, labels)
        trained = targets > self.loss_iou.tau
        count = trained.sum()
        log = dict(
            loss_mask_iou=self.loss_iou(
                mask_iou_preds,
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
            sampling_results (list[:obj:`SamplingResult`]): See there.
            batch_gt_instances (list[:obj:`InstanceData`]): See there.
            rcnn_train_cfg (:obj:`ConfigDict`): See there.

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

    def predict_by_feat(
        self,
        mask_iou_preds: tuple[Tensor, ...],
        results_list: InstanceList,
    ) -> InstanceList:
        """Add ``mask_ious`` and ``mask_scores`` to the results.

        Args:
            mask_iou_preds (tuple[Tensor]): Output of :meth:`forward` for each
                image, each of shape (n, num_classes) or (n, 1).
            results_list (list[:obj:`InstanceData`]): Detection results of
                each image.

        Returns:
            list[:obj:`InstanceData`]: The same objects, with

            - mask_ious (Tensor): Predicted MaskIoU, clamped to [0, 1], shape
              (n, ).
            - mask_scores (Tensor): ``scores * mask_ious`` where the head does
              not predict it, shape (n, ). ``scores`` stays the class score.
        """
        for preds, results in zip(mask_iou_preds, results_list, strict=True):
            chosen = select_by_label(preds, results.labels)
            values = self.decode(chosen.to(results.scores.dtype))
            for name, value in zip(self.predicts, values, strict=True):
                setattr(results, name, value)
            if 'mask_scores' not in self.predicts:
                results.mask_scores = results.scores * results.mask_ious
        return results_list
