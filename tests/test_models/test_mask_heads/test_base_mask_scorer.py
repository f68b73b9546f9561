"""What every head that scores masks keeps, a user's own included."""

import inspect

import pytest
import torch
from mmdet.models.roi_heads.mask_heads import MaskIoUHead as MMDetMaskIoUHead
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import (
    MaskIoUHead,
    MasknessHead,
    MaskRelationHead,
    MaskScoreHead,
)
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    DETECTIONS,
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.registry import MODELS
from tests.frameworks import FRAMEWORKS
from tests.helpers import build_model, collate, losses_of, scene

SCORERS = (MaskIoUHead, MaskScoreHead, MaskRelationHead, MasknessHead)
METHODS = (
    'context',
    'decode',
    'empty_preds',
    'forward',
    'get_targets',
    'loss_and_target',
    'loss_by_targets',
    'predict_by_feat',
)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('scorer', SCORERS)
def test_signatures_are_those_of_the_base(scorer, method):
    expected, found = (
        [(p.name, p.kind, p.default) for p in parameters.values()]
        for parameters in (
            inspect.signature(getattr(cls, method)).parameters
            for cls in (BaseMaskScorer, scorer)
        )
    )
    assert found == expected


@pytest.mark.parametrize('framework', FRAMEWORKS)
def test_a_scorer_logs_what_it_declares(framework):
    model = build_model(FRAMEWORKS[framework]()).train()
    losses = losses_of(model, collate(scene(seed=1)))
    logged = {name.rsplit('.', 1)[-1] for name in losses}
    logs = {*model.roi_head.mask_iou_head.logs}
    assert logs <= logged
    twins = {'loss_cls', 'loss_bbox', 'acc', 'loss_mask'}
    assert logged - logs == twins | {'loss_rpn_cls', 'loss_rpn_bbox'}


class AreaScorer(BaseMaskScorer):
    """Predicts both scores from the area of the mask."""

    predicts = ('mask_ious', 'mask_scores')
    logs = ('loss_area',)

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.fc = torch.nn.Linear(1, 2)

    def forward(self, mask_feats, mask_probs, labels, context=None):
        area = select_by_label(mask_probs, labels).mean((1, 2))
        return self.fc(area[:, None])[:, None]

    def decode(self, preds):
        return preds.sigmoid().unbind(-1)

    def get_targets(
        self,
        mask_probs,
        samples,
        batch_gt_instances,
        batch_gt_instances_ignore,
        rcnn_train_cfg,
    ):
        assert len(samples) == len(batch_gt_instances)
        assert len(samples) == len(batch_gt_instances_ignore)
        return {}

    def loss_by_targets(self, preds, labels, targets):
        return dict(loss_area=preds.square().sum())


@pytest.fixture
def area_scorer(request):
    name = 'AreaScorer'
    kind = type(name, (AreaScorer,), dict(trained_on=request.param))
    MODELS.register_module(name, module=kind)
    yield dict(type=f'mmdet_msrcnn.{name}', in_channels=16)
    MODELS.module_dict.pop(name)


@pytest.mark.parametrize('frozen', [False, True])
@pytest.mark.parametrize(
    ('framework', 'area_scorer'),
    [
        ('ms_rcnn', POSITIVES),
        ('cascade', POSITIVES),
        ('ms_rcnn_plus', DETECTIONS),
    ],
    indirect=['area_scorer'],
)
def test_a_scorer_of_the_users_own_trains_and_predicts(
    framework, area_scorer, frozen
):
    cfg = FRAMEWORKS[framework]()
    cfg.model.roi_head.mask_iou_head = area_scorer
    if frozen:
        cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    model = build_model(cfg)
    if frozen:
        model.load_state_dict(model.state_dict())
    losses = losses_of(model.train(), collate(scene(seed=1)))
    name = next(name for name in losses if name.endswith('loss_area'))
    if frozen:
        assert list(losses) == [name]
    losses[name].backward()
    assert model.roi_head.mask_iou_head.fc.weight.grad.abs().sum() > 0
    (result,) = model.eval().test_step(collate(scene(seed=1)))
    pred = result.pred_instances
    assert len(pred) > 0
    assert (pred.mask_scores != pred.scores * pred.mask_ious).all()


