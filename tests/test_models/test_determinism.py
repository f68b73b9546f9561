"""Training takes no operator that fails under ``deterministic=True``.

mmengine's ``randomness.deterministic`` calls
``torch.use_deterministic_algorithms``, which does next to nothing on a CPU.
All operators of a training step are recorded here and compared with those
that raise on CUDA by the documentation of that function.
"""

from collections import Counter

import mmcv._ext
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch.utils._python_dispatch import TorchDispatchMode

from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS
from tests.frameworks import cascade_config
from tests.helpers import (
    PLUS,
    box_polygons,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)

# https://docs.pytorch.org/docs/2.13/generated/
# torch.use_deterministic_algorithms.html, "will throw a RuntimeError", as
# operators. Of NLLLoss it is the one of images (aten/src/ATen/native/cuda/
# NLLLoss2d.cu).
RAISING = {
    'avg_pool3d_backward',
    '_adaptive_avg_pool2d_backward',
    '_adaptive_avg_pool3d_backward',
    'adaptive_max_pool2d_backward',
    'fractional_max_pool2d_backward',
    'fractional_max_pool3d_backward',
    'max_unpool2d',
    'max_unpool3d',
    'upsample_linear1d_backward',
    'upsample_bilinear2d_backward',
    '_upsample_bilinear2d_aa_backward',
    'upsample_bicubic2d_backward',
    '_upsample_bicubic2d_aa_backward',
    'upsample_trilinear3d_backward',
    'reflection_pad1d_backward',
    'reflection_pad2d_backward',
    'reflection_pad3d_backward',
    'nll_loss2d_forward',
    '_ctc_loss_backward',
    'put_',
    'histc',
    'grid_sampler_2d_backward',
    'grid_sampler_3d_backward',
    'kthvalue',
}
# mmcv's kernels, of which torch knows nothing. The backward of RoIAlign adds
# atomically on CUDA and raises nothing: docs/robustness.md.
MMCV_KERNELS = {'nms', 'roi_align_forward', 'roi_align_backward'}


def raises(func, args, kwargs) -> bool:
    """Whether an operator raises on CUDA, by name and by arguments."""
    name = func._schema.name.split('::')[1]
    if name in ('cumsum', 'cumsum_'):
        return args[0].is_floating_point()
    if name == 'bincount':
        return len(args) > 1 or kwargs.get('weights') is not None
    if name in ('median', 'nanmedian'):
        return func._overloadname != 'default'
    if name.startswith('scatter_reduce'):
        return 'prod' in args
    if name == '_embedding_bag_backward':
        mode = args[8]
        return mode == 2  # the maximum
    return name in RAISING


class Recorder(TorchDispatchMode):
    """Collects operators, forward and backward, and those that raise."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.raising = Counter(), Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        self.seen[func._schema.name] += 1
        if raises(func, args, kwargs):
            self.raising[func._schema.name] += 1
        return func(*args, **kwargs)


def fusion_config(fusion: str, target_classes: str = 'true') -> Config:
    cfg = small_config()
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head.update(fusion=fusion, target_classes=target_classes)
    if fusion == 'hr_roi':
        roi_head.mask_iou_head.roi_feat_size = 28
        extractor = roi_head.mask_roi_extractor.to_dict()
        extractor['roi_layer']['output_size'] = 28
        roi_head.mask_iou_roi_extractor = extractor
    return cfg


CONFIGS = {
    'plus': lambda: small_config(PLUS),
    'cascade': cascade_config,
    'present': lambda: fusion_config('concat', 'present'),
    **{name: lambda name=name: fusion_config(name) for name in FUSIONS},
}


@pytest.fixture
def kernels(monkeypatch):
    """Names of mmcv's kernels that run."""
    names = set()

    def recorded(name, kernel):
        def call(*args, **kwargs):
            names.add(name)
            return kernel(*args, **kwargs)

        return call

    for name, kernel in vars(mmcv._ext).copy().items():
        if callable(kernel):
            monkeypatch.setattr(mmcv._ext, name, recorded(name, kernel))
    return names


@pytest.mark.parametrize('name', CONFIGS)
@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
def test_a_training_step(name, form, kernels):
    model = build_model(CONFIGS[name]()).train()
    batch = collate(scene(3), scene(2, seed=1))
    if form == 'polygon':
        for sample in batch['data_samples']:
            gt = sample.gt_instances
            gt.masks = box_polygons(gt.masks.masks)
    with Recorder() as recorder:
        loss, log = model.parse_losses(losses_of(model, batch))
        loss.backward()
    assert sum(v for k, v in log.items() if k.endswith('iou_samples')) > 0
    assert recorder.seen['aten::convolution_backward'] > 10
    assert not recorder.raising
    assert kernels == MMCV_KERNELS


@pytest.mark.parametrize(
    'call',
    [
        lambda x: F.adaptive_max_pool2d(x, 2),
        lambda x: F.adaptive_avg_pool2d(x, 2),
        lambda x: F.interpolate(x, scale_factor=2, mode='bilinear'),
        lambda x: F.grid_sample(x, x.new_zeros(1, 2, 2, 2)),
        lambda x: F.nll_loss(x, torch.zeros(1, 4, 4, dtype=torch.long)),
        lambda x: x.cumsum(dim=1),
        lambda x: x.median(dim=1).values,
        lambda x: x.scatter_reduce(1, torch.zeros_like(x).long(), x, 'prod'),
        lambda x: F.embedding_bag(
            torch.zeros(1, 2, dtype=torch.long), x[0, 0], mode='max'
        ),
        lambda x: F.pad(x, (1, 1, 1, 1), mode='reflect'),
    ],
)
def test_operators_that_raise_are_told(call):
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    with Recorder() as recorder:
        call(x).sum().backward()
    assert recorder.raising
