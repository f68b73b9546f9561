"""Long runs and many kills; make stress."""

import json
import random
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.runner import find_latest_checkpoint

from mmdet_msrcnn.lab.benchmarks.scenes import Source, load_images
from tests.helpers import ROOT, build_model, small_config
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture

pytestmark = pytest.mark.stress
KILLS, EPOCHS = 20, 400
ITERATIONS = 2000
# Growth of the memory between the second and the last quarter.
ALLOWED_GROWTH = 32e6


def schedule(work_dir: Path) -> dict[int, float]:
    """Learning rate of each iteration, from the logs of all starts."""
    rates = {}
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                # The kill came while it was written.
                continue
            if 'lr' in row:
                assert rates.setdefault(row['step'], row['lr']) == row['lr']
    return rates


def epoch_of(work_dir: Path) -> int:
    """Epoch of the last checkpoint, which must load; 0 if there is none."""
    path = find_latest_checkpoint(str(work_dir))
    if path is None:
        return 0
    return torch.load(path, weights_only=True)['meta']['epoch']


def begun(work_dir: Path) -> int:
    """The last epoch of which an iteration was logged."""
    text = ''.join(p.read_text() for p in work_dir.glob('*/*.log'))
    return max(
        map(int, re.findall(r'Epoch\(train\) +\[(\d+)\]', text)), default=1
    )


def test_kills_at_random_moments(workspace):  # noqa: F811
    folder = workspace.folder
    command = [
        *(sys.executable, '-W', 'ignore', ROOT / 'tools/train.py'),
        *(workspace.config, '--resume', '--cfg-options', 'randomness.seed=0'),
        *(f'train_cfg.max_epochs={EPOCHS}', 'train_cfg.val_begin=1000'),
    ]
    work_dir = folder / 'killed'
    generator = random.Random(0)
    saved = 0
    for _ in range(KILLS):
        logs = set(work_dir.glob('*/*.log'))
        process = subprocess.Popen(
            [*command, '--work-dir', work_dir],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Anything from the start of the run to some epochs into it.
        while not set(work_dir.glob('*/*.log')) - logs:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 16))
        assert process.poll() is None, 'it came to its end: more EPOCHS'
        process.send_signal(signal.SIGKILL)
        process.wait()
        before, saved = saved, epoch_of(work_dir)
        # No more than the running epoch is lost.
        assert saved >= before
        assert saved >= begun(work_dir) - 1
    assert saved > 3
    # The same schedule as of a run without a kill.
    last = max(schedule(work_dir))
    whole = folder / 'whole'
    command[-2] = f'train_cfg.max_epochs={saved + 1}'
    for target in (work_dir, whole):
        subprocess.run(
            [*command, '--work-dir', target],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    expected = schedule(whole)
    found = schedule(work_dir)
    assert last > 10
    for step in expected.keys() & found.keys():
        assert found[step] == expected[step]


@pytest.fixture(params=['coco', 'digits'])
def images(request, workspace):  # noqa: F811
    """Batches of one image each, of many sizes."""
    if request.param == 'coco':
        root = request.getfixturevalue('coco_mini')
        ann = root / 'annotations/instances_val2017.json'
        source = Source(ann, root / 'val2017', 40, scale=(320, 200))
    else:
        data = workspace.folder / 'digits'
        source = Source(data / 'train.json', data / 'train', 6, (192, 192))
    return list(load_images(source))


def resident() -> int:
    """Bytes of memory of this process."""
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * 4096


def resized(batch: dict, generator: random.Random) -> dict:
    """An image cut to a random size, with its instances."""
    (image,), (sample,) = batch['inputs'], batch['data_samples']
    height, width = (
        generator.randrange(size // 2, size + 1) for size in image.shape[1:]
    )
    cut = sample.clone()
    cut.set_metainfo(
        dict(
            img_shape=(height, width),
            ori_shape=(height, width),
            scale_factor=(1.0, 1.0),
        )
    )
    gt = cut.gt_instances
    gt.masks = gt.masks.crop(np.array([0, 0, width, height]))
    gt.bboxes = gt.bboxes.clone()
    gt.bboxes[:, 0::2].clamp_(max=width)
    gt.bboxes[:, 1::2].clamp_(max=height)
    size = gt.bboxes[:, 2:] - gt.bboxes[:, :2]
    cut.gt_instances = gt[(size > 1).all(dim=1)]
    return dict(inputs=[image[:, :height, :width]], data_samples=[cut])


@pytest.mark.parametrize('task', ['train', 'test'])
def test_memory_stays_and_no_warning_is_repeated(images, task):
    model = build_model(small_config(num_classes=80))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    wrapper = OptimWrapper(optimizer, clip_grad=dict(max_norm=5))
    model.train(task == 'train')
    generator = random.Random(0)
    memory, late = [], []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('default')
        for i in range(ITERATIONS):
            batch = resized(generator.choice(images), generator)
            if task == 'train':
                losses = model.train_step(batch, wrapper)
                assert all(value.isfinite() for value in losses.values())
            else:
                with torch.no_grad():
                    (result,) = model.test_step(batch)
                assert result.pred_instances.mask_scores.isfinite().all()
            memory.append(resident())
            if i == 200:
                late = caught[:]
        assert len(caught) == len(late), [str(w.message) for w in caught]
    quarter = ITERATIONS // 4
    second, last = memory[quarter : 2 * quarter], memory[-quarter:]
    growth = sum(last) / quarter - sum(second) / quarter
    print(f'memory: {second[0] / 1e6:.0f} MB, growth {growth / 1e6:.1f} MB')
    assert growth < ALLOWED_GROWTH
