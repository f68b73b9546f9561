from mmdet_msrcnn.evaluation.mask_scoring_metric import MaskScoringMetric

__all__ = ['MaskScoringMetric']
