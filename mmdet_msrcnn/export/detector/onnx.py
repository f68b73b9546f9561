"""Export of a whole detector to one ONNX file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.config import Config
from torch import Tensor

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.export.detector.checks import check_exportable
from mmdet_msrcnn.export.detector.exportable import ExportableDeformConv
from mmdet_msrcnn.export.detector.metadata import digest_of, metadata
from mmdet_msrcnn.export.detector.tensor_detector import TensorDetector
from mmdet_msrcnn.export.onnx import OPSET, check_packages, quiet
from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.utils.configs import without_pretrained

# DeformConv is standard from this version on.
DEFORM_CONV_OPSET = 19


def load_detector(
    config: str | os.PathLike, checkpoint: str | os.PathLike
) -> tuple[TensorDetector, dict[str, str]]:
    """Build the detector of a config for export, and load its weights.

    Args:
        config (str or PathLike): Config.
        checkpoint (str or PathLike): Its checkpoint, a local file.

    Returns:
        tuple[TensorDetector, dict[str, str]]: Detector in eval mode, and its
        metadata.

    Raises:
        TypeError: If the detector is of a kind that is not exported.
        ValueError: If the checkpoint is refused, does not fit the config or
            is not finite, or the test pipeline is not known.
    """
    content = read_checkpoint(checkpoint)
    cfg = Config.fromfile(config)
    cfg.model = without_pretrained(cfg.model)
    model = build_detector(cfg).eval()
    check_exportable(model)
    try:
        model.load_state_dict(content.get('state_dict', content))
    except RuntimeError as error:
        raise ValueError(
            f'{checkpoint} does not fit {config}: {error}\nUse the config '
            'that the checkpoint was trained with.'
        ) from error
    bad = [n for n, w in model.state_dict().items() if not is_finite(w)]
    if bad:
        raise ValueError(
            f'{checkpoint} has {len(bad)} weights that are NaN or infinite: '
            f'{", ".join(bad[:3])}. Use the checkpoint of another epoch.'
        )
    meta = content.get('meta') or {}
    described = metadata(model, cfg, meta, digest_of(checkpoint))
    return TensorDetector(model).requires_grad_(False).eval(), described


def is_finite(weight: Tensor) -> bool:
    """Return whether all values of a weight are finite."""
    return bool(weight.isfinite().all())


def write_detector(
    detector: TensorDetector,
    described: dict[str, str],
    path: str | os.PathLike,
) -> None:
    """Write a detector as one ONNX file, for images of any size.

    Args:
        detector (TensorDetector): Detector in eval mode.
        described (dict[str, str]): Metadata of the file.
        path (str or PathLike): The file.

    Raises:
        ImportError: If onnx or onnxscript is missing.
        ValueError: If torch cannot export it, such as for an ``nms`` of a
            ``test_cfg`` that is not known.
    """
    check_packages()
    # onnxscript is not needed to import this module.
    from mmdet_msrcnn.export.detector.onnx_ops import TRANSLATIONS

    deformable = any(
        isinstance(module, ExportableDeformConv)
        for module in detector.modules()
    )
    image = torch.zeros(1, 3, 200, 264)
    size = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    with quiet(), torch.no_grad(), named_failure():
        program = torch.export.export(
            detector, (image,), dynamic_shapes=(size,), strict=False
        )
        onnx_program = torch.onnx.export(
            program,
            dynamo=True,
            input_names=['image'],
            output_names=list(detector.outputs),
            opset_version=DEFORM_CONV_OPSET if deformable else OPSET,
            dynamic_shapes=({2: 'height', 3: 'width'},),
            custom_translation_table=TRANSLATIONS,
            verbose=False,
        )
    assert onnx_program is not None  # without f, dynamo returns one
    onnx_program.model.metadata_props.update(described)
    name_detections(onnx_program)
    onnx_program.save(path, external_data=False)


@contextmanager
def named_failure() -> Iterator[None]:
    """Raise a ValueError of one sentence if torch cannot export."""
    try:
        yield
    except ValueError:
        raise
    except Exception as error:
        # The exporter raises errors of many types, with long reports.
        first = (str(error).strip().splitlines() or [''])[0]
        raise ValueError(
            'torch cannot export this detector; an operator of its backbone, '
            f'neck or heads is not known: {type(error).__name__}: {first}'
        ) from error


def name_detections(onnx_program: torch.onnx.ONNXProgram) -> None:
    """Call the first dimension of all outputs the number of detections."""
    import onnx_ir

    for output in onnx_program.model.graph.outputs:
        assert output.shape is not None  # the exporter infers all shapes
        output.shape = onnx_ir.Shape(
            ['num_detections', *list(output.shape)[1:]]
        )
