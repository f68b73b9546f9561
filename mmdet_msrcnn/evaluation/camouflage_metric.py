"""Metric of camouflaged objects: one foreground map for each image."""

from collections.abc import Sequence

from mmdet.datasets.api_wrappers import COCO
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation.checks import check_binary
from mmdet_msrcnn.evaluation.foreground import (
    binary_masks,
    check_size,
    foreground_map,
    load_library,
    map_figures,
    mean_figures,
    stretch,
    true_foreground,
)
from mmdet_msrcnn.registry import METRICS
from mmdet_msrcnn.utils.rank_by import (
    CLASS_SCORE,
    MASK_SCORE,
    sample_by_class_score,
)

# Rankings, and the field of a detection that holds the score.
FIELDS = {MASK_SCORE: 'mask_scores', CLASS_SCORE: 'scores'}


@METRICS.register_module()
class CamouflageMetric(BaseMetric):
    """S-measure, E-measure, weighted F and MAE of foreground maps.

    The detections of an image become one map: a pixel has the highest score
    of the detections that cover it, and 0 if none does. All detections that
    the model returns count, so ``test_cfg.rcnn.score_thr`` matters. The true
    map is the union of the instances of the image. The figures are computed
    at the original size, and averaged over the images.

    They are computed twice: ``mask_score_*`` with the mask scores, if the
    model predicts them, and ``class_score_*`` with the class scores. Both are
    the same whatever ``test_cfg.rcnn.rank_by`` is, which only changes the
    field ``scores``.

    - ``s_measure``: Fan et al., ICCV 2017, with alpha 0.5.
    - ``e_measure_mean``, ``e_measure_max``, ``e_measure_adaptive``: Fan et
      al., IJCAI 2018. Mean and maximum of the mean curve over 256
      thresholds; at twice the mean of each map.
    - ``weighted_f``: Margolin et al., CVPR 2014, with beta 1. It is 0 for
      images without foreground.
    - ``mae``: mean absolute error; lower is better.

    Args:
        ann_file (str): Annotations of the test set in COCO format.
        stretch (bool): Whether to scale each map to [0, 1] first, as the
            published evaluations do. Then only the ratios between the scores
            in an image matter. Defaults to True.
        collect_device (str): See :class:`BaseMetric`.
        prefix (str, optional): See there. Defaults to 'camouflage'.

    Raises:
        ImportError: If pysodmetrics is missing.
    """

    default_prefix = 'camouflage'

    def __init__(
        self,
        ann_file: str,
        *,
        stretch: bool = True,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix)
        load_library()
        self.stretch = stretch
        with silence():
            self._coco = COCO(ann_file)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Compute the figures of the images of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): ``img_id``, and ``pred_instances``
                with ``masks`` of shape (n, H, W) or as run lengths, ``scores``
                and maybe ``mask_scores``.

        Raises:
            ValueError: If the model predicts no masks or soft masks, a score
                is not in [0, 1], or the annotations have another image size
                or lack the image.
        """
        self.results += map(self._figures, data_samples)

    def _figures(self, sample: dict) -> dict[str, dict]:
        pred = sample_by_class_score(sample)['pred_instances']
        if 'masks' not in pred:
            raise ValueError(
                'CamouflageMetric needs masks, but the model predicts none. '
                'Use a model with a mask head.'
            )
        if isinstance(pred['masks'], Tensor):
            check_binary(pred['masks'])
        img_id = sample['img_id']
        truth = true_foreground(self._coco, img_id)
        masks = binary_masks(pred['masks'], truth.shape)
        found = {}
        for ranking, field in FIELDS.items():
            if field in pred:
                scores = pred[field].detach().cpu().double().numpy()
                foreground = foreground_map(masks, scores)
                check_size(foreground, truth, self._coco.imgs[img_id])
                if self.stretch:
                    foreground = stretch(foreground)
                found[ranking] = map_figures(foreground, truth)
        return found

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average over the images.

        Args:
            results (list[dict]): Figures of each image by ranking.

        Returns:
            dict[str, float]: ``mask_score_s_measure`` and so on.
        """
        return {
            f'{ranking}_{name}': value
            for ranking in results[0]
            for name, value in mean_figures(
                [image[ranking] for image in results]
            ).items()
        }
