"""Mask score for any instance segmentation model."""

from pathlib import Path

import torch
from mmdet.models.detectors.base import BaseDetector
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import SampleList
from mmdet.utils import (
    ConfigType,
    InstanceList,
    OptConfigType,
    OptMultiConfig,
)
from mmengine.config import ConfigDict
from mmengine.model import revert_sync_batchnorm
from torch import Tensor

from mmdet_msrcnn.compat.flipped_views import as_unflipped
from mmdet_msrcnn.compat.mmcv_ops import prepare_roi_extractors
from mmdet_msrcnn.models.checks import build, check_range, check_rank_by
from mmdet_msrcnn.models.detectors.checkpoint_names import with_new_names
from mmdet_msrcnn.models.detectors.frozen_detector import FrozenDetector
from mmdet_msrcnn.models.detectors.mask_scored_checks import (
    check_detector,
    check_parts,
)
from mmdet_msrcnn.models.detectors.pyramids import recorded_pyramid
from mmdet_msrcnn.models.detectors.scorer_inputs import (
    input_sample,
    input_scales,
    levels_of,
    scorer_inputs,
)
from mmdet_msrcnn.models.roi_heads.scorer_samples import (
    ScorerSamples,
    scorer_loss,
)
from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.configs import model_config
from mmdet_msrcnn.utils.rank_by import CLASS_SCORE, by_class_score, rank

DETECTOR = 'detector.'
TRAIN_CFG = ConfigDict(mask_thr_binary=0.5)


