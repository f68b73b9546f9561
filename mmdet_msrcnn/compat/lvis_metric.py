"""LVIS evaluation with current NumPy.

lvis 0.5.3 calls ``np.float``
(https://github.com/lvis-dataset/lvis-api/blob/master/lvis/eval.py). This file
can go when a release of lvis no longer calls it.
"""

from mmdet.evaluation import LVISMetric as MMDetLVISMetric
from mmdet.evaluation.metrics import lvis_metric

from mmdet_msrcnn.compat.removed_numpy import NUMPY, with_globals
from mmdet_msrcnn.registry import METRICS


@METRICS.register_module()
class LVISMetric(MMDetLVISMetric):
    """mmdet's LVISMetric, which ranks masks by ``mask_scores``.

    Needs ``pip install lvis==0.5.3``. Arguments and figures are those of
    mmdet's LVISMetric.
    """

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the metrics; see mmdet's LVISMetric."""

        class LVISEval(lvis_metric.LVISEval):
            accumulate = with_globals(
                lvis_metric.LVISEval.accumulate, np=NUMPY
            )

        compute = with_globals(
            MMDetLVISMetric.compute_metrics, LVISEval=LVISEval
        )
        return compute(self, results)
