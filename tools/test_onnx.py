"""Test an exported detector and the model that it came from.

    python tools/test_onnx.py CONFIG CHECKPOINT detector.onnx

Both run on the test set of the config. Prints each AP of both, and how many of
their detections are the same.
"""

import argparse
from pathlib import Path

import torch

from mmdet_msrcnn.compat.forced_weights_only import force_weights_only
from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.export.detector.evaluate import evaluate
from mmdet_msrcnn.export.parity import open_session
from mmdet_msrcnn.utils.arguments import positive


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', type=Path, help='config of the model')
    parser.add_argument('checkpoint', type=Path, help='trained weights')
    parser.add_argument('onnx', type=Path, help='exported detector')
    parser.add_argument('--threads', type=positive, help='CPU threads')
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    force_weights_only()
    args = parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        for path in (args.config, args.checkpoint, args.onnx):
            if not path.is_file():
                raise ValueError(f'{path} is not a file')
        with silence():
            session = open_session(args.onnx)
            result = evaluate(session, args.config, args.checkpoint)
    except (ImportError, OSError, TypeError, ValueError) as error:
        raise SystemExit(f'test_onnx.py: {error}') from error
    for name, value in result.model.items():
        if name.endswith('mAP'):
            exported = result.exported[name]
            print(f'{name}: {value:.4f}, exported {exported:.4f}')
    print(result.agreement)


if __name__ == '__main__':
    main()
