from mmdet_msrcnn.apis.mask_scoring_inferencer import MaskScoringInferencer

__all__ = ['MaskScoringInferencer']
