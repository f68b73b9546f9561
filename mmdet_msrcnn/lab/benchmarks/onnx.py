"""Time of a whole detector in onnxruntime and in PyTorch."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from mmdet_msrcnn.export.detector.onnx import write_detector
from mmdet_msrcnn.export.detector.tensor_detector import TensorDetector
from mmdet_msrcnn.export.detector.weights import half_weights, quantize
from mmdet_msrcnn.export.parity import open_session
from mmdet_msrcnn.lab.benchmarks.detectors import build
from mmdet_msrcnn.lab.benchmarks.scenes import Source, load_images
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import means, time_in_turn

EAGER, COMPILED = 'PyTorch', 'torch.compile'
FLOAT32, FLOAT16, INT8 = (
    f'onnxruntime, {name}' for name in ('float32', 'float16 weights', 'int8')
)
COLUMNS = (
    Column('detector', 'detector'),
    Column('run by', 'runtime'),
    Column('seconds per image', 'seconds', 3),
    Column('times as fast as PyTorch', 'speed-up', 2),
    Column('weights or file, MB', 'megabytes', 1),
)


def export_all(
    detector: TensorDetector, folder: Path, images: list[Tensor]
) -> dict[str, Path]:
    """Export a detector with each kind of weights.

    Args:
        detector (TensorDetector): Detector in eval mode.
        folder (Path): Where to write.
        images (list[Tensor]): Images to calibrate int8 on.

    Returns:
        dict[str, Path]: Files by name.
    """
    files = {
        name: folder / f'{index}.onnx'
        for index, name in enumerate((FLOAT32, FLOAT16, INT8))
    }
    write_detector(detector, {}, files[FLOAT32])
    content = files[FLOAT32].read_bytes()
    for name in (FLOAT16, INT8):
        files[name].write_bytes(content)
    half_weights(files[FLOAT16])
    quantize(files[INT8], (image.numpy() for image in images))
    return files


def runners(
    detector: TensorDetector, files: dict[str, Path]
) -> dict[str, Callable[[Tensor], None]]:
    """Make one function of an image for each way to run a detector.

    Args:
        detector (TensorDetector): Detector in eval mode.
        files (dict[str, Path]): From :func:`export_all`.

    Returns:
        dict[str, Callable]: Functions by name.
    """
    return {
        EAGER: detector,
        COMPILED: torch.compile(detector, dynamic=True),
        **{name: partial(run, open_session(p)) for name, p in files.items()},
    }


def run(session: Any, image: Tensor) -> None:
    """Run an exported detector on an image."""
    session.run(None, dict(image=image.numpy()))


@torch.no_grad()
def measure_onnx(
    configs: dict[str, Path], source: Source, repeats: int
) -> list[dict]:
    """Time detectors with random weights on images, without loading them.

    Args:
        configs (dict[str, Path]): Config of each detector by its name.
        source (Source): Images.
        repeats (int): Timed detections of each image.

    Returns:
        list[dict]: ``detector`` and ``runtime`` (str); ``seconds`` (float) per
        image, the mean over images of the median; ``speed-up`` (float) over
        PyTorch; ``megabytes`` (float) of the weights, or of the file.
    """
    images = [
        batch['inputs'][0][None].float() for batch in load_images(source)
    ]
    rows = []
    for name, path in configs.items():
        detector = TensorDetector(build(Config.fromfile(path))).eval()
        with tempfile.TemporaryDirectory() as folder:
            files = export_all(detector, Path(folder), images)
            sizes = {n: file.stat().st_size / 1e6 for n, file in files.items()}
            functions = runners(detector, files)
        weights = sum(w.nbytes for w in detector.parameters()) / 1e6
        times = [
            time_in_turn(
                {n: partial(detect, image) for n, detect in functions.items()},
                repeats,
            )
            for image in images
        ]
        seconds = means(times)
        rows += [
            {
                'detector': name,
                'runtime': runtime,
                'seconds': seconds[runtime],
                'speed-up': seconds[EAGER] / seconds[runtime],
                'megabytes': sizes.get(runtime, weights),
            }
            for runtime in functions
        ]
    return rows
