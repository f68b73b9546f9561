"""Export the MaskIoU head, with its fusion, to ONNX.

The inputs are RoI features, mask probabilities and labels. The output is the
MaskIoU of each RoI. The file is written only if onnxruntime agrees with the
model on random inputs and, with --image, on the detections in an image.
Without onnxruntime it is written without a check.
"""

import argparse
from pathlib import Path

from mmdet_msrcnn.compat.hub_weights_only import force_weights_only
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
        '--image', type=Path, help='image to compare on as well'
    )
    return parser.parse_args()


def export(args: argparse.Namespace) -> None:
    """Write the file if it passes the comparison."""
    for path in filter(None, (args.config, args.checkpoint, args.image)):
        if not path.is_file():
            raise ValueError(f'{path} is not a file')
    check_not_overwritten([args.out], (args.config, args.checkpoint))
    scorer = load_scorer(args.config, args.checkpoint)
    with atomic_path(args.out) as path:
        write_onnx(scorer, path)
        if has_runtime() or args.image:
            session = open_session(path)
            parity = compare(session, random_cases(scorer))
            print(f'random inputs: {parity}')
        else:
            print('Not checked. To check: pip install onnxruntime')
        if args.image:
            cases = image_cases(args.config, args.checkpoint, args.image)
            print(f'{args.image}: {compare(session, cases)}')
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
