"""The inferencer carries the fields that mmdet's drops."""

import json
from collections import defaultdict

import cv2
import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer
from mmdet.models.roi_heads.mask_heads import MaskIoUHead as MMDetMaskIoUHead
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmdet_msrcnn.apis import MaskScoringInferencer
from mmdet_msrcnn.utils.image_files import OutputNames
from tests.helpers import MASK_RCNN, build_model, small_config


@pytest.fixture
def inferencer():
    """An inferencer without a model: pred2dict needs none."""
    inferencer = object.__new__(MaskScoringInferencer)
    inferencer._pred_names = defaultdict(OutputNames)
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


def test_class_scores_of_a_model_that_ranks_by_mask_score(inferencer):
    sample = prediction(
        mask_ious=[0.75], mask_scores=[0.5], class_scores=[0.875]
    )
    result = inferencer.pred2dict(sample)
    assert (result['scores'], result['class_scores']) == ([0.5], [0.875])


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


def test_a_model_without_mask_scores_cannot_rank_by_them(inferencer):
    cfg = small_config(MASK_RCNN)
    cfg.model.test_cfg.rcnn.rank_by = 'mask_score'
    with pytest.raises(ValueError, match="rank_by='mask_score' needs a RoI"):
        inferencer._load_weights_to_model(build_model(cfg), None, None)


@pytest.fixture(scope='module')
def real(tmp_path_factory):
    """An inferencer with a small model that detects something."""
    folder = tmp_path_factory.mktemp('model')
    cfg = small_config()
    cfg.test_dataloader.dataset.update(
        metainfo=dict(classes=('cell', 'debris', 'dust'))
    )
    cfg.dump(folder / 'cfg.py')
    # Weights alone: no classes in the file.
    torch.save(build_model(cfg).state_dict(), folder / 'weights.pth')
    return MaskScoringInferencer(
        str(folder / 'cfg.py'),
        str(folder / 'weights.pth'),
        device='cpu',
        show_progress=False,
    )


def test_class_names_of_the_config(real):
    meta = real.visualizer.dataset_meta
    assert tuple(meta['classes']) == ('cell', 'debris', 'dust')


def write_images(folder, *names):
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.full((64, 64, 3), 40 * i, np.uint8)
        path.write_bytes(cv2.imencode(path.suffix.lower(), image)[1])


def files(folder) -> list[str]:
    found = (p for p in folder.rglob('*') if p.is_file())
    return sorted(p.relative_to(folder).as_posix() for p in found)


def test_every_image_of_a_folder_has_its_outputs(real, tmp_path):
    data, out = tmp_path / 'data', tmp_path / 'out'
    write_images(data, 'p/1.png', 'q/1.png', 'q/1.jpg', 'IMG.JPG')
    (data / 'labels.json').write_text('{}')
    with pytest.warns(UserWarning, match=r'Skipped files .*labels\.json'):
        result = real(str(data), out_dir=str(out), no_save_pred=False)
    assert len(result['predictions']) == 4
    assert files(out / 'preds') == [
        '1.jpg.json',
        '1.json',
        'IMG.json',
        'q/1.json',
    ]
    assert files(out / 'vis') == ['1.jpg', '1.png', 'IMG.JPG', 'q/1.png']
    # One call for each, as in a loop of a user's own.
    for name in ('p/1.png', 'q/1.png'):
        out = tmp_path / 'loop'
        real(str(data / name), out_dir=str(out), no_save_pred=False)
    assert len(files(out / 'vis')) == len(files(out / 'preds')) == 2
    # Another folder begins anew.
    other = tmp_path / 'other'
    real(str(data / 'q/1.png'), out_dir=str(other), no_save_pred=False)
    assert files(other) == ['preds/1.json', 'vis/1.png']


def test_image_that_cannot_be_read_is_named(real, tmp_path):
    (tmp_path / '2.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'2\.png cannot be read as an image'):
        real(str(tmp_path / '2.png'))


def test_folder_without_images_is_named(real, tmp_path):
    with pytest.raises(ValueError, match='contains no image'):
        real(str(tmp_path))


def test_name_of_a_model_is_looked_up_here_first(inferencer):
    name = 'ms-rcnn_r50-caffe_fpn_1x_coco'
    cfg, weights = inferencer._load_model_from_metafile(name)
    assert cfg.model.roi_head.type == 'mmdet_msrcnn.MaskScoringRoIHead'
    assert weights.endswith('61c9355e.pth')


def test_name_of_a_model_of_mmdet(inferencer):
    inferencer.scope = 'mmdet'
    name = 'mask-rcnn_r50_fpn_1x_coco'
    cfg, _ = inferencer._load_model_from_metafile(name)
    assert cfg.model.type == 'MaskRCNN'
    assert 'mask_iou_head' not in cfg.model.roi_head


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('mmdet_msrcnn::ms_rcnn/x.py', 'cannot find configs of mmdet_msrcnn'),
        ('no-such-model', 'Cannot find model: no-such-model'),
    ],
)
def test_unknown_model_is_named(inferencer, name, message):
    inferencer.scope = 'mmdet'
    with pytest.raises(ValueError, match=message):
        inferencer._load_model_from_metafile(name)