@MODELS.register_module()
class MaskScoredDetector(FrozenDetector):
    """Detector that adds a mask score to any instance segmentation model.

    The wrapped detector is frozen: what it predicts stays the same to the
    bit. ``mask_ious`` and ``mask_scores`` are added. A scorer is trained on
    the detections that the detector makes on training images. Its inputs are
    RoI features from the detector's pyramid, the mask resampled into its box,
    the class score, and the overlap with a better detection of the class.
    A detection without a box gets the box of its mask as RoI.

    A checkpoint can be that of the detector alone (``load_from``, to train
    the scorer) or of both.

    Args:
        detector (:obj:`ConfigDict` or dict or str or Path): Config of any
            detector of mmdet that predicts masks, or a config file whose
            ``model`` it is.
        roi_extractor (:obj:`ConfigDict` or dict): RoI extractor without
            parameters, on the pyramid of the detector (see
            :func:`pyramid_source`).
        mask_iou_head (:obj:`ConfigDict` or dict): Config of the scorer, which
            must be trained on detections, such as a :class:`MaskScoreHead`.
        mask_size (int): Size of the masks that the scorer reads. Defaults to
            28.
        rank_by (str): With ``'mask_score'``, ``scores`` holds the mask scores
            and ``class_scores`` the scores of the detector (see
            :func:`by_mask_score`). Defaults to ``'class_score'``.
        backbone (dict, optional): Ignored. mmdet's ``init_detector`` reads
            this key of a config
            (https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/apis/inference.py#L50).
        init_cfg (:obj:`ConfigDict` or dict, optional): Initialization.

    Raises:
        TypeError: If ``detector`` is no detector, or the scorer is of another
            kind.
        ValueError: If the RoI features do not fit the scorer, the extractor
            has parameters, or ``rank_by`` has another value.
    """

    scorer_name = 'mask_iou_head'

    def __init__(
        self,
        detector: ConfigType | str | Path,
        roi_extractor: ConfigType,
        mask_iou_head: ConfigType,
        mask_size: int = 28,
        rank_by: str = CLASS_SCORE,
        backbone: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        wrapped = MODELS.build(model_config(detector))
        check_detector(wrapped)
        # In eval mode SyncBN equals BN, and DDP refuses SyncBN on a CPU.
        wrapped = revert_sync_batchnorm(wrapped)
        super().__init__(
            data_preprocessor=wrapped.data_preprocessor, init_cfg=init_cfg
        )
        # Batch augmentations are made for the training of the detector.
        self.data_preprocessor.batch_augments = None
        check_range('model.mask_size', mask_size, 2)
        self.mask_size = mask_size
        check_rank_by('model.rank_by', rank_by)
        self.rank_by = rank_by
        self.detector: BaseDetector = wrapped
        self.roi_extractor = MODELS.build(roi_extractor)
        self.mask_iou_head = build('mask_iou_head', dict(mask_iou_head))
        check_parts(self.mask_iou_head, self.roi_extractor, mask_size)
        prepare_roi_extractors(self.roi_extractor)
        self.freeze()

    @property
    def test_cfg(self) -> OptConfigType:
        """``test_cfg`` of the detector."""
        return getattr(self.detector, 'test_cfg', None)

    def own_state_dict(self, state_dict: dict) -> dict:
        """Convert the names of a checkpoint to those of this model.

        Args:
            state_dict (dict): Tensors of this model, or of the detector alone.

        Returns:
            dict: The tensors with their names here.
        """
        state_dict = super().own_state_dict(state_dict)
        parts = DETECTOR, f'{self.scorer_name}.'
        if any(name.startswith(parts) for name in state_dict):
            return state_dict
        renamed = with_new_names(state_dict, type(self.detector).__name__)
        return {DETECTOR + name: value for name, value in renamed.items()}

    def extract_feat(self, batch_inputs: Tensor) -> tuple[Tensor, ...]:
        """Extract the features of the detector."""
        return self.detector.extract_feat(batch_inputs)

    def _forward(
        self,
        batch_inputs: Tensor,
        batch_data_samples: SampleList | None = None,
    ) -> tuple:
        """Run the detector without post-processing."""
        return self.detector._forward(batch_inputs, batch_data_samples)

    def loss(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> dict:
        """Compute the loss of the scorer.

        Args:
            batch_inputs (Tensor): Images, shape (N, C, H, W).
            batch_data_samples (list[:obj:`DetDataSample`]): Their ground
                truth.

        Returns:
            dict: Losses and statistics of the scorer.

        Raises:
            RuntimeError: If no checkpoint has been loaded.
        """
        samples = self.scorer_samples(batch_inputs, batch_data_samples)
        return scorer_loss(self.mask_iou_head, samples)

    def predict(
        self,
        batch_inputs: Tensor,
        batch_data_samples: SampleList,
        rescale: bool = True,
    ) -> SampleList:
        """Predict with the detector, and score its masks.

        Args:
            batch_inputs (Tensor): Images, shape (N, C, H, W).
            batch_data_samples (list[:obj:`DetDataSample`]): Meta information.
            rescale (bool): Return boxes and masks in the original image's
                size. Defaults to True.

        Returns:
            list[:obj:`DetDataSample`]: Those of the detector. Their
            ``pred_instances`` have ``mask_ious`` and ``mask_scores`` of shape
            (n, ) in addition, and are ranked by ``rank_by``.

        Raises:
            TypeError: If the detector predicts no masks.
            ValueError: If its pyramid does not fit the extractor.
        """
        with (
            recorded_pyramid(self.detector) as pyramids,
            as_unflipped(batch_data_samples),
        ):
            data_samples = self.detector.predict(
                batch_inputs, batch_data_samples, rescale
            )
        results = [by_class_score(s.pred_instances) for s in data_samples]
        scales = input_scales(data_samples, rescale)
        inputs, _ = self._inputs(pyramids, batch_inputs, results, scales)
        head, feats = self.mask_iou_head, inputs.mask_feats
        preds = head(*inputs[:-1]) if len(feats) else head.empty_preds(feats)
        head.predict_by_feat(preds.split([len(r) for r in results]), results)
        for sample, result in zip(data_samples, results, strict=True):
            sample.pred_instances = rank(result, self.rank_by)
        return data_samples

    @torch.no_grad()
    def scorer_samples(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> ScorerSamples:
        """Compute the detections that the scorer is trained on.

        Arguments and errors are those of :meth:`loss`.

        Returns:
            ScorerSamples: All detections, without gradient.
        """
        self.check_has_weights()
        # Detections at the size of the input, where the ground truth is.
        as_inputs = list(map(input_sample, batch_data_samples))
        with recorded_pyramid(self.detector) as pyramids:
            data_samples = self.detector.predict(batch_inputs, as_inputs)
        results = [by_class_score(s.pred_instances) for s in data_samples]
        scales = input_scales(data_samples, rescaled=False)
        inputs, dets = self._inputs(pyramids, batch_inputs, results, scales)
        gt_instances, ignored, _ = unpack_gt_instances(batch_data_samples)
        targets = self.mask_iou_head.get_targets(
            inputs.mask_probs, dets, gt_instances, ignored, TRAIN_CFG
        )
        return inputs._replace(targets=targets)

    def _inputs(
        self,
        pyramids: list,
        batch_inputs: Tensor,
        results: InstanceList,
        scales: list[tuple[float, float]],
    ) -> tuple[ScorerSamples, InstanceList]:
        """Compute what the scorer reads, without targets, and detections."""
        extractor, size = self.roi_extractor, self.mask_size
        x = levels_of(pyramids, self.detector, extractor, batch_inputs)
        feats, probs, dets = scorer_inputs(extractor, size, x, results, scales)
        labels = torch.cat([d.labels for d in dets])
        context = self.mask_iou_head.context(dets)
        return ScorerSamples(feats, probs, labels, context, {}), dets
