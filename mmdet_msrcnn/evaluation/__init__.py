from mmdet_msrcnn.compat.cityscapes_metric import CityScapesMetric
from mmdet_msrcnn.compat.lvis_metric import LVISMetric
from mmdet_msrcnn.evaluation.camouflage_metric import CamouflageMetric
from mmdet_msrcnn.evaluation.mask_scoring_metric import MaskScoringMetric

__all__ = [
    'CamouflageMetric',
    'CityScapesMetric',
    'LVISMetric',
    'MaskScoringMetric',
]
