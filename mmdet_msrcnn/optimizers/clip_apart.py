"""Gradient clipping that keeps the scorer and the detector apart."""

from collections.abc import Callable, Iterable

from mmengine.model import is_model_wrapper
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import Tensor, nn

from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.registry import OPTIM_WRAPPER_CONSTRUCTORS

# Keys of paramwise_cfg that mmengine's default constructor reads.
SETTINGS = (
    'bias_lr_mult',
    'bias_decay_mult',
    'norm_decay_mult',
    'flat_decay_mult',
    'dwconv_decay_mult',
    'dcn_offset_lr_mult',
    'bypass_duplicate',
    'custom_keys',
)


def clip_apart(
    clip: Callable[..., Tensor | None],
    apart: Iterable[nn.Parameter],
    parameters: Iterable[nn.Parameter],
    **kwargs,
) -> Tensor | None:
    """Clip the gradients of some parameters apart from those of the others.

    Args:
        clip (Callable): Such as ``torch.nn.utils.clip_grad_norm_``.
        apart (Iterable[nn.Parameter]): Those to clip by themselves.
        parameters (Iterable[nn.Parameter]): All that have a gradient.
        **kwargs: Other arguments of ``clip``.

    Returns:
        Tensor | None: What ``clip`` returns for the others, or for those
        apart if there are no others.
    """
    apart, others = set(apart), list(parameters)
    own = [p for p in others if p in apart]
    others = [p for p in others if p not in apart]
    norm = clip(own, **kwargs) if own else None
    return clip(others, **kwargs) if others else norm


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class ClipApartOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Constructor of an optimizer that clips the scorer's gradient apart.

    ``clip_grad`` limits the norm of all gradients. A large gradient of the
    scorer then shrinks that of the detector, in particular in the first epoch.
    With this constructor, the limit holds for the detector and for the scorer,
    each by itself. The logged ``grad_norm`` is that of the detector.

    .. code-block:: python

        optim_wrapper = dict(
            constructor='mmdet_msrcnn.ClipApartOptimWrapperConstructor'
        )
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the optimizer of a model.

        Args:
            model (nn.Module): Model with a RoI head that scores masks.

        Returns:
            :obj:`OptimWrapper`: The optimizer. Without ``clip_grad`` it is
            that of :class:`DefaultOptimWrapperConstructor`.

        Raises:
            TypeError: If the model has no such RoI head.
            ValueError: If ``paramwise_cfg`` has a setting of another
                constructor.
        """
        unknown = sorted({*(self.paramwise_cfg or {})} - {*SETTINGS})
        if unknown:
            raise ValueError(
                f'optim_wrapper.paramwise_cfg.{unknown[0]} belongs to another '
                'constructor; this one knows '
                f'{", ".join(SETTINGS)}. Set the other constructor, without '
                'clip_grad.'
            )
        wrapper = super().__call__(model)
        inner = model.module if is_model_wrapper(model) else model
        roi_head = getattr(inner, 'roi_head', None)
        if not isinstance(roi_head, BaseMaskScoringRoIHead):
            raise TypeError(
                f'The RoI head is {type(roi_head).__name__}, which has no '
                'scorer to clip apart. Use a RoI head of mmdet_msrcnn, or '
                "optim_wrapper.constructor='DefaultOptimWrapperConstructor'."
            )
        apart = [
            parameter
            for part in roi_head.scorer_parts
            for parameter in part.parameters()
        ]
        if wrapper.clip_grad_kwargs:
            clip = wrapper.clip_func
            wrapper.clip_func = lambda parameters, **kwargs: clip_apart(
                clip, apart, parameters, **kwargs
            )
        return wrapper
