"""Formats, and what is written."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from mmdet_msrcnn.checkpoints.convert import convert, write
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from tests.helpers import MASK_RCNN, build_model, collate, scene, small_config
from tests.test_checkpoints.authors_model import checkpoint
from tests.test_checkpoints.cases import (
    CLASSES,
    PALETTE,
    in_tree_config,
    mmdet_2_checkpoint,
    mmdet_3_checkpoint,
    small_r50_config,
)


def predict(model, batch: dict) -> list:
    """Detections of each image, in eval mode."""
    model.eval()
    with torch.no_grad():
        data = model.data_preprocessor(batch)
        samples = model(**data, mode='predict')
    return [sample.pred_instances for sample in samples]


def in_tree_model() -> torch.nn.Module:
    """mmdet's model, with MaskIoUs between 0 and 1."""
    model = build_model(in_tree_config())
    torch.nn.init.constant_(model.roi_head.mask_iou_head.fc_mask_iou.bias, 0.5)
    return model


@pytest.mark.parametrize('save', [mmdet_2_checkpoint, mmdet_3_checkpoint])
def test_mmdets_checkpoint_gives_mmdets_detections(tmp_path, save):
    model = in_tree_model()
    assert type(model.roi_head).__module__.startswith('mmdet.')
    path = tmp_path / 'epoch_12.pth'
    torch.save(save(model.state_dict()), path)
    converted = convert(read_checkpoint(path), small_config())
    checkpoint_path, config_path = write(converted, tmp_path / 'out', 'a.b')

    content = torch.load(checkpoint_path, weights_only=True)
    assert content.keys() == {'meta', 'state_dict'}
    meta = content['meta']
    assert meta['dataset_meta'] == dict(classes=CLASSES, palette=PALETTE)
    assert meta.keys() == {'dataset_meta', 'mmdet_msrcnn_version'}

    ours = build_model(Config.fromfile(config_path))
    load_checkpoint(ours, str(checkpoint_path), 'cpu', strict=True)
    found = 0
    for theirs, mine in zip(
        predict(model, collate(scene(seed=0), scene(seed=1))),
        predict(ours, collate(scene(seed=0), scene(seed=1))),
        strict=True,
    ):
        found += len(mine)
        assert torch.equal(mine.bboxes, theirs.bboxes)
        assert torch.equal(mine.labels, theirs.labels)
        assert torch.equal(mine.masks, theirs.masks)
        assert ((mine.mask_ious > 0) & (mine.mask_ious < 1)).all()
        # mmdet's score is class score x MaskIoU.
        torch.testing.assert_close(mine.mask_scores, theirs.scores)
    assert found


def test_authors_checkpoint_is_told_by_its_names():
    content = checkpoint()
    cfg = small_r50_config()
    wrapped = convert(content, cfg)
    bare = {k.removeprefix('module.'): v for k, v in content['model'].items()}
    assert wrapped.format == 'maskrcnn-benchmark'
    assert convert(bare, cfg).content['state_dict'].keys() == (
        wrapped.content['state_dict'].keys()
    )
    # The data set of the config has 80 classes, the checkpoint 3.
    assert wrapped.content['meta']['dataset_meta'] == {}
    cfg.test_dataloader.dataset.metainfo = dict(classes=CLASSES)
    meta = convert(content, cfg).content['meta']
    assert meta['dataset_meta'] == dict(classes=CLASSES)
    assert cfg.model.rpn_head.anchor_generator.type == 'AnchorGenerator'


def test_a_config_without_the_head_is_refused():
    with pytest.raises(ValueError, match='has no model.roi_head.mask_iou_h'):
        convert(checkpoint(), small_config(MASK_RCNN))


OTHERS = {
    'mmdet 1.x': {'bbox_head.fc_cls.weight': torch.zeros(1)},
    'none of the formats': {'roi_heads.mask_head.w': torch.zeros(1)},
    'no parameters under': {'epoch': 1, 'weights': {}},
}


@pytest.mark.parametrize('message', OTHERS)
def test_other_content_is_refused(message):
    with pytest.raises(ValueError, match=message):
        convert(OTHERS[message], small_config())
