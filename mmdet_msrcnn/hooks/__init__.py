from mmdet_msrcnn.hooks.annotation_check_hook import AnnotationCheckHook
from mmdet_msrcnn.hooks.checkpoint_fit_hook import CheckpointFitHook
from mmdet_msrcnn.hooks.finite_loss_hook import FiniteLossHook
from mmdet_msrcnn.hooks.rle_masks_hook import RLEMasksHook
from mmdet_msrcnn.hooks.safe_checkpoint_hook import SafeCheckpointHook

__all__ = [
    'AnnotationCheckHook',
    'CheckpointFitHook',
    'FiniteLossHook',
    'RLEMasksHook',
    'SafeCheckpointHook',
]
