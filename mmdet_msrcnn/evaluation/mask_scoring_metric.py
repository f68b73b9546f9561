"""COCO metric that ranks masks three ways and checks the predicted IoUs."""

import tempfile
from collections.abc import Sequence

import numpy as np
from mmdet.datasets.api_wrappers import COCO
from mmdet.evaluation import CocoMetric
from mmengine.logging import MMLogger
from terminaltables import AsciiTable

from mmdet_msrcnn.evaluation.checks import check_classes, check_finite
from mmdet_msrcnn.evaluation.functional import (
    MAP_ITEMS,
    RANKINGS,
    mean_precision,
    share_of_gain,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import (
    RankedCOCOeval,
    box_evaluator,
    run_coco_eval,
)
from mmdet_msrcnn.registry import METRICS
from mmdet_msrcnn.utils.io import write_json

EXTRA_ITEMS = MAP_ITEMS[:3]
CLASSIFIED = {'bbox', 'segm'}


@METRICS.register_module()
class MaskScoringMetric(CocoMetric):
    """mmdet's CocoMetric, plus what a mask score is worth.

    Besides CocoMetric's ``bbox_*`` (ranked by class score) and ``segm_*``
    (by mask score where the model gives one), a mask-scoring model gets

    - ``segm_class_score_mAP`` (``_50``, ``_75``): masks ranked by class score;
    - ``segm_oracle_mAP`` (``_50``, ``_75``): by class score x true MaskIoU;
    - ``mask_iou_pearson``, ``mask_iou_spearman``, ``mask_iou_mae``: predicted
      against true MaskIoU, over detections whose true MaskIoU is positive;
    - ``mask_score_share``: the part of the possible gain that is taken.

    The true MaskIoU of a detection is its largest mask IoU with a non-crowd
    instance of its class, at the original resolution. Figures are not
    rounded, and all are at ``max_dets`` detections per image and class, which
    takes the place of CocoMetric's ``proposal_nums``.

    Args:
        ann_file (str, optional): COCO annotations. By default the ground
            truth comes from the data set.
        metric (str | list[str]): Defaults to ``['bbox', 'segm']``. With
            ``proposal`` or ``proposal_fast`` this is CocoMetric.
        max_dets (int): Detections per image and class that count. Defaults
            to 100.
        **kwargs: Other arguments of :class:`CocoMetric`. With
            ``outfile_prefix``, ``PREFIX.mask_scores.json`` holds every
            detection with its scores and true MaskIoU, and the protocol. With
            ``format_only`` this is CocoMetric, which writes mask scores as
            the scores of masks.

    Raises:
        ValueError: If ``max_dets`` is not positive or ``metric_items`` has an
            unknown name.
    """

    def __init__(
        self,
        ann_file: str | None = None,
        metric: str | Sequence[str] = ('bbox', 'segm'),
        *,
        max_dets: int = 100,
        **kwargs,
    ) -> None:
        if not isinstance(metric, str):
            metric = list(metric)
        super().__init__(ann_file, metric, **kwargs)
        if max_dets < 1:
            raise ValueError(f'max_dets must be positive, got {max_dets}')
        self.max_dets = max_dets
        unknown = set(self.metric_items or ()) - set(MAP_ITEMS)
        if unknown and self._is_ours:
            raise ValueError(
                f'metric_items may hold {MAP_ITEMS}, got {sorted(unknown)}'
            )

    @property
    def dataset_meta(self) -> dict | None:
        """Meta information of the data set, set before training begins.

        Raises:
            ValueError: If its classes are not those of ``ann_file``.
        """
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

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the results of one batch, the predicted MaskIoUs included.

        Args:
            data_batch (dict): A batch of data.
            data_samples (Sequence[dict]): Its annotations and predictions.

        Raises:
            FloatingPointError: If a prediction is infinite or not a number.
        """
        super().process(data_batch, data_samples)
        added = self.results[len(self.results) - len(data_samples) :]
        for (_, result), sample in zip(added, data_samples, strict=True):
            pred = sample['pred_instances']
            if 'mask_ious' in pred:
                result['mask_ious'] = pred['mask_ious'].cpu().numpy()
            check_finite(result)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the metrics of the whole data set.

        Args:
            results (list[tuple]): Ground truth and prediction of each image.

        Returns:
            dict[str, float]: See the class; all 0 if nothing was detected.
        """
        if not self._is_ours:
            return super().compute_metrics(results)
        logger = MMLogger.get_current_instance()
        gts, preds = zip(*results, strict=True)
        self._init_coco(gts)
        if self.outfile_prefix is not None:
            self.results2json(preds, self.outfile_prefix)

        if 'segm' in self.metrics and 'masks' not in preds[0]:
            raise ValueError(
                "metric 'segm' needs masks, but the model predicts none. Use "
                "metric='bbox', or a model with a mask head."
            )

        detections = self._detections(preds)
        if detections:
            metrics = self._evaluate(detections)
        else:
            logger.error('The testing results of the whole dataset is empty.')
            metrics = dict.fromkeys(self._keys('mask_ious' in preds[0]), 0.0)
        if self.outfile_prefix is not None and 'segm' in self.metrics:
            content = dict(
                cat_ids=self.cat_ids,
                img_ids=self.img_ids,
                max_dets=self.max_dets,
                iou_thrs=list(self.iou_thrs),
                detections=detections,
            )
            write_json(f'{self.outfile_prefix}.mask_scores.json', content)
        return metrics

    def _evaluate(self, detections: list[dict]) -> dict[str, float]:
        protocol = self.cat_ids, self.img_ids, self.max_dets, self.iou_thrs
        metrics = {}
        if 'bbox' in self.metrics:
            coco_eval = box_evaluator(self._coco_api, detections, *protocol)
            metrics |= self._summarize('bbox', run_coco_eval(coco_eval))
        if 'segm' in self.metrics:
            coco_eval = RankedCOCOeval(self._coco_api, detections, *protocol)
            metrics |= self._segm_metrics(coco_eval)
        return metrics

    def _init_coco(self, gts: Sequence[dict]) -> None:
        if self._coco_api is None:
            with tempfile.TemporaryDirectory() as folder:
                path = self.gt_to_coco_json(gts, f'{folder}/results')
                self._coco_api = COCO(path)
        if self.cat_ids is None:
            self.cat_ids = self._coco_api.get_cat_ids(
                cat_names=self.dataset_meta['classes']
            )
        if self.img_ids is None:
            self.img_ids = self._coco_api.get_img_ids()

    def _detections(self, preds: Sequence[dict]) -> list[dict]:
        """Flatten predictions to COCO results, ``score`` the class score."""
        detections = []
        for pred in preds:
            for i, label in enumerate(pred['labels']):
                det = dict(
                    image_id=pred['img_id'],
                    category_id=self.cat_ids[label],
                    bbox=self.xyxy2xywh(pred['bboxes'][i]),
                    score=float(pred['scores'][i]),
                )
                if 'masks' in pred:
                    rle = pred['masks'][i]
                    if isinstance(rle['counts'], bytes):
                        rle['counts'] = rle['counts'].decode()
                    det['segmentation'] = rle
                for field in ('mask_ious', 'mask_scores'):
                    if field in pred:
                        det[field[:-1]] = float(pred[field][i])
                detections.append(det)
        return detections

    def _segm_metrics(self, coco_eval: RankedCOCOeval) -> dict[str, float]:
        rankings = coco_eval.rankings
        main = 'mask_score' if 'mask_score' in rankings else 'class_score'
        precisions = {
            # Of the others there are no figures by area.
            ranking: coco_eval.precision_by(key, by_area=ranking == main)
            for ranking, key in rankings.items()
        }
        metrics = self._summarize('segm', precisions[main])
        if 'oracle' not in precisions:
            return metrics
        for ranking in ('class_score', 'oracle'):
            values = summarize_precision(precisions[ranking], self.iou_thrs)
            for item in EXTRA_ITEMS:
                metrics[f'segm_{ranking}_{item}'] = values[item]
        for name, value in coco_eval.iou_statistics().items():
            metrics[f'mask_iou_{name}'] = value
        metrics['mask_score_share'] = share_of_gain(
            *(mean_precision(precisions[key][..., 0]) for key in RANKINGS)
        )
        return metrics

    def _summarize(self, metric: str, precision: np.ndarray) -> dict:
        values = summarize_precision(precision, self.iou_thrs)
        items = self.metric_items or MAP_ITEMS
        metrics = {f'{metric}_{item}': values[item] for item in items}
        if self.classwise:
            rows = [['category', *MAP_ITEMS]]
            for i, name in enumerate(self._sorted_names()):
                values = summarize_precision(
                    precision[:, :, [i]], self.iou_thrs
                )
                metrics[f'{metric}_{name}_precision'] = values['mAP']
                rows.append([name, *(f'{v:.3f}' for v in values.values())])
            MMLogger.get_current_instance().info('\n' + AsciiTable(rows).table)
        return metrics

    def _sorted_names(self) -> list[str]:
        """Class names in the order of COCOeval, which sorts category ids."""
        cats = self._coco_api.loadCats(sorted(self.cat_ids))
        return [cat['name'] for cat in cats]

    def _keys(self, has_mask_scores: bool) -> list[str]:
        items = self.metric_items or MAP_ITEMS
        keys = [
            f'{metric}_{item}' for metric in self.metrics for item in items
        ]
        if 'segm' in self.metrics and has_mask_scores:
            keys += [
                f'segm_{ranking}_{item}'
                for ranking in ('class_score', 'oracle')
                for item in EXTRA_ITEMS
            ]
            keys += [f'mask_iou_{s}' for s in ('pearson', 'spearman', 'mae')]
            keys.append('mask_score_share')
        if self.classwise:
            keys += [
                f'{metric}_{name}_precision'
                for metric in self.metrics
                for name in self._sorted_names()
            ]
        return keys