@pytest.mark.parametrize('area_scorer', [DETECTIONS], indirect=True)
def test_no_detection_of_a_scorer_of_the_users_own(area_scorer):
    cfg = FRAMEWORKS['ms_rcnn_plus']()
    cfg.model.roi_head.mask_iou_head = area_scorer
    cfg.model.test_cfg.rcnn.score_thr = 1.0
    model = build_model(cfg).eval()
    (result,) = model.test_step(collate(scene(seed=1)))
    assert result.pred_instances.mask_scores.shape == (0,)


WRONG = {
    'no samples': (dict(trained_on=''), "trained_on must be 'positives' or"),
    'no MaskIoU': (
        dict(predicts=('mask_scores',)),
        r"predicts must be .* got \('mask_scores',\)",
    ),
    'another field': (
        dict(predicts=('mask_ious', 'area')),
        r"predicts must be .* got \('mask_ious', 'area'\)",
    ),
    'no tuple of fields': (
        dict(predicts=None),
        'predicts must be .* got None',
    ),
    'logs of other heads': (dict(logs=('loss_mask',)), r'got .*loss_mask'),
    'logs with a stage': (dict(logs=('s0.loss',)), 'names without a dot'),
    'no tuple of logs': (dict(logs='loss_area'), "got 'loss_area'"),
    'context of positives': (
        dict(num_context_features=2),
        'reads 2 features of detections, but positives have none',
    ),
}


@pytest.mark.parametrize('what', WRONG)
@pytest.mark.parametrize('area_scorer', [POSITIVES], indirect=True)
def test_a_declaration_that_is_wrong_is_named(area_scorer, what, monkeypatch):
    changes, message = WRONG[what]
    for name, value in changes.items():
        monkeypatch.setattr(MODELS.get('AreaScorer'), name, value)
    cfg = FRAMEWORKS['ms_rcnn']()
    cfg.model.roi_head.mask_iou_head = area_scorer
    with pytest.raises(TypeError, match=message):
        build_model(cfg)


@pytest.mark.parametrize(
    ('framework', 'area_scorer'),
    [('ms_rcnn', POSITIVES), ('ms_rcnn_plus', DETECTIONS)],
    indirect=['area_scorer'],
)
def test_a_loss_that_is_not_declared_is_named(
    framework, area_scorer, monkeypatch
):
    monkeypatch.setattr(MODELS.get('AreaScorer'), 'logs', ('loss_mask_iou',))
    cfg = FRAMEWORKS[framework]()
    cfg.model.roi_head.mask_iou_head = area_scorer
    model = build_model(cfg).train()
    with pytest.raises(KeyError, match="statistics \\['loss_area'\\]"):
        losses_of(model, collate(scene(seed=1)))


def test_scores_have_the_dtype_of_the_class_scores():
    """Under autocast, heads predict in half precision."""
    head = MaskIoUHead(num_classes=2, in_channels=8, conv_out_channels=8)
    results = InstanceData(
        scores=torch.tensor([0.5, 1.0]), labels=torch.tensor([0, 1])
    )
    preds = torch.tensor([[0.5, 0.0], [0.0, 0.25]], dtype=torch.bfloat16)
    head.predict_by_feat((preds,), [results])
    assert results.mask_ious.dtype == torch.float32
    assert results.mask_ious.tolist() == [0.5, 0.25]
    assert results.mask_scores.dtype == torch.float32
    assert results.mask_scores.tolist() == [0.25, 0.25]


@pytest.mark.parametrize('area_scorer', [POSITIVES], indirect=True)
def test_a_field_of_another_shape_is_named(area_scorer, monkeypatch):
    cfg = FRAMEWORKS['ms_rcnn']()
    cfg.model.roi_head.mask_iou_head = area_scorer
    model = build_model(cfg).eval()
    monkeypatch.setattr(
        MODELS.get('AreaScorer'),
        'decode',
        lambda self, preds: preds.sigmoid()[..., None].unbind(1),
    )
    with pytest.raises(ValueError, match='mask_ious of AreaScorer must have'):
        model.test_step(collate(scene(seed=1)))


def test_positional_arguments_are_those_of_mmdet():
    ours = MaskIoUHead(2, 1, 14, 16, 8, 16, 3)
    theirs = MMDetMaskIoUHead(2, 1, 14, 16, 8, 16, 3)
    theirs.load_state_dict(ours.state_dict(), strict=True)
