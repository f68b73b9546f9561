"""The patches of docs/upstream, on clean sources of the installed base."""

import pytest

from mmdet_msrcnn.compat.dependencies import installed_base
from mmdet_msrcnn.lab.upstream.patches import read_patches
from tests.helpers import ROOT

TOOL = ROOT / 'tools/check_upstream_patches.py'


def test_unknown_patch(workspace):
    done = workspace.run(TOOL, '0099-none.patch', check=False)
    assert done.returncode == 1
    assert '0099-none.patch is not in patches.yml. Use one of' in done.stderr


@pytest.mark.slow
def test_patches_of_the_installed_base(workspace):
    base = installed_base()
    lines = workspace.run(TOOL).stdout.splitlines()
    patches = read_patches(ROOT / 'docs/upstream')
    assert len(lines) == len(patches) + 1
    for patch, line in zip(patches, lines, strict=False):
        did = 'passes before, not needed after'
        if base in patch.bases:
            did = 'fails before, passes after'
        assert line.startswith(f'{patch.name} [{base}]: {did}.')
    assert lines[-1].startswith(f'all [{base}]: - before, passes after.')
