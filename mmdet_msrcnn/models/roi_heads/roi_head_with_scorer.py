"""Base class of the RoI heads that have a scorer."""

from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from mmdet.utils import ConfigType, OptConfigType
from mmengine.model import BaseModule, PretrainedInit, initialize

from mmdet_msrcnn.compat.mmcv_ops import prepare_roi_extractors
from mmdet_msrcnn.models.checks import build, check_share
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.roi_heads.checks import as_list, check_roi_head
from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.random_state import kept_random_state


class RoIHeadWithScorer(BaseRoIHead):
    """Base class of RoI heads with a head that scores masks.

    Building and initializing the scorer takes no random numbers from the
    detector.

    Args:
        mask_iou_head (:obj:`ConfigDict` or dict): Config of the scorer, a
            :class:`BaseMaskScorer`. By default ``num_classes`` is that of the
            box head.
        mask_iou_roi_extractor (:obj:`ConfigDict` or dict, optional): RoI
            extractor of the scorer. The RoI features of the mask head are
            used by default.
        roi_feat_grad (float): Part of the scorer's gradient that passes
            directly into the RoI features, in [0, 1]. Defaults to 1.0.
        mask_grad (float): Part of the scorer's gradient that passes into the
            masks, and through the mask head into the features, in [0, 1].
            Defaults to 1.0. With both 0, and gradients that are clipped apart
            (docs/isolation.md), the detector is trained as without a scorer.
        **kwargs: Arguments of the RoI head of mmdet.

    Attributes:
        trained_on (str): RoIs that the scorer is trained on; see
            :class:`BaseMaskScorer`.

    Raises:
        TypeError: If ``mask_iou_head`` is no :class:`BaseMaskScorer`, is
            trained on other RoIs, or has a key that it does not accept.
        ValueError: If the heads disagree on ``num_classes``, the RoI
            features do not fit the scorer, it needs the masks of all
            classes from a class-agnostic mask head, ``mask_thr_binary`` is
            missing from ``train_cfg`` or ``test_cfg`` or is not a
            probability, ``test_cfg.rank_by`` is neither ``'class_score'``
            nor ``'mask_score'``, or ``roi_feat_grad`` or ``mask_grad`` is not
            in [0, 1].
    """

    trained_on = POSITIVES
    mask_iou_head: BaseMaskScorer

    def __init__(
        self,
        mask_iou_head: ConfigType,
        mask_iou_roi_extractor: OptConfigType = None,
        roi_feat_grad: float = 1.0,
        mask_grad: float = 1.0,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        check_share('roi_head.roi_feat_grad', roi_feat_grad)
        check_share('roi_head.mask_grad', mask_grad)
        self.roi_feat_grad = roi_feat_grad
        self.mask_grad = mask_grad
        mask_iou_head = dict(mask_iou_head)
        mask_iou_head.setdefault(
            'num_classes', as_list(self.bbox_head)[-1].num_classes
        )
        with kept_random_state():
            self.mask_iou_head = build('mask_iou_head', mask_iou_head)
            self.mask_iou_roi_extractor = (
                MODELS.build(mask_iou_roi_extractor)
                if mask_iou_roi_extractor
                else None
            )
        prepare_roi_extractors(self)
        check_roi_head(self)

    @property
    def scorer_parts(self) -> list[BaseModule]:
        """The scorer, and its own RoI extractor if it has one."""
        parts = [self.mask_iou_head, self.mask_iou_roi_extractor]
        return [part for part in parts if part is not None]

    @property
    def _init_cfgs(self) -> list[dict]:
        cfgs = self.init_cfg or []
        return [cfgs] if isinstance(cfgs, dict) else list(cfgs)

    def init_weights(self) -> None:
        """Initialize the weights; the scorer does not change the others."""
        parts = [part for part in self.scorer_parts if not part.is_init]
        for part in parts:
            part.is_init = True
        super().init_weights()
        with kept_random_state():
            for part in parts:
                part.is_init = False
                part.init_weights()
        # A checkpoint comes last.
        for cfg in self._init_cfgs:
            if cfg['type'] in ('Pretrained', PretrainedInit):
                initialize(self, cfg)

    @property
    def mask_iou_train_cfg(self) -> OptConfigType:
        """``train_cfg`` of the stage whose positives train the scorer."""
        cfg = self.train_cfg
        return cfg[-1] if isinstance(cfg, list | tuple) else cfg
