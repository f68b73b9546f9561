"""Detect the objects in images.

Writes a picture of each image, and detections.json in COCO's format.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import cv2

from msrcnn_runtime.coco import data_set
from msrcnn_runtime.detector import Detector
from msrcnn_runtime.draw import draw
from msrcnn_runtime.images import find_images, read_image


def parse_args(args: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser('msrcnn-detect', description=__doc__)
    parser.add_argument('images', type=Path, help='image, or folder of them')
    parser.add_argument('model', type=Path, help='exported detector, *.onnx')
    parser.add_argument('--out-dir', type=Path, required=True)
    parser.add_argument(
        '--min-score',
        type=float,
        default=0.3,
        help='lowest mask score to draw; detections.json has all',
    )
    parser.add_argument(
        '--threads', type=int, default=0, help='0 for one per core'
    )
    return parser.parse_args(args)


def write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def detect(args: argparse.Namespace) -> list[str]:
    """Run the command.

    Returns:
        list[str]: A message for each image that was not read.
    """
    detector = Detector(args.model, args.threads)
    paths = find_images(args.images)
    args.out_dir.mkdir(parents=True, exist_ok=True)
    names, found, failed = [], [], []
    for path in paths:
        try:
            image = read_image(path)
            dets = detector(image)
        except ValueError as error:
            failed.append(f'{path}: {error}')
            continue
        names.append(path.name)
        found.append(dets)
        drawn = draw(image, dets.select(dets.mask_scores >= args.min_score))
        _, picture = cv2.imencode('.png', drawn)
        write(args.out_dir / f'{path.stem}.png', picture.tobytes())
        print(f'{path}: {len(dets)} detections')
    content = data_set(names, found, detector.classes)
    write(args.out_dir / 'detections.json', json.dumps(content).encode())
    return failed


def main(args: list[str] | None = None) -> None:
    """Run the command."""
    try:
        failed = detect(parse_args(args))
    except (OSError, ValueError) as error:
        sys.exit(f'msrcnn-detect: {error}')
    if failed:
        sys.exit('\n'.join(f'msrcnn-detect: {text}' for text in failed))


if __name__ == '__main__':
    main()
