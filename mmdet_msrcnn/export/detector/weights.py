"""Smaller weights in the ONNX file of a detector."""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from mmengine.config import Config

from mmdet_msrcnn.export.detector.evaluate import as_input, load_image
from mmdet_msrcnn.utils.image_files import find_images
from mmdet_msrcnn.utils.io import atomic_path

# Smaller tensors are constants of the post-processing, or too small to matter.
MIN_SIZE = 1024
# Post-processing stays in single precision.
QUANTIZED = ('Conv', 'Gemm')
CALIBRATION_IMAGES = 32
# Layers that stay in single precision, with the first: they have few of the
# operations, and cost most of the accuracy.
KEPT = re.compile(
    'lateral_convs|rpn_cls|rpn_reg|fc_cls|fc_reg|conv_logits|'
    'fc_mask_iou|fc_correction'
)


def half_weights(path: str | os.PathLike) -> None:
    """Store the weights in half precision; they are cast when loaded.

    The file is half as large, and as fast.

    Args:
        path (str or PathLike): File that is changed.

    Raises:
        ValueError: If a weight is above 65504, or not finite.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= MIN_SIZE:
            name, stored = tensor.name, f'{tensor.name}.half'
            with np.errstate(over='ignore'):
                half = values.astype(np.float16)
            if not np.isfinite(half).all():
                raise ValueError(
                    f'{name} has values that half precision cannot hold, up '
                    f'to {np.abs(values).max():.3g}'
                )
            tensor.CopyFrom(numpy_helper.from_array(half, stored))
            casts.append(
                helper.make_node(
                    'Cast', [stored], [name], to=TensorProto.FLOAT
                )
            )
    for node in reversed(casts):
        graph.node.insert(0, node)
    onnx.save(model, path)


def calibration_inputs(cfg: Config, folder: Path) -> Iterator[np.ndarray]:
    """Load images of a folder, evenly spread, as the test pipeline does.

    Args:
        cfg (:obj:`Config`): Config of the detector.
        folder (Path): Training images.

    Yields:
        np.ndarray: float32 in [0, 255], shape (1, 3, H, W).

    Raises:
        ValueError: If there are no images.
    """
    images, _ = find_images(folder)
    if not images:
        raise ValueError(f'{folder} has no images to calibrate int8 with')
    num = min(CALIBRATION_IMAGES, len(images))
    for index in np.linspace(0, len(images) - 1, num).astype(int).tolist():
        yield as_input(load_image(cfg, images[index]))


def quantize(path: str | os.PathLike, images: Iterable[np.ndarray]) -> None:
    """Quantize convolutions and linear layers to 8 bits (QDQ format).

    The first layer and those of ``KEPT`` stay as they are. Weights have one
    scale per channel. The range of the activations is that on the images.

    Args:
        path (str or PathLike): File that is changed.
        images (Iterable[np.ndarray]): Inputs of the detector, from its
            training set, each of shape (1, 3, H, W).
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.inputs: Iterator[np.ndarray] = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.inputs, None)
            return None if image is None else dict(image=image)

    graph = onnx.load(path).graph
    first, *others = (n for n in graph.node if n.op_type in QUANTIZED)
    kept = [first, *(n for n in others if KEPT.search(n.input[1]))]
    # It advises to simplify the graph, as the exporter has done.
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with atomic_path(path) as out:
            quantize_static(
                str(path),
                str(out),
                Reader(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(QUANTIZED),
                nodes_to_exclude=[node.name for node in kept],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
    finally:
        logger.setLevel(level)
