"""Base class of all heads that score masks."""

from abc import ABCMeta, abstractmethod

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import InstanceList, OptMultiConfig
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from torch import Tensor

from mmdet_msrcnn.models.checks import check_choice
from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS, select_by_label

POSITIVES, DETECTIONS = 'positives', 'detections'


class BaseMaskScorer(BaseModule, metaclass=ABCMeta):
    """Base class of heads that score the mask of each RoI.

    A RoI head calls :meth:`context` and :meth:`forward`, then
    :meth:`loss_and_target` or :meth:`predict_by_feat`. A subclass sets the
    attributes and defines the abstract methods.

    Shape shorthand: K RoIs, P predictions of a scorer for one class.

    Args:
        num_classes (int): Classes without background. Defaults to 80.
        in_channels (int): Channels of the RoI feature. Defaults to 256.
        roi_feat_size (int): Height and width of the RoI feature. Defaults
            to 14.
        class_agnostic (bool): Predict one score for all classes. Defaults to
            False.
        fusion (str): How to combine the predicted mask with the RoI feature, a
            key of ``FUSIONS``: 'concat', 'multiply', 'all_masks', 'hr_roi' or
            'mask_only'. Defaults to 'concat'.
        init_cfg (:obj:`ConfigDict` or dict or list[:obj:`ConfigDict` or \
            dict], optional): Initialization. Defaults to None.

    Attributes:
        trained_on (str): RoIs used for training: ``POSITIVES`` of the sampler,
            or ``DETECTIONS`` of the model itself.
        predicts (tuple[str]): Result fields that :meth:`decode` returns:
            ``mask_ious``, and ``mask_scores`` if the head learns them.
        logs (tuple[str]): Names of the losses and statistics that
            :meth:`loss_by_targets` returns.
        num_context_features (int): Number of columns of :meth:`context`.

    Raises:
        ValueError: If ``fusion`` is unknown.
    """

    trained_on = ''
    predicts: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    num_context_features = 0

    def __init__(
        self,
        num_classes: int = 80,
        in_channels: int = 256,
        roi_feat_size: int = 14,
        class_agnostic: bool = False,
        fusion: str = 'concat',
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        check_choice('mask_iou_head.fusion', fusion, FUSIONS)
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.roi_feat_size = roi_feat_size
        self.class_agnostic = class_agnostic
        self.fusion = FUSIONS[fusion]

    @property
    def needs_all_masks(self) -> bool:
        """Whether :meth:`forward` or the targets read every class's mask."""
        return self.fusion.all_masks

    def context(self, results_list: InstanceList) -> Tensor | None:
        """Compute the features that the head uses in addition to masks.

        Args:
            results_list (list[:obj:`InstanceData`]): ``bboxes``, ``scores``
                and ``labels`` of the detections of each image.

        Returns:
            Tensor | None: Input of :meth:`forward`, shape
            (K, num_context_features); None if the head uses no such features.
        """
        return None

    @abstractmethod
    def forward(
        self,
        mask_feats: Tensor,
        mask_probs: Tensor,
        labels: Tensor,
        context: Tensor | None = None,
    ) -> Tensor:
        """Predict the scores for every class.

        Args:
            mask_feats (Tensor): RoI features, shape
                (K, in_channels, roi_feat_size, roi_feat_size).
            mask_probs (Tensor): Foreground probabilities (not logits), shape
                (K, num_classes, mask_size, mask_size). Without
                :attr:`needs_all_masks` also (K, 1, mask_size, mask_size), the
                mask of each RoI's own class.
            labels (Tensor): Class of each RoI, shape (K, ).
            context (Tensor, optional): From :meth:`context`.

        Returns:
            Tensor: Unbounded predictions, shape (K, num_classes) or, with
            P > 1, (K, num_classes, P). A class-agnostic head has one class.
        """

    @abstractmethod
    def decode(self, preds: Tensor) -> tuple[Tensor, ...]:
        """Convert predictions to values in their valid ranges.

        Args:
            preds (Tensor): Predictions for each RoI's own class, shape (K, )
                or (K, P).

        Returns:
            tuple[Tensor]: Values of :attr:`predicts`, each of shape (K, ).
        """

    def empty_preds(self, like: Tensor) -> Tensor:
        """Create the output of :meth:`forward` for zero RoIs.

        Args:
            like (Tensor): Tensor with the dtype and device to use.

        Returns:
            Tensor: Empty, shape (0, 1) or, with P > 1, (0, 1, P).
        """
        num = len(self.predicts)
        return like.new_zeros((0, 1) if num == 1 else (0, 1, num))

    @abstractmethod
    def get_targets(
        self,
        mask_probs: Tensor,
        samples: list[SamplingResult] | InstanceList,
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict[str, Tensor]:
        """Compute the training targets of a batch.

        Args:
            mask_probs (Tensor): As in :meth:`forward`.
            samples (list[:obj:`SamplingResult`] or \
                list[:obj:`InstanceData`]): The RoIs of each image: sampling
                results, or detections if the head is trained on detections.
            batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of
                each image, with ``bboxes``, ``labels`` and ``masks``.
            batch_gt_instances_ignore (list[:obj:`InstanceData` or None]):
                Ignored regions of each image, such as crowds.
            rcnn_train_cfg (:obj:`ConfigDict`): ``train_cfg`` of the RoI head;
                ``mask_thr_binary`` is the probability threshold.

        Returns:
            dict[str, Tensor]: Targets by name, without gradient, each of shape
            (K, ...).
        """

    @abstractmethod
    def loss_by_targets(
        self, preds: Tensor, labels: Tensor, targets: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Compute the losses of a batch, given its targets.

        Args:
            preds (Tensor): Output of :meth:`forward`.
            labels (Tensor): Class of each RoI, shape (K, ).
            targets (dict[str, Tensor]): From :meth:`get_targets`.

        Returns:
            dict[str, Tensor]: The losses and statistics named in
            :attr:`logs`.
        """

    def loss_and_target(
        self,
        preds: Tensor,
        mask_probs: Tensor,
        samples: list[SamplingResult] | InstanceList,
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict:
        """Compute the losses of a batch, and their targets.

        Arguments are those of both methods that it calls.

        Returns:
            dict: ``loss_mask_iou`` (dict), the losses and statistics of
            :meth:`loss_by_targets`; and the targets by their names.
        """
        targets = self.get_targets(
            mask_probs,
            samples,
            batch_gt_instances,
            batch_gt_instances_ignore,
            rcnn_train_cfg,
        )
        losses = self.loss_by_targets(preds, self.labels_of(samples), targets)
        return dict(loss_mask_iou=losses, **targets)

    def labels_of(self, samples: list) -> Tensor:
        """Return the class of each training RoI, shape (K, )."""
        name = 'pos_gt_labels' if self.trained_on == POSITIVES else 'labels'
        return torch.cat([getattr(res, name) for res in samples])

    def predict_by_feat(
        self, preds: tuple[Tensor, ...], results_list: InstanceList
    ) -> InstanceList:
        """Add the predicted fields to the results.

        Args:
            preds (tuple[Tensor]): Output of :meth:`forward` for each image.
            results_list (list[:obj:`InstanceData`]): Detection results of
                each image.

        Returns:
            list[:obj:`InstanceData`]: The same objects, with the fields of
            :attr:`predicts`, each of shape (n, ). ``mask_scores`` is
            ``scores * mask_ious`` if the head does not predict it.
            ``scores`` stays the class score.

        Raises:
            ValueError: If a field does not have the shape of ``scores``.
        """
        for image_preds, results in zip(preds, results_list, strict=True):
            chosen = select_by_label(image_preds, results.labels)
            values = self.decode(chosen.to(results.scores.dtype))
            for name, value in zip(self.predicts, values, strict=True):
                if value.shape != results.scores.shape:
                    raise ValueError(
                        f'{name} of {type(self).__name__} must have the shape '
                        f'{tuple(results.scores.shape)}, got '
                        f'{tuple(value.shape)}. Check forward and decode.'
                    )
                setattr(results, name, value)
            if 'mask_scores' not in self.predicts:
                results.mask_scores = results.scores * results.mask_ious
        return results_list
