"""Detect the objects in images.

Writes a picture of each image, and detections.json in COCO's format.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import cv2

from msrcnn_runtime.coco import annotations, data_set
from msrcnn_runtime.detections import Detections
from msrcnn_runtime.detector import Detector
from msrcnn_runtime.draw import draw
from msrcnn_runtime.ids import numbered, read_ids
from msrcnn_runtime.images import find_images, read_image


def parse_args(args: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser('msrcnn-detect', description=__doc__)
    parser.add_argument('images', type=Path, help='image, or folder of them')
    parser.add_argument('model', type=Path, help='exported detector, *.onnx')
    parser.add_argument('--out-dir', type=Path, required=True)
    parser.add_argument(
        '--ann',
        type=Path,
        metavar='FILE',
        help='annotation file in COCO format: write its ids of images (by '
        'file name) and categories (by name), so that COCO.loadRes of it '
        'takes the detections',
    )
    parser.add_argument(
        '--min-score',
        type=float,
        default=0.3,
        help='lowest mask score to draw; detections.json has all',
    )
    parser.add_argument(
        '--threads', type=int, default=0, help='0 for one per core'
    )
    found = parser.parse_args(args)
    if not 0 <= found.min_score <= 1:
        parser.error(f'--min-score must be in [0, 1], got {found.min_score}')
    return found


def write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    temporary = path.with_name(f'.{os.getpid()}.part')
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise OSError(f'{path} was not written: {error.strerror}') from error
    finally:
        temporary.unlink(missing_ok=True)


def detect(args: argparse.Namespace) -> list[str]:
    """Run the command.

    Returns:
        list[str]: A message for each image without a result.

    Raises:
        ValueError: If there are no images, the model is not loaded, the
            pictures would be written beside the images, or the annotation
            file would be overwritten.
    """
    written = args.out_dir / 'detections.json'
    if args.ann and args.ann.resolve() == written.resolve():
        raise ValueError(
            f'--ann {args.ann} would be overwritten. Choose another --out-dir.'
        )
    detector = Detector(args.model, args.threads)
    paths = find_images(args.images)
    ids = (
        read_ids(args.ann, paths, detector.classes)
        if args.ann
        else numbered(paths, detector.classes)
    )
    if args.out_dir.resolve() == paths[0].parent.resolve():
        raise ValueError(
            f'--out-dir {args.out_dir} is the folder of the images. Choose '
            'another folder.'
        )
    if args.out_dir.exists() and not args.out_dir.is_dir():
        raise ValueError(f'--out-dir {args.out_dir} is a file, not a folder')
    args.out_dir.mkdir(parents=True, exist_ok=True)
    images: list[dict] = []
    found: list[dict] = []
    failed = []
    try:
        for image_id, path in zip(ids.images, paths, strict=True):
            try:
                dets = detect_one(path, detector, args)
            except (OSError, UnicodeError, ValueError) as error:
                named = str(path) in str(error)
                failed.append(f'{error}' if named else f'{path}: {error}')
                continue
            height, width = dets.image_size
            images.append(
                dict(
                    id=image_id,
                    file_name=path.name,
                    height=height,
                    width=width,
                )
            )
            found += annotations(dets, image_id, ids.classes)
            drawn = int((dets.mask_scores >= args.min_score).sum())
            report(f'{path}: {len(dets)} detections, {drawn} drawn')
    finally:
        # Also after Ctrl-C
        content = data_set(images, found, detector.classes, ids.classes)
        write(written, json.dumps(content).encode())
        report(f'Wrote {written}')
    return failed


def report(text: str) -> None:
    """Print a text, also where the terminal lacks some of its letters."""
    encoding = sys.stdout.encoding or 'utf-8'
    print(text.encode(encoding, 'backslashreplace').decode(encoding))


def detect_one(
    path: Path, detector: Detector, args: argparse.Namespace
) -> Detections:
    """Detect the objects of an image and write its picture."""
    image = read_image(path)
    dets = detector(image)
    drawn = draw(image, dets.select(dets.mask_scores >= args.min_score))
    _, picture = cv2.imencode('.png', drawn)
    # The whole name: two images may differ only in their suffix.
    write(args.out_dir / f'{path.name}.png', picture.tobytes())
    return dets


def main(args: list[str] | None = None) -> None:
    """Run the command."""
    try:
        failed = detect(parse_args(args))
    except KeyboardInterrupt:
        sys.exit('msrcnn-detect: interrupted')
    except (OSError, ValueError) as error:
        sys.exit(f'msrcnn-detect: {error}')
    if failed:
        lines = '\n'.join(f'msrcnn-detect: {text}' for text in failed)
        sys.exit(lines.encode('utf-8', 'backslashreplace').decode())


if __name__ == '__main__':
    main()
