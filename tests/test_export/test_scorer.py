"""The MaskIoU head that is exported, and what is refused."""

import os
import pickle

import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.export.scorer import load_scorer, random_inputs
from mmdet_msrcnn.models import MaskIoUHead
from tests.helpers import ROOT, small_config
from tests.test_export.heads import results_at_test


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def save_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize('save', [torch.save, save_pickle])
def test_nothing_in_a_hostile_checkpoint_is_run(
    trained, tmp_path, monkeypatch, save
):
    trace, path = tmp_path / 'trace', tmp_path / 'hostile.pth'
    hostile = Hostile(trace)
    save(dict(state_dict=dict(x=hostile)), path)
    # This would make a torch.load that is not explicit run it. Torch refuses
    # to load anything where the other is set too.
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', '1')
    with pytest.raises(
        ValueError, match='asks for .*mkdir.* Nothing was run'
    ) as error:
        load_scorer(trained.config, path)
    assert not trace.exists()
    # torch's advice to load it all the same is left out.
    assert 'weights_only' not in str(error.value)
    pickle.loads(pickle.dumps(hostile))
    assert trace.exists(), 'the payload is harmless'


@pytest.mark.parametrize('content', [b'', b'garbage', b'PK\x03\x04half'])
def test_damaged_checkpoint_is_named(trained, tmp_path, content):
    path = tmp_path / 'damaged.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='damaged.pth was not loaded'):
        load_scorer(trained.config, path)


def test_checkpoint_without_names_is_refused(trained, tmp_path):
    torch.save(torch.zeros(3), tmp_path / 'tensor.pth')
    with pytest.raises(ValueError, match='contains a Tensor'):
        load_scorer(trained.config, tmp_path / 'tensor.pth')


def test_missing_weights_of_the_head_are_named(trained, tmp_path):
    weights = dict(trained.weights)
    del weights['roi_head.mask_iou_head.fcs.1.bias']
    torch.save(dict(state_dict=weights), tmp_path / 'part.pth')
    with pytest.raises(ValueError, match=r'Missing.*"fcs\.1\.bias"') as error:
        load_scorer(trained.config, tmp_path / 'part.pth')
    assert 'convs' not in str(error.value)


def test_weights_of_a_mask_rcnn_are_refused(trained, tmp_path):
    weights = {k: v for k, v in trained.weights.items() if 'mask_iou' not in k}
    torch.save(dict(state_dict=weights), tmp_path / 'mask_rcnn.pth')
    with pytest.raises(ValueError, match=r'Missing.*"convs\.0\.weight"'):
        load_scorer(trained.config, tmp_path / 'mask_rcnn.pth')


def test_weights_of_other_shapes_are_named(trained, tmp_path):
    cfg = small_config(num_classes=5)
    cfg.dump(tmp_path / 'five.py')
    with pytest.raises(ValueError, match='size mismatch for fc_mask_iou'):
        load_scorer(tmp_path / 'five.py', trained.checkpoint)


@pytest.mark.parametrize(
    'config, found',
    [
        ('demo/mask-rcnn_r18_fpn_demo.py', 'none'),
        ('nuclei/mmdet-ms-rcnn_r18_fpn_16e_nuclei.py', 'maskiou_head'),
    ],
)
def test_config_without_our_head_is_refused(trained, config, found):
    with pytest.raises(TypeError, match=f'has .*{found}'):
        load_scorer(ROOT / 'configs' / config, trained.checkpoint)


def test_mask_size_is_asked_for(trained, tmp_path):
    cfg = Config.fromfile(trained.config)
    del cfg.model.train_cfg.rcnn.mask_size
    cfg.dump(tmp_path / 'sizeless.py')
    with pytest.raises(ValueError, match='has no mask_size'):
        load_scorer(tmp_path / 'sizeless.py', trained.checkpoint)


@pytest.mark.parametrize('wrapped', [True, False])
def test_weights_and_selection_are_those_of_the_model(
    trained, tmp_path, wrapped
):
    content = trained.weights
    path = tmp_path / 'tiny.pth'
    torch.save(dict(state_dict=content) if wrapped else content, path)
    scorer = load_scorer(trained.config, path)
    inputs = random_inputs(scorer, 50)
    head = MaskIoUHead(
        num_classes=3, in_channels=16, conv_out_channels=16, fc_out_channels=32
    )
    prefix = 'roi_head.mask_iou_head.'
    head.load_state_dict(
        {
            name.removeprefix(prefix): value
            for name, value in content.items()
            if name.startswith(prefix)
        }
    )
    expected = results_at_test(head, inputs).mask_ious
    assert torch.equal(scorer(*inputs)[0], expected)
    assert len(expected.unique()) > 10
    assert not scorer.training
