from mmdet_msrcnn.compat.cityscapes_metric import CityScapesMetric
from mmdet_msrcnn.compat.lvis_metric import LVISMetric
from mmdet_msrcnn.evaluation.mask_scoring_metric import MaskScoringMetric

__all__ = ['CityScapesMetric', 'LVISMetric', 'MaskScoringMetric']
