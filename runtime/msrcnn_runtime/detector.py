"""A detector in an ONNX file."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from msrcnn_runtime.detections import Detections
from msrcnn_runtime.images import checked, new_size, pairs, resized

FORMAT = 'mmdet_msrcnn detector 1'
MAX_THREADS = 1024


class Detector:
    """A detector that ``tools/export_onnx.py --detector`` wrote.

    Args:
        path (str or PathLike): ONNX file.
        threads (int): Threads of onnxruntime; 0 for one per core. Defaults to
            0.
        providers (Sequence[str]): Where onnxruntime runs the model. Defaults
            to the CPU.

    Attributes:
        classes (list[str]): Names of the classes.
        metadata (dict[str, str]): Metadata of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not such a file, or a provider is not available.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        threads: int = 0,
        providers: Sequence[str] = ('CPUExecutionProvider',),
    ) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(f'{path} does not exist, or is no file')
        if not 0 <= threads <= MAX_THREADS:
            raise ValueError(
                f'threads must be from 0 to {MAX_THREADS}, got {threads}'
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Errors only: they are raised as well.
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=list(providers)
            )
        except Exception as error:
            # onnxruntime has no common class of its errors.
            raise ValueError(
                f'{path} was not loaded by onnxruntime '
                f'{onnxruntime.__version__}: it is incomplete, no ONNX file, '
                f'or needs a later version ({_short(error)})'
            ) from None
        self.metadata = self._session.get_modelmeta().custom_metadata_map
        found = self.metadata.get('format')
        if found != FORMAT:
            raise ValueError(
                f'{path} is not an exported detector (perhaps only the '
                f'MaskIoU head): it has the format {found!r}, not '
                f'{FORMAT!r}. Export it with tools/export_onnx.py --detector '
                'of mmdet_msrcnn.'
            )
        missing = {*providers} - {*self._session.get_providers()}
        if missing:
            raise ValueError(
                f'onnxruntime cannot use {", ".join(sorted(missing))} here; '
                f'available: {", ".join(self._session.get_providers())}'
            )
        self._outputs = [o.name for o in self._session.get_outputs()]
        try:
            self._read_metadata()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f'{path} lacks metadata or outputs, or has wrong ones: '
                f'{error!r}. Export it again.'
            ) from None

    def _read_metadata(self) -> None:
        """Read and check what is needed to run the model."""
        self.classes = json.loads(self.metadata['classes'])
        self._resize = json.loads(self.metadata['resize'])
        self._mask_thr = float(json.loads(self.metadata['mask_thr']))
        missing = {'boxes', 'labels', 'scores', 'mask_probs'}
        missing -= set(self._outputs)
        if missing:
            raise ValueError(f'no output {", ".join(sorted(missing))}')
        if not 0 <= self._mask_thr <= 1:
            raise ValueError(f'mask_thr {self._mask_thr}')
        names = [isinstance(name, str) for name in self.classes]
        if not isinstance(self.classes, list) or not all(names):
            raise ValueError(f'classes {self.classes!r}')
        if min(new_size(100, 100, self._resize)) < 1 or not all(
            value > 0 for pair in pairs(self._resize) for value in pair
        ):
            raise ValueError(f'resize {self._resize!r}')

    def __call__(self, image: np.ndarray) -> Detections:
        """Detect the objects in an image.

        Args:
            image (np.ndarray): As cv2.imread returns: BGR, uint8, of shape
                (H, W, 3). Gray images and floats in [0, 255] work too.

        Returns:
            Detections: In pixels of the image.

        Raises:
            ValueError: If the image has another shape or type, values that
                are not finite, or is too large; or if onnxruntime fails.
        """
        image = checked(image)
        height, width = image.shape[:2]
        # uint8 is resized as such, with rounding, as by the test pipeline.
        small = resized(image, self._resize)
        inputs = np.ascontiguousarray(small.transpose(2, 0, 1)[None])
        try:
            values = self._session.run(None, dict(image=inputs.astype('f4')))
        except Exception as error:
            raise ValueError(
                f'onnxruntime failed on an image of {width}x{height} pixels, '
                f'maybe for lack of memory: {_short(error)}'
            ) from error
        found: dict[str, Any] = dict(zip(self._outputs, values, strict=True))
        factors = small.shape[1] / width, small.shape[0] / height
        return Detections(
            boxes=found['boxes'] / np.array([*factors, *factors], 'f4'),
            labels=found['labels'],
            scores=found['scores'],
            mask_probs=found['mask_probs'],
            mask_ious=found.get('mask_ious'),
            mask_scores=found.get('mask_scores', found['scores']),
            class_scores=found.get('class_scores', found['scores']),
            classes=self.classes,
            image_size=(height, width),
            mask_thr=self._mask_thr,
        )


def _short(error: Exception) -> str:
    """Return the first line of a message, not too long."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
