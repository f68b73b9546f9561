"""The benchmark tool."""

import json
import subprocess
import sys

import pytest

from mmdet_msrcnn.models import FUSIONS
from tests.helpers import ROOT, load_tool, squeezed

# Worked by hand: 3x3 convolutions on 14x14, the last with stride 2, a
# deconvolution to 28x28, and fully connected layers.
CONV = 256 * 256 * 9 * 14 * 14
FCS = 256 * 49 * 1024 + 1024 * 1024 + 1024 * 80
EXTRA = 256 * 9 * 14 * 14
EXPECTED = {
    'mask head': 4 * CONV + 256 * 256 * 4 * 196 + 256 * 80 * 784,
    'MaskIoU head, concat': 3 * CONV + EXTRA + CONV // 4 + FCS,
    'MaskIoU head, multiply': 3 * CONV + CONV // 4 + FCS,
    'MaskIoU head, all_masks': 3 * CONV + 80 * EXTRA + CONV // 4 + FCS,
    'MaskIoU head, hr_roi': 3 * CONV + EXTRA + CONV // 4 + FCS,
    'MaskIoU head, mask_only': 2 * CONV + EXTRA + CONV // 4 + FCS,
    # Two more inputs of the first layer and a second output of each class.
    'mask score head, concat': (
        3 * CONV + EXTRA + CONV // 4 + FCS + 2 * 1024 + 1024 * 80
    ),
}


@pytest.fixture(scope='module')
def flops(tmp_path_factory):
    out = tmp_path_factory.mktemp('benchmark') / 'flops.json'
    done = subprocess.run(
        [
            sys.executable,
            *('-W', 'ignore', ROOT / 'tools/benchmark.py', 'flops'),
            *('--out', out),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, json.loads(out.read_text())


def test_multiply_accumulates_are_those_worked_by_hand(flops):
    _, result = flops
    counted = {row['head']: row['gmac'] * 1e9 for row in result['rows']}
    assert len(counted) == 2 + len(FUSIONS)
    counted = {head: counted[head] for head in EXPECTED}
    assert counted == pytest.approx(EXPECTED, rel=1e-9)


def test_figures_of_the_paper_to_three_digits(flops):
    printed, result = flops
    assert '| mask head | 2.64 | 0.530 |' in squeezed(printed)
    assert '| MaskIoU head, concat | 16.34 | 0.390 |' in squeezed(printed)
    assert result['environment']['torch']


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['paste', '--ann', 'a.json'], 'must be given together'),
        (['paste'], 'data/coco and data/digits do not exist'),
        (['paste', '--device', 'cuda', '--ann', 'a', '--img-dir', 'b'], 'CPU'),
        (['eval-results', '--ann', 'a'], 'needs --ann and --results'),
    ],
)
def test_bad_arguments(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tool = load_tool('benchmark')
    monkeypatch.setattr('sys.argv', ['benchmark.py', *arguments])
    with pytest.raises(SystemExit):
        tool.main()
    assert message in capsys.readouterr().err
