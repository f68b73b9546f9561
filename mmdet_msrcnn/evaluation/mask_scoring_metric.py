"""COCO metric with several mask rankings and statistics of MaskIoU."""

import copy
import tempfile
from collections.abc import Sequence

import numpy as np
from mmdet.datasets.api_wrappers import COCO
from mmdet.evaluation import CocoMetric
from mmengine.logging import MMLogger
from torch import Tensor

from mmdet_msrcnn.evaluation.checks import (
    check_binary,
    check_classes,
    check_finite,
    check_sizes,
)
from mmdet_msrcnn.evaluation.coco_figures import (
    RECALL_ITEMS,
    check_items,
    class_figures,
    class_table,
    figures,
)
from mmdet_msrcnn.evaluation.detections import to_detections
from mmdet_msrcnn.evaluation.ground_truth import copy_ground_truth
from mmdet_msrcnn.evaluation.tables import (
    MASK_METRICS,
    Tables,
    empty_tables,
    evaluate_detections,
)
from mmdet_msrcnn.registry import METRICS
from mmdet_msrcnn.utils.io import write_json
from mmdet_msrcnn.utils.rank_by import sample_by_class_score

CLASSIFIED = {'bbox', *MASK_METRICS}


@METRICS.register_module()
class MaskScoringMetric(CocoMetric):
    """mmdet's CocoMetric, plus figures about mask scores.

    In addition to CocoMetric's ``bbox_*`` (ranked by class score) and
    ``segm_*`` (ranked by mask score if the model predicts one), a mask-scoring
    model gets

    - ``segm_RANKING_mAP`` (``_50``, ``_75``) by ``class_score``, ``oracle``
      (class score x true MaskIoU, 0 if no instance of the class overlaps) and
      ``starred`` (the predicted MaskIoU if none does; the paper's row);
    - ``mask_iou_pearson``, ``mask_iou_spearman``, ``mask_iou_mae``: predicted
      against true MaskIoU, over detections whose true MaskIoU is positive;
    - ``mask_score_share``: see :func:`share_of_gain`.

    ``boundary`` gives the first item with boundary IoUs, but not ``starred``.

    Figures that are not defined are NaN; AP is -1, as in pycocotools. The true
    MaskIoU of a detection is its largest mask IoU with a non-crowd instance
    of its class, at the original resolution.

    Differences from CocoMetric: figures are not rounded; every AP uses
    ``max_dets`` detections per image and class (CocoMetric's ``mAP`` 100, its
    others the last of ``proposal_nums``); masks are evaluated by default;
    ``classwise`` also gives ``METRIC_CLASS_precision`` (``CLASS_precision`` is
    of the last metric); bad annotations are errors; no ``use_mp_eval``.

    Args:
        ann_file (str, optional): COCO annotations. By default the ground
            truth comes from the data set.
        metric (str | list[str]): Some of ``bbox``, ``segm``, ``boundary``.
            Defaults to ``['bbox', 'segm']``. With ``proposal`` or
            ``proposal_fast`` this works as CocoMetric.
        max_dets (int): Detections per image and class that count for AP.
            Defaults to 100.
        metric_items (Sequence[str], optional): Figures to return: CocoMetric's
            (``AR@100`` and so on use the three ``proposal_nums``, ranked as
            ``segm_mAP``), and those of a mask-scoring model, such as
            ``mask_score_share``. By default all except the recall.
        **kwargs: Other arguments of :class:`CocoMetric`. With
            ``outfile_prefix``, ``PREFIX.mask_scores.json`` holds every
            detection with its scores, for tools/analyze_results.py. With
            ``format_only`` this works as CocoMetric, which writes mask scores
            as the scores of masks.

    Raises:
        ValueError: If ``max_dets`` is not positive, or recall is requested and
            ``proposal_nums`` does not have three values.
        KeyError: If ``metric`` or ``metric_items`` has an unknown name.
    """

    _coco_api: COCO
    _dataset_meta: dict | None
    cat_ids: list[int]
    img_ids: list[int]

    def __init__(
        self,
        ann_file: str | None = None,
        metric: str | Sequence[str] = ('bbox', 'segm'),
        *,
        max_dets: int = 100,
        **kwargs,
    ) -> None:
        names = [metric] if isinstance(metric, str) else list(metric)
        # CocoMetric does not know 'boundary'.
        ours = set(names) <= CLASSIFIED
        super().__init__(ann_file, 'bbox' if ours else names, **kwargs)
        self.metrics = names
        if max_dets < 1:
            raise ValueError(f'max_dets must be positive, got {max_dets}')
        self.max_dets = max_dets
        self._thrs = np.atleast_1d(self.iou_thrs)
        check_items(self.metric_items or (), self.proposal_nums)
        if self._coco_api is not None:
            self._coco_api = copy_ground_truth(self._coco_api)

    @property
    def dataset_meta(self) -> dict | None:
        """Meta information of the data set; setting it checks the classes."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict | None) -> None:
        classes = (dataset_meta or {}).get('classes')
        # Proposals have no class.
        if classes and self._coco_api and set(self.metrics) <= CLASSIFIED:
            check_classes(self._coco_api, classes)
        self._dataset_meta = dataset_meta

    @property
    def _is_ours(self) -> bool:
        return not self.format_only and set(self.metrics) <= CLASSIFIED

    @property
    def _recall_nums(self) -> list[int]:
        """Sorted ``proposal_nums``, if the recall is requested."""
        asked = set(RECALL_ITEMS) & set(self.metric_items or ())
        return sorted(self.proposal_nums) if asked and self._is_ours else []

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the results of one batch; see CocoMetric.

        Raises:
            FloatingPointError: If a prediction is infinite or NaN.
            ValueError: If masks are soft.
        """
        data_samples = list(map(sample_by_class_score, data_samples))
        super().process(data_batch, data_samples)
        added = self.results[len(self.results) - len(data_samples) :]
        for (gt, result), sample in zip(added, data_samples, strict=True):
            pred = sample['pred_instances']
            if 'mask_ious' in pred:
                result['mask_ious'] = pred['mask_ious'].cpu().numpy()
            check_finite(result)
            if isinstance(pred.get('masks'), Tensor):
                check_binary(pred['masks'])
            # CocoMetric writes into masks and annotations, so copy them.
            if 'masks' in result:
                result['masks'] = [dict(rle) for rle in result['masks']]
            if 'anns' in gt:
                gt['anns'] = copy.deepcopy(gt['anns'])

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the metrics of the whole data set.

        Args:
            results (list[tuple]): Ground truth and prediction of each image.

        Returns:
            dict[str, float]: Figures by name. AP is 0 if nothing was detected.

        Raises:
            ValueError: If the loaded size of an image differs from the
                annotations, or there are no masks to evaluate.
        """
        if not self._is_ours:
            return super().compute_metrics(results)
        gts, preds = zip(*results, strict=True)
        self._init_coco(gts)
        with_masks = MASK_METRICS & set(self.metrics)
        if with_masks:
            check_sizes(self._coco_api, gts)
        if self.outfile_prefix is not None:
            self.results2json(preds, self.outfile_prefix)
        if with_masks and 'masks' not in preds[0]:
            raise ValueError(
                f'metric {max(with_masks)!r} needs masks, but the model '
                "predicts none. Use metric='bbox', or a model with masks."
            )

        detections = to_detections(preds, self.cat_ids)
        if detections:
            tables, detections = evaluate_detections(
                self._coco_api,
                detections,
                self.metrics,
                (self.cat_ids, self.img_ids, self.max_dets, self._thrs),
                self._recall_nums,
            )
        else:
            MMLogger.get_current_instance().error(
                'The testing results of the whole dataset is empty.'
            )
            sizes = len(self._thrs), len(self.cat_ids)
            tables = empty_tables(self.metrics, preds[0].keys(), *sizes)
        if self.outfile_prefix is not None and with_masks:
            content = dict(
                cat_ids=self.cat_ids,
                img_ids=self.img_ids,
                max_dets=self.max_dets,
                iou_thrs=self._thrs.tolist(),
                detections=detections,
            )
            write_json(f'{self.outfile_prefix}.mask_scores.json', content)
        return self._summarize(tables)

    def _init_coco(self, gts: Sequence[dict]) -> None:
        if self._coco_api is None:
            with tempfile.TemporaryDirectory() as folder:
                prefix = self.outfile_prefix or f'{folder}/results'
                self._coco_api = COCO(self.gt_to_coco_json(gts, prefix))
        if self.cat_ids is None:
            self.cat_ids = self._coco_api.get_cat_ids(
                cat_names=(self.dataset_meta or {})['classes']
            )
        if self.img_ids is None:
            self.img_ids = self._coco_api.get_img_ids()

    def _summarize(self, tables: Sequence[Tables]) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for metric, one in zip(self.metrics, tables, strict=True):
            metrics |= figures(one, self.metric_items, self._thrs)
            if self.classwise:
                metrics |= self._log_classes(metric, one.precision[metric])
        return metrics

    def _log_classes(self, metric: str, precision: np.ndarray) -> dict:
        """Log the figures of each class, and return their mAP by key."""
        # The tables have the ids in this order.
        cats = self._coco_api.loadCats(sorted(self.cat_ids))
        of_classes = class_figures(precision, self._thrs)
        names = (cat['name'] for cat in cats)
        values = dict(zip(names, of_classes, strict=True))
        MMLogger.get_current_instance().info(class_table(metric, values))
        return {
            f'{prefix}{name}_precision': own['mAP']
            for prefix in ('', f'{metric}_')
            for name, own in values.items()
        }
