"""Detection in many images and in videos, one after another."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import cv2
import mmcv
import numpy as np
from mmdet.structures import DetDataSample
from mmengine import fileio
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from mmdet_msrcnn.apis.mask_scoring_inferencer import MaskScoringInferencer
from mmdet_msrcnn.utils.image_files import OutputNames
from mmdet_msrcnn.utils.io import atomic_path, write_bytes
from mmdet_msrcnn.utils.score_thresholds import describe_thresholds
from mmdet_msrcnn.visualization.enlarge import enlarge, enlarging_factor

VIDEO_EXTENSIONS = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.webm')
DEFAULT_FPS = 25.0
CODE = cv2.VideoWriter.fourcc(*'mp4v')


class FileDetector:
    """Detects in files; writes pictures and predictions.

    Args:
        inferencer (MaskScoringInferencer): The model.
        out_dir (Path): Folder for ``vis/`` and ``preds/``.
        score_thr (float | str): Lowest score to draw, or ``'auto'``; see
            :meth:`MaskScoringInferencer.visualize`.
        lines (TextIO, optional): Where to write the predictions too, a line
            of JSON for each image or frame as soon as it is done.

    Raises:
        ValueError: If there are no thresholds for ``'auto'``.
    """

    def __init__(
        self,
        inferencer: MaskScoringInferencer,
        out_dir: Path,
        score_thr: float | str,
        lines: TextIO | None = None,
    ) -> None:
        inferencer.show_progress = False
        self.inferencer = inferencer
        self.out_dir = out_dir
        self.score_thr = score_thr
        self.lines = lines
        self.names = OutputNames(suffix=True)
        self.video_names = OutputNames()
        if isinstance(score_thr, str):
            # An error here, not at each image.
            ranking = inferencer.check_thresholds(score_thr)
            assert inferencer.score_thresholds is not None  # checked
            own = inferencer.score_thresholds[ranking]
            classes = inferencer.visualizer.dataset_meta['classes']
            for line in describe_thresholds(own, classes, ranking):
                print(line, file=sys.stderr)

    def detect_images(self, paths: Iterable[str]) -> list[str]:
        """Detect in images; one that fails does not stop the others.

        Args:
            paths (Iterable[str]): Paths or addresses of images.

        Returns:
            list[str]: A message for each image without a result.
        """
        failed = []
        for path in progress(list(paths), 'Images'):
            try:
                self.detect_image(path)
            except BrokenPipeError:
                # Nobody reads the lines.
                raise
            except (OSError, ValueError) as error:
                named = path in str(error)
                failed.append(f'{error}' if named else f'{path}: {error}')
        return failed

    def detect_image(self, path: str) -> None:
        """Detect in an image; write ``preds/NAME.json`` and ``vis/NAME``.

        Args:
            path (str): Path or address of an image.

        Raises:
            OSError: If an output cannot be written.
            ValueError: If it cannot be read as an image.
        """
        result, sample = self._run(path, str(self.out_dir))
        self._write_line(dict(image=path, **result))
        picture = self._draw(mmcv.imfrombytes(fileio.get(path)), sample)
        name = self.names.name(path)
        written, data = cv2.imencode(Path(name).suffix.lower(), picture)
        if not written:
            raise ValueError(f'the picture of {path} cannot be written')
        write_bytes(self.out_dir / 'vis' / name, data.tobytes())

    def detect_video(self, path: Path) -> None:
        """Detect in the frames of a video.

        Writes ``vis/NAME.mp4``, and ``preds/NAME.jsonl`` with a line for each
        frame as soon as it is done (``NAME.jsonl.part`` until the end). A
        video that breaks off is read up to there.

        Args:
            path (Path): Video file.

        Raises:
            OSError: If an output cannot be written.
            ValueError: If it cannot be read as a video.
        """
        capture = cv2.VideoCapture(str(path))
        fps = capture.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS
        num = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        frames = frames_of(capture)
        first = next(frames, None)
        if first is None:
            raise ValueError(f'{path} cannot be read as a video')
        name = self.video_names.name(path)
        preds = self.out_dir / 'preds' / f'{name}.jsonl'
        preds.parent.mkdir(parents=True, exist_ok=True)
        # An interrupted run keeps an earlier file, and what it has done.
        part = preds.with_name(f'{preds.name}.part')
        video = self.out_dir / 'vis' / f'{name}.mp4'
        writer = cv2.VideoWriter()
        with open(part, 'w') as lines, atomic_path(video) as temporary:
            every = progress(chain([first], frames), path.name, num)
            for i, frame in enumerate(every):
                result, sample = self._run(frame)
                line = dict(video=str(path), frame=i, **result)
                print(json.dumps(line), file=lines, flush=True)
                self._write_line(line)
                picture = self._draw(frame, sample)
                size = picture.shape[1::-1]
                if i == 0 and not writer.open(str(temporary), CODE, fps, size):
                    raise OSError(
                        f'OpenCV cannot write {video} with {size} pixels and '
                        f'{fps} frames per second'
                    )
                writer.write(picture)
            writer.release()
        part.replace(preds)

    def _run(
        self, source: str | np.ndarray, out_dir: str = ''
    ) -> tuple[dict[str, Any], DetDataSample]:
        """Detect in an image; with ``out_dir`` also write its predictions."""
        (sample,) = self.inferencer(
            source, return_datasamples=True, no_save_vis=True
        )['predictions']
        return self.inferencer.pred2dict(sample, out_dir), sample

    def _draw(self, image: np.ndarray, sample: DetDataSample) -> np.ndarray:
        """Draw predictions; image and picture are BGR."""
        factor = enlarging_factor(image)
        image, sample = enlarge(image[..., ::-1], sample, factor)
        pictures = self.inferencer.visualize(
            [np.ascontiguousarray(image)],
            [sample],
            return_vis=True,
            pred_score_thr=self.score_thr,
        )
        assert pictures is not None  # return_vis
        return np.ascontiguousarray(pictures[0][..., ::-1])

    def _write_line(self, line: dict) -> None:
        if self.lines is not None:
            print(json.dumps(line), file=self.lines, flush=True)


def frames_of(capture: cv2.VideoCapture) -> Iterator[np.ndarray]:
    """Read the frames of a video.

    Args:
        capture (cv2.VideoCapture): The video.

    Yields:
        ndarray: BGR of shape (H, W, 3).
    """
    try:
        while True:
            read, frame = capture.read()
            if not read:
                return
            yield frame
    finally:
        capture.release()


def progress(items: Iterable, name: str, total: int | None = None) -> Iterable:
    """Show a progress bar on stderr."""
    return track(
        items, escape(name), total=total or None, console=Console(stderr=True)
    )
