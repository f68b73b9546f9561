"""The inferencer carries the fields that mmdet's drops (user need 13)."""

import json

import pytest
import torch
from mmdet.apis import DetInferencer
from mmdet.models.roi_heads.mask_heads import MaskIoUHead as MMDetMaskIoUHead
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmdet_msrcnn.apis import MaskScoringInferencer
from tests.helpers import MASK_RCNN, build_model, small_config


@pytest.fixture
def inferencer():
    """An inferencer without a model: pred2dict needs none."""
    inferencer = object.__new__(MaskScoringInferencer)
    inferencer.num_predicted_imgs = 0
    return inferencer


def prediction(**fields) -> DetDataSample:
    instances = InstanceData(
        bboxes=torch.tensor([[1.0, 2, 5, 6]]),
        labels=torch.tensor([3]),
        scores=torch.tensor([0.5]),
        masks=torch.ones(1, 8, 8, dtype=torch.bool),
        **{name: torch.tensor(values) for name, values in fields.items()},
    )
    return DetDataSample(pred_instances=instances)


def test_adds_the_two_fields(inferencer):
    sample = prediction(mask_ious=[0.75], mask_scores=[0.375])
    result = inferencer.pred2dict(sample)
    assert result.pop('mask_ious') == [0.75]
    assert result.pop('mask_scores') == [0.375]
    assert result == DetInferencer.pred2dict(inferencer, sample)


def test_model_without_mask_scores(inferencer):
    sample = prediction()
    assert inferencer.pred2dict(sample) == DetInferencer.pred2dict(
        inferencer, sample
    )


# path of the image, name of the file
@pytest.mark.parametrize(
    ('meta', 'name'),
    [(dict(img_path='a/b.jpg'), 'b'), (dict(img_path=None), '0'), ({}, '0')],
)
def test_writes_json(inferencer, tmp_path, meta, name):
    sample = prediction(mask_ious=[0.75], mask_scores=[0.375])
    sample.set_metainfo(meta)
    result = inferencer.pred2dict(sample, str(tmp_path))
    written = (tmp_path / 'preds' / f'{name}.json').read_text()
    assert json.loads(written) == json.loads(json.dumps(result))


def test_a_checkpoint_that_does_not_fit_is_refused(inferencer):
    model = build_model(small_config())
    twin = build_model(small_config(MASK_RCNN))
    checkpoint = dict(
        state_dict=twin.state_dict(),
        meta=dict(dataset_meta=dict(classes=('a', 'b', 'c'))),
    )
    with pytest.raises(ValueError, match='has no MaskIoU head'):
        inferencer._load_weights_to_model(model, checkpoint, None)


def test_the_head_of_mmdet_is_refused(inferencer):
    model = build_model(small_config())
    model.roi_head.mask_iou_head = MMDetMaskIoUHead(
        in_channels=8, conv_out_channels=8, fc_out_channels=8
    )
    with pytest.raises(TypeError, match="mmdet's own"):
        inferencer._load_weights_to_model(model, None, None)
