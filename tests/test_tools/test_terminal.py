"""A terminal shows what the tools say, and no warning of other packages."""

import subprocess
import sys

import pytest

from tests.helpers import ROOT

CONFIG = 'configs/demo/ms-rcnn_r18_fpn_demo.py'


# tools that read a config with a base in mmdet, with what they say
@pytest.mark.parametrize(
    ('command', 'said'),
    [
        (('reproduce_tables.py', '--list', '--protocol', 'demo'), 'backbones'),
        (('benchmark.py', 'flops'), 'mask head'),
        (('image_demo.py', 'docs/images', CONFIG, 'no.pth'), 'no.pth'),
        (('publish_model.py', 'no.pth', 'out'), '--config'),
        (('train.py', 'no.py'), 'no.py'),
    ],
)
def test_no_warning_of_pkg_resources(command, said):
    tool, *arguments = command
    if tool == 'image_demo.py':
        arguments += ['--out-dir', 'out']
    done = subprocess.run(
        [sys.executable, f'tools/{tool}', *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert said in done.stdout + done.stderr
    assert 'Warning' not in done.stdout + done.stderr
    assert 'pkg_resources' not in done.stderr
