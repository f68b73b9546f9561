"""A script of mmdet that leaves behind what it sees."""

import ast
import sys

import pytest
import torch

from mmdet_msrcnn.compat import mmdet_tools
from mmdet_msrcnn.compat.mmdet_tools import run_mmdet_tool

FORCED = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'

# Leaves behind what it sees.
SCRIPT = """
import os, sys
from pathlib import Path
from torch import distributed

seen = dict(
    name=__name__,
    argv=sys.argv[1:],
    forced=os.environ.get('TORCH_FORCE_WEIGHTS_ONLY_LOAD'),
    backend=distributed.is_initialized() and distributed.get_backend(),
)
Path({path!r}).write_text(repr(seen))
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a tool with arguments; returns what it saw."""
    tool, seen = tmp_path / 'tool.py', tmp_path / 'seen'
    tool.write_text(SCRIPT.format(path=str(seen)))
    monkeypatch.setattr(
        mmdet_tools, 'mmdet_tool', lambda name: tmp_path / name
    )
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    # Set, so that what the run changes is taken back.
    monkeypatch.setenv(FORCED, '0')
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', ['train.py', *arguments])
        run_mmdet_tool('tool.py')
        return ast.literal_eval(seen.read_text())

    return call
