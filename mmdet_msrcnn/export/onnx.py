"""Export of the MaskIoU head with its fusion to ONNX."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import torch

from mmdet_msrcnn.export.scorer import (
    MaskIoUScorer,
    random_inputs,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS
from mmdet_msrcnn.version import __version__

# The exporter writes this version without conversion; old runtimes read it.
OPSET = 18


def check_packages(find: Callable = find_spec) -> None:
    """Raise an ImportError if a package that the export needs is missing."""
    missing = [n for n in ('onnx', 'onnxscript') if find(n) is None]
    if missing:
        raise ImportError(
            f'The export to ONNX needs {" and ".join(missing)}. Run: '
            'pip install onnx onnxscript onnxruntime'
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the messages of torch's exporter."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', '.*treespec', FutureWarning)
            yield
    finally:
        logger.setLevel(level)


def metadata(scorer: MaskIoUScorer) -> dict[str, str]:
    """Return the metadata of the file, which describes the head."""
    head = scorer.head
    fusion = next(n for n, f in FUSIONS.items() if f is head.fusion)
    shapes = {
        name: ','.join(map(str, ('num_rois', *shape)))
        for name, shape in scorer.shapes.items()
    }
    return dict(
        fusion=fusion,
        num_classes=str(head.num_classes),
        class_agnostic=str(head.class_agnostic),
        mmdet_msrcnn=__version__,
        **shapes,
    )


def write_onnx(scorer: MaskIoUScorer, path: str | os.PathLike) -> None:
    """Write a scorer as one ONNX file, for any number of RoIs.

    Args:
        scorer (MaskIoUScorer): Scorer in eval mode.
        path (str or PathLike): The file.

    Raises:
        ImportError: If onnx or onnxscript is missing.
    """
    check_packages()
    num_rois = torch.export.Dim('num_rois')
    inputs = random_inputs(scorer, 2)
    # Inputs from the fourth on belong to *rank_feats.
    shapes: tuple = tuple({0: num_rois} for _ in inputs)
    names: tuple = {0: num_rois}, None, None
    if len(inputs) > 3:
        shapes = *shapes[:3], shapes[3:]
        names = *names, (None,)
    with quiet(), torch.no_grad():
        # If not strict, torch fails with these shapes of *rank_feats.
        program = torch.export.export(
            scorer,
            inputs,
            dynamic_shapes=shapes,
            strict=True,
        )
        onnx_program = torch.onnx.export(
            program,
            dynamo=True,
            input_names=list(scorer.shapes),
            output_names=list(scorer.outputs),
            opset_version=OPSET,
            # One name is enough: all inputs share this dimension.
            dynamic_shapes=names,
            verbose=False,
        )
    assert onnx_program is not None  # without f, dynamo returns one
    onnx_program.model.metadata_props.update(metadata(scorer))
    onnx_program.save(path, external_data=False)
