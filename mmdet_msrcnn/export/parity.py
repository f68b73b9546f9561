"""Comparison of an exported MaskIoU head with the model."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
from mmdet.apis import inference_detector, init_detector
from mmdet.models.detectors.base import BaseDetector
from torch import Tensor

from mmdet_msrcnn.export.scorer import (
    INPUTS,
    MaskIoUScorer,
    random_inputs,
    scorer_of,
)
from mmdet_msrcnn.utils.rank_by import CLASS_SCORE

NUM_ROIS = (0, 1, 2, 7, 100)
TOLERANCE = 1e-5

# Inputs of the head, and the scores that the model computes from them.
Case = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]


class Parity(NamedTuple):
    """Result of a comparison.

    Attributes:
        largest (float): Largest absolute difference of the scores.
        num_rois (int): Number of RoIs that were compared.
        num_inside (int): Number of RoIs with a MaskIoU in (0, 1). Outside, two
            models can agree only because both are clamped.
    """

    largest: float
    num_rois: int
    num_inside: int

    def __str__(self) -> str:
        return (
            f'largest difference {self.largest:.1e} over {self.num_rois} '
            f'RoIs, {self.num_inside} of them with a MaskIoU in (0, 1)'
        )


def has_runtime(find: Callable = find_spec) -> bool:
    """Return whether onnxruntime is installed."""
    return find('onnxruntime') is not None


def open_session(path: str | os.PathLike) -> Any:
    """Load a file into onnxruntime, with as many threads as torch uses.

    Raises:
        ImportError: If onnxruntime is missing.
        ValueError: If it cannot load the file.
    """
    if not has_runtime():
        raise ImportError(
            'The comparison needs onnxruntime. Run: pip install onnxruntime'
        )
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=['CPUExecutionProvider']
        )
    except Exception as error:
        # onnxruntime has no common class of its errors.
        raise ValueError(
            f'onnxruntime {onnxruntime.__version__} cannot load {path}: '
            f'{str(error)[:200]}'
        ) from error


def compare(session: Any, cases: Iterable[Case]) -> Parity:
    """Compare an exported head with the model.

    Args:
        session (onnxruntime.InferenceSession): The exported head.
        cases (Iterable[Case]): Cases with at least one RoI in total.

    Returns:
        Parity: Result over all cases.

    Raises:
        ValueError: If a MaskIoU differs by more than ``TOLERANCE``.
    """
    outputs_of: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    for inputs, outputs in cases:
        arrays = {
            name: tensor.numpy()
            for name, tensor in zip(INPUTS, inputs, strict=False)
        }
        # All outputs, in the order of the export.
        outputs_of.append(np.stack(session.run(None, arrays)))
        scores.append(torch.stack(outputs).numpy())
    found = np.concatenate(outputs_of, 1)
    expected = np.concatenate(scores, 1)
    largest = np.abs(found - expected).max()
    # This form also refuses NaN.
    if not largest <= TOLERANCE:
        raise ValueError(
            f'onnxruntime and the model differ by {largest:.1e}; at most '
            f'{TOLERANCE:.0e} is allowed. Please report this with the '
            'versions of torch, onnx, onnxscript and onnxruntime.'
        )
    inside = (expected[0] > 0) & (expected[0] < 1)
    return Parity(float(largest), len(inside), int(inside.sum()))


@torch.no_grad()
def random_cases(
    scorer: MaskIoUScorer, num_rois: Iterable[int] = NUM_ROIS
) -> list[Case]:
    """Create random inputs for several numbers of RoIs, and their scores."""
    inputs = [random_inputs(scorer, k) for k in num_rois]
    return [(one, scorer(*one)) for one in inputs]


def observed_cases(model: BaseDetector, predict: Callable) -> list[Case]:
    """Record the inputs and scores of a detector's MaskIoU head.

    Args:
        model (:obj:`BaseDetector`): Detector with a MaskIoU head.
        predict (Callable): Runs it on one image and returns the
            :obj:`DetDataSample`.

    Returns:
        list[Case]: Empty if nothing is detected, else one case.
    """
    seen = []
    scorer: Any = scorer_of(model)
    handle = scorer.register_forward_pre_hook(
        # A scorer without context gets None for it.
        lambda _, inputs: seen.append(
            tuple(x for x in inputs if x is not None)
        )
    )
    try:
        with _ranked_by_class_score(model):
            pred = predict().pred_instances
    finally:
        handle.remove()
    return [
        (inputs, tuple(pred[n] for n in scorer.predicts)) for inputs in seen
    ]


@contextmanager
def _ranked_by_class_score(model: Any) -> Iterator[None]:
    """Leave detections in the order in which the head sees them."""
    owner = model if hasattr(model, 'rank_by') else model.roi_head.test_cfg
    before = getattr(owner, 'rank_by', CLASS_SCORE)
    owner.rank_by = CLASS_SCORE
    try:
        yield
    finally:
        owner.rank_by = before


def image_cases(
    config: str | os.PathLike,
    checkpoint: str | os.PathLike,
    image: str | os.PathLike,
) -> list[Case]:
    """Run :func:`observed_cases` on an image, on the CPU.

    Args:
        config (str or PathLike): Config of the detector.
        checkpoint (str or PathLike): Its checkpoint.
        image (str or PathLike): Image file.

    Raises:
        ValueError: If nothing is detected.
    """
    model = init_detector(str(config), str(checkpoint), device='cpu')
    cases = observed_cases(
        model, lambda: inference_detector(model, str(image))
    )
    if not cases:
        raise ValueError(
            f'Nothing is detected in {image}, so there is nothing to '
            'compare. Use an image with objects.'
        )
    return cases
