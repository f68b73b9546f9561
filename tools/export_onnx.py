"""Export a mask-scoring model to ONNX: the MaskIoU head or the detector.

The MaskIoU head takes RoI features, mask probabilities and labels, and gives
the MaskIoU of each RoI. With --detector the file takes an image and gives
detections: boxes, labels, class scores, masks and mask scores.

The file is written only if onnxruntime agrees with the model on random inputs
(MaskIoU head) and, with --image, on an image. Without onnxruntime, and for a
detector without --image, it is written without a comparison.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.compat.forced_weights_only import force_weights_only
from mmdet_msrcnn.export.detector.agreement import Agreement
from mmdet_msrcnn.export.detector.evaluate import (
    image_agreement,
    load_image,
)
from mmdet_msrcnn.export.detector.onnx import load_detector, write_detector
from mmdet_msrcnn.export.detector.weights import (
    CALIBRATION_IMAGES,
    calibration_inputs,
    half_weights,
    quantize,
)
from mmdet_msrcnn.export.onnx import write_onnx
from mmdet_msrcnn.export.parity import (
    compare,
    has_runtime,
    image_cases,
    open_session,
    random_cases,
)
from mmdet_msrcnn.export.scorer import load_scorer
from mmdet_msrcnn.utils.io import atomic_path, check_not_overwritten


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', type=Path, help='config of the model')
    parser.add_argument('checkpoint', type=Path, help='trained weights')
    parser.add_argument('out', type=Path, help='file to write, *.onnx')
    parser.add_argument(
        '--detector', action='store_true', help='export the whole detector'
    )
    parser.add_argument('--image', type=Path, help='image to compare on')
    parser.add_argument(
        '--weights',
        choices=('float32', 'float16', 'int8'),
        default='float32',
        help='of the detector; int8 also computes in 8 bits, and needs '
        '--calibrate',
    )
    parser.add_argument(
        '--calibrate',
        type=Path,
        metavar='FOLDER',
        help=f'training images for int8; {CALIBRATION_IMAGES} are used',
    )
    args = parser.parse_args()
    if (args.weights == 'int8') != (args.calibrate is not None):
        parser.error('--weights int8 and --calibrate belong together')
    if args.weights != 'float32' and not args.detector:
        parser.error(f'--weights {args.weights} needs --detector')
    return args


def export_head(args: argparse.Namespace, path: Path) -> Iterator[str]:
    """Write the MaskIoU head and give the results of the comparisons."""
    scorer = load_scorer(args.config, args.checkpoint)
    write_onnx(scorer, path)
    if not (has_runtime() or args.image):
        return
    session = open_session(path)
    yield f'random inputs: {compare(session, random_cases(scorer))}'
    if args.image:
        cases = image_cases(args.config, args.checkpoint, args.image)
        yield f'{args.image}: {compare(session, cases)}'


def export_detector(args: argparse.Namespace, path: Path) -> Iterator[str]:
    """Write the detector and give the result of the comparison."""
    detector, described = load_detector(args.config, args.checkpoint)
    write_detector(detector, described, path)
    if args.image:
        found = agreement_of(path, args)
        found.check()
        yield f'{args.image}: {found}'
    if args.weights == 'float16':
        half_weights(path)
    elif args.weights == 'int8':
        cfg = Config.fromfile(args.config)
        quantize(path, calibration_inputs(cfg, args.calibrate))
    if args.weights != 'float32' and args.image:
        found = agreement_of(path, args)
        yield f'with {args.weights}: {found.found} detections'
    if args.weights != 'float32':
        files = f'{args.config} {args.checkpoint} {args.out}'
        yield f'To see its AP: python tools/test_onnx.py {files}'


def agreement_of(path: Path, args: argparse.Namespace) -> Agreement:
    """Compare a file with the model on the image."""
    session = open_session(path)
    return image_agreement(session, args.config, args.checkpoint, args.image)


def export(args: argparse.Namespace) -> None:
    """Write the file if it passes the comparisons."""
    if args.out.suffix.lower() != '.onnx':
        raise ValueError(
            f'{args.out} has the suffix {args.out.suffix!r}; the file to '
            'write must end in .onnx'
        )
    inputs = [*filter(None, (args.config, args.checkpoint, args.image))]
    check_not_overwritten([args.out], inputs)
    for path in inputs:
        if not path.is_file():
            raise ValueError(f'{path} is not a file')
    if args.calibrate and not args.calibrate.is_dir():
        raise ValueError(f'--calibrate {args.calibrate} is not a folder')
    if args.image:
        # An error now, not after the export.
        load_image(Config.fromfile(args.config), args.image)
    write = export_detector if args.detector else export_head
    with atomic_path(args.out) as path:
        comparisons = list(write(args, path))
    print(*comparisons, sep='\n')
    if not (args.image or has_runtime()):
        print('Not compared with the model. Run: pip install onnxruntime')
    elif args.detector and not args.image:
        print('Not compared with the model. To compare: --image IMAGE')
    print(f'Wrote {args.out}')


def main() -> None:
    """Run the command."""
    force_weights_only()
    args = parse_args()
    try:
        export(args)
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise SystemExit(f'export_onnx.py: {error}') from error


if __name__ == '__main__':
    main()
