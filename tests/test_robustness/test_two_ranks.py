"""Two processes over gloo train as one does."""

from pathlib import Path

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from torch import nn

from tests.helpers import build_model, collate, scene, small_config
from tests.ranks import run_ranks

# Instances in the image of each rank. Ground-truth boxes are the only
# positives, so that equal numbers weigh alike.
CASES = {'equal': (3, 3), 'no positive on one rank': (3, 0)}


def detector() -> nn.Module:
    cfg = small_config()
    cfg.model.train_cfg.rcnn.assigner.update(
        pos_iou_thr=0.999, neg_iou_thr=0.999, min_pos_iou=0.999
    )
    model = build_model(cfg).train()
    # Masks that are not empty, so that every positive trains.
    nn.init.constant_(model.roi_head.mask_head.conv_logits.bias, 1)
    return model


def scenes(case: str) -> list[dict]:
    return [scene(num, seed=rank) for rank, num in enumerate(CASES[case])]


def gradients(model: nn.Module, inner: nn.Module, batch: dict) -> dict:
    """Gradients of the MaskIoU loss, which reach mask head and backbone."""
    data = inner.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    losses['loss_mask_iou'].backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in inner.named_parameters()
        if parameter.grad is not None
    }


def train(case: str, rank: int, folder: Path) -> None:
    inner = detector()
    model = MMDistributedDataParallel(
        inner, broadcast_buffers=False, find_unused_parameters=True
    )
    found = gradients(model, inner, collate(scenes(case)[rank]))
    torch.save(found, folder / f'{case}-{rank}.pth')


def work(rank: int, folder: Path) -> None:
    for case in CASES:
        train(case, rank, folder)


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """Gradients of both ranks, by case."""
    folder = tmp_path_factory.mktemp('ranks')
    run_ranks(work, folder, 2)
    return {
        case: [
            torch.load(folder / f'{case}-{rank}.pth', weights_only=True)
            for rank in range(2)
        ]
        for case in CASES
    }


@pytest.mark.parametrize('case', CASES)
def test_ranks_have_the_same_gradients(ranks, case):
    first, second = ranks[case]
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name])


def test_gradients_are_those_of_the_joint_batch(ranks):
    model = detector()
    expected = gradients(model, model, collate(*scenes('equal')))
    found = ranks['equal'][0]
    assert found.keys() >= expected.keys()
    assert any('mask_iou_head' in name for name in expected)
    assert any('backbone' in name for name in expected)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-3)


def test_a_rank_without_positives_adds_nothing(ranks):
    model = detector()
    alone = scenes('no positive on one rank')[0]
    expected = gradients(model, model, collate(alone))
    found = ranks['no positive on one rank'][0]
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value / 2, atol=1e-6, rtol=1e-3
        )
