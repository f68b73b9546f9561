"""Each operator gives the same in onnxruntime and in mmcv."""

import pytest
import torch
from torch import nn

from mmdet_msrcnn.export.detector import ops
from mmdet_msrcnn.export.parity import open_session

pytest.importorskip('onnxscript', reason='the export needs onnxscript')
pytest.importorskip('onnxruntime', reason='the comparison needs onnxruntime')

DYNAMIC = torch.export.Dim.DYNAMIC


def exported(tmp_path, function, args, dynamic=None, opset=18):
    """Export a function of tensors, and run it with onnxruntime."""
    import onnx

    from mmdet_msrcnn.export.detector.onnx_ops import TRANSLATIONS

    class Module(nn.Module):
        def forward(self, *args):
            return function(*args)

    program = torch.export.export(
        Module(), args, dynamic_shapes=dynamic and (dynamic,), strict=False
    )
    names = [f'in{i}' for i in range(len(args))]
    torch.onnx.export(
        program,
        dynamo=True,
        input_names=names,
        opset_version=opset,
        custom_translation_table=TRANSLATIONS,
        verbose=False,
    ).save(tmp_path / 'op.onnx')
    model = onnx.load(tmp_path / 'op.onnx')
    # Standard operators only
    assert [d.domain for d in model.opset_import] == ['']
    session = open_session(tmp_path / 'op.onnx')
    used = {i.name for i in session.get_inputs()}

    def run(*values):
        feeds = dict(zip(names, (v.numpy() for v in values), strict=True))
        feeds = {name: v for name, v in feeds.items() if name in used}
        return [torch.from_numpy(v) for v in session.run(None, feeds)]

    return run


def boxes_and_scores(num):
    corners = torch.rand(num, 2) * 50
    boxes = torch.cat([corners, corners + 5 + torch.rand(num, 2) * 40], 1)
    return boxes, torch.rand(num)


BOXES = {0: DYNAMIC}, {0: DYNAMIC}


def test_pad_to_multiple(tmp_path):
    def module(image):
        return ops.pad_to_multiple(image, 32, 7.0)

    size = ({2: DYNAMIC, 3: DYNAMIC},)
    run = exported(tmp_path, module, (torch.rand(1, 3, 40, 50),), size)
    for height, width in ((1, 1), (31, 65), (32, 64)):
        image = torch.rand(1, 3, height, width)
        (found,) = run(image)
        assert torch.equal(found, module(image))


@pytest.mark.parametrize('max_num', [10, 2**31 - 1])
def test_nms(tmp_path, max_num):
    def module(boxes, scores):
        return ops.nms(boxes, scores, 0.4, max_num)

    run = exported(tmp_path, module, boxes_and_scores(20), BOXES)
    for num in (0, 1, 2, 300):
        args = boxes_and_scores(num)
        (found,) = run(*args)
        assert torch.equal(found, module(*args))
        assert len(found) <= max_num


@pytest.mark.parametrize('method', ops.SOFT_NMS_METHODS)
@pytest.mark.parametrize('max_num', [7, 2**31 - 1])
def test_soft_nms(tmp_path, method, max_num):
    def module(boxes, scores):
        how = 0.3, 0.4, 0.05, method, max_num
        return ops.soft_nms(boxes, scores, *how)

    run = exported(tmp_path, module, boxes_and_scores(20), BOXES)
    for num in (0, 1, 2, 150):
        args = boxes_and_scores(num)
        scores, inds = run(*args)
        expected_scores, expected = module(*args)
        assert torch.equal(inds, expected)
        torch.testing.assert_close(scores, expected_scores)
    assert len(inds) < 150
    if max_num > 150:
        # Scores were lowered, not only dropped.
        lowered = scores != args[1][inds]
        assert lowered.any() == (method != 'naive')


def test_a_first_pick_below_the_lowest_score(tmp_path):
    def module(boxes, scores):
        return ops.soft_nms(boxes, scores, 0.3, 0.4, 0.5, 'linear', 10)

    run = exported(tmp_path, module, boxes_and_scores(20), BOXES)
    boxes, scores = boxes_and_scores(5)
    scores = scores * 0.4
    assert torch.equal(run(boxes, scores)[1], module(boxes, scores)[1])


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_roi_align(tmp_path, aligned, sampling_ratio):
    def module(fine, coarse, boxes, levels):
        how = [0.25, 0.125], [7, 5], sampling_ratio, aligned
        return ops.roi_align([fine, coarse], boxes, levels, *how)

    def args(num):
        feats = torch.rand(1, 4, 20, 30), torch.rand(1, 4, 10, 15)
        # Some lie outside.
        boxes = boxes_and_scores(num)[0] * 3 - 40
        return *feats, boxes, torch.randint(2, (num,))

    run = exported(tmp_path, module, args(5), ({}, {}, *BOXES))
    for num in (0, 1, 40):
        values = args(num)
        (found,) = run(*values)
        torch.testing.assert_close(found, module(*values), rtol=0, atol=1e-5)


@pytest.mark.parametrize('modulated', [True, False])
def test_deform_conv(tmp_path, modulated):
    weight, bias = torch.randn(6, 2, 3, 3), torch.randn(6)

    def module(x, offset, mask):
        how = [2, 2], [1, 1], [1, 1], 2, 2
        if modulated:
            return ops.deform_conv(x, offset, mask, weight, bias, *how)
        return ops.deform_conv(x, offset, None, weight, None, *how)

    args = (
        torch.rand(1, 4, 9, 8),
        torch.randn(1, 36, 5, 4) * 2,
        torch.rand(1, 18, 5, 4),
    )
    (found,) = exported(tmp_path, module, args, opset=19)(*args)
    torch.testing.assert_close(found, module(*args), rtol=0, atol=1e-5)
