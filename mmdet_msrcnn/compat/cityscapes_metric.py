"""Cityscapes evaluation with current NumPy.

cityscapesscripts 2.3.0 calls ``np.in1d``
(https://github.com/mcordts/cityscapesScripts/blob/master/cityscapesscripts/evaluation/evalInstanceLevelSemanticLabeling.py).
This file can go when a release of cityscapesscripts no longer calls it.
"""

from types import SimpleNamespace

from mmdet.evaluation import CityScapesMetric as MMDetCityScapesMetric
from mmdet.evaluation.functional import cityscapes_utils

from mmdet_msrcnn.compat.removed_numpy import NUMPY, with_globals
from mmdet_msrcnn.registry import METRICS


@METRICS.register_module()
class CityScapesMetric(MMDetCityScapesMetric):
    """mmdet's CityScapesMetric, which ranks masks by ``mask_scores``.

    Needs ``pip install cityscapesscripts==2.3.0``. Arguments and figures are
    those of mmdet's CityScapesMetric.
    """

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the metrics; see mmdet's CityScapesMetric."""
        scripts = cityscapes_utils.CSEval
        scripts = SimpleNamespace(
            **{
                **vars(scripts),
                'assignGt2Preds': with_globals(
                    scripts.assignGt2Preds, np=NUMPY
                ),
            }
        )
        evaluate = with_globals(
            cityscapes_utils.evaluateImgLists,
            matchGtWithPreds=with_globals(
                cityscapes_utils.matchGtWithPreds, CSEval=scripts
            ),
        )
        compute = with_globals(
            MMDetCityScapesMetric.compute_metrics, evaluateImgLists=evaluate
        )
        return compute(self, results)
