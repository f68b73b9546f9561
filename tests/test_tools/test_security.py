"""A hostile pickle, given to each tool that takes a checkpoint."""

import hashlib
import json
import re

import pytest
import torch

from tests.file_server import serve
from tests.helpers import ROOT, Hostile
from tests.test_runtime.conftest import METADATA, write_model

TOOLS = ROOT / 'tools'


@pytest.fixture(scope='module')
def hostile(workspace):
    """A hostile checkpoint, and where its payload would leave a trace."""
    path = workspace.folder / 'hostile.pth'
    trace = workspace.folder / 'trace'
    content = dict(meta={}, state_dict={}, payload=Hostile(trace))
    torch.save(content, path)
    # The payload works where it is let through. A tool that another test
    # called in this process may have forbidden that.
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
        torch.load(path, weights_only=False)
    trace.unlink()
    return path, trace


@pytest.fixture(scope='module')
def url(workspace):
    """Address of the workspace on loopback."""
    with serve(workspace.folder) as address:
        yield f'{address}/hostile.pth'


REPORT = (
    '{"models": {"a": {"row": {"box AP": 0, "class_score": 0}}},'
    ' "max_dets": 100}'
)
METAFILE = "Collections: [{Name: a, Metadata: {'Training Data': b}}]"
# Tool to its arguments; the checkpoint is a file or an address.
TOOLS_TO_ARGUMENTS = {
    'train.py': 'CONFIG --work-dir OUT --cfg-options load_from=CHECKPOINT',
    'test.py': 'CONFIG CHECKPOINT --work-dir OUT',
    'image_demo.py': 'IMAGE CONFIG CHECKPOINT --out-dir OUT',
    'publish_model.py': 'CHECKPOINT OUT --config CONFIG --results REPORT',
    'convert_checkpoint.py': 'CHECKPOINT OUT --config CONFIG',
    'export_onnx.py': 'CONFIG CHECKPOINT OUT.onnx',
    'test_onnx.py': 'CONFIG CHECKPOINT MODEL',
    'screen_mask_scores.py': 'CONFIG CHECKPOINT',
    'score_any.py': 'CONFIG CHECKPOINT --out-dir OUT',
}
FILES_ALONE = (
    'publish_model.py',
    'convert_checkpoint.py',
    'export_onnx.py',
    'test_onnx.py',
    'screen_mask_scores.py',
    'score_any.py',
)
CASES = [(tool, 'file') for tool in TOOLS_TO_ARGUMENTS] + [
    (tool, 'address') for tool in TOOLS_TO_ARGUMENTS if tool not in FILES_ALONE
]


def exported_from(checkpoint):
    """The metadata of a detector that was exported from a checkpoint."""
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    return dict(METADATA, checkpoint_sha256=json.dumps(digest))


@pytest.mark.parametrize(('tool', 'kind'), CASES)
def test_nothing_is_executed(
    workspace, hostile, url, monkeypatch, tmp_path, tool, kind
):
    path, trace = hostile
    # Where torch keeps what it downloads.
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    report = tmp_path / 'report.json'
    report.write_text(REPORT)
    metafile = workspace.config.with_name('metafile.yml')
    metafile.write_text(METAFILE)
    values = dict(
        CONFIG=workspace.config,
        CHECKPOINT=path if kind == 'file' else url,
        OUT=tmp_path / 'out',
        IMAGE=next((workspace.folder / 'digits/val').iterdir()),
        REPORT=report,
        MODEL=write_model(tmp_path / 'detector.onnx', exported_from(path)),
    )
    command = TOOLS_TO_ARGUMENTS[tool]
    for name, value in values.items():
        command = command.replace(name, str(value))
    # One in a process that nothing was imported in before
    run = workspace.run if tool == 'test.py' else workspace.run_warm
    done = run(TOOLS / tool, *command.split(), check=False)
    assert done.returncode != 0
    # It got as far as the file.
    assert re.search('Weights only load failed|was not loaded', done.stderr)
    assert not trace.exists()


def test_every_tool_that_takes_a_checkpoint_is_here():
    found = {
        path.name
        for path in TOOLS.glob('*.py')
        if "add_argument('checkpoint'" in path.read_text()
    }
    mmdets = {'train.py', 'test.py'}
    assert found | mmdets == set(TOOLS_TO_ARGUMENTS)
