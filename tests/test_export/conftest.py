"""A tiny detector as the files that users have."""

from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from tests.helpers import build_model, collate, scene, small_config
from tests.test_export.heads import spread


class Trained(NamedTuple):
    """Config, checkpoint and weights of a detector."""

    config: Path
    checkpoint: Path
    weights: dict[str, torch.Tensor]


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Trained:
    """A detector whose predictions are not all clamped."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = small_config()
    dataset = cfg.test_dataloader.dataset
    next(t for t in dataset.pipeline if t.type == 'Resize').scale = (160, 160)
    cfg.dump(folder / 'tiny.py')
    model = build_model(cfg).eval()
    head = model.roi_head.mask_iou_head
    seen = []
    hook = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    model.test_step(collate(scene()))
    hook.remove()
    spread(head, seen[0])
    weights = model.state_dict()
    meta = dict(dataset_meta=dict(classes=('a', 'b', 'c')))
    torch.save(dict(state_dict=weights, meta=meta), folder / 'tiny.pth')
    return Trained(folder / 'tiny.py', folder / 'tiny.pth', weights)
