"""Changes of how a MaskIoU head and its detector are trained together."""

from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.late_loss_hook import LateLossHook


def stop_feature_grad(cfg: Config) -> None:
    """Stop the gradient of the head at the RoI features."""
    cfg.model.roi_head.roi_feat_grad = 0.0


def stop_mask_grad(cfg: Config) -> None:
    """Stop the gradient of the head at the mask probabilities."""
    cfg.model.roi_head.mask_grad = 0.0


def stop_grad(cfg: Config) -> None:
    """Stop both gradients."""
    stop_feature_grad(cfg)
    stop_mask_grad(cfg)


def clip_apart(cfg: Config) -> None:
    """Clip the gradients of the head and the detector separately."""
    constructor = 'mmdet_msrcnn.ClipApartOptimWrapperConstructor'
    cfg.optim_wrapper.constructor = constructor


def isolate(cfg: Config) -> None:
    """Train the head without any effect on the detector."""
    stop_grad(cfg)
    clip_apart(cfg)


def learn_slowly(cfg: Config) -> None:
    """Train the head with a tenth of the learning rate."""
    old = cfg.optim_wrapper.get('paramwise_cfg', {})
    keys = dict(old.get('custom_keys', {}), mask_iou_head=dict(lr_mult=0.1))
    cfg.optim_wrapper.paramwise_cfg = dict(old, custom_keys=keys)


def start_late(cfg: Config) -> None:
    """Give the loss of the head a weight of 0 in the first half."""
    hook = dict(
        type=f'{LateLossHook.__module__}.{LateLossHook.__name__}',
        begin=cfg.train_cfg.max_epochs // 2,
    )
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]


def train_twice_as_long(cfg: Config) -> None:
    """Double the epochs."""
    epochs = 2 * cfg.train_cfg.max_epochs
    cfg.train_cfg.update(max_epochs=epochs, val_interval=epochs)
    cfg.param_scheduler[1].end = epochs


# By the end of a variant's name.
COUPLING_CHANGES = {
    '_no-feature-grad': stop_feature_grad,
    '_no-mask-grad': stop_mask_grad,
    '_no-grad': stop_grad,
    '_clip-apart': clip_apart,
    '_isolated': isolate,
    '_tenth-lr': learn_slowly,
    '_late-loss': start_late,
    '_2x': train_twice_as_long,
}
