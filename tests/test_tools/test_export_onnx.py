"""The export in a process of its own, where nothing set mmdet's scope."""

import cv2
import numpy as np
import pytest

from tests.helpers import ROOT

TOOL = ROOT / 'tools/export_onnx.py'


@pytest.mark.parametrize('is_image', [True, False])
def test_the_image_is_read_first(workspace, is_image):
    image = workspace.folder / 'a.png'
    if is_image:
        cv2.imwrite(str(image), np.zeros((64, 64, 3), np.uint8))
    else:
        image.write_text('text')
    checkpoint = workspace.folder / 'no.pth'
    checkpoint.write_text('no checkpoint')
    done = workspace.run(
        *(TOOL, workspace.config, checkpoint, 'a.onnx', '--image', image),
        check=False,
    )
    assert done.returncode == 1
    (message,) = done.stderr.splitlines()
    expected = 'no.pth was not loaded' if is_image else 'a.png is not an image'
    assert expected in message
