"""Compare ways to score masks on held-back training images.

    python tools/screen_mask_scores.py CONFIG CHECKPOINT_OF_MASK_RCNN

Runs the detector once on the images of train_dataloader and trains a small
head for each row on four fifths of them. Prints the mask AP on the other fifth
and the share of the gain from class score to oracle. The RoI features must fit
into memory: 25 KB per detection with 64 channels.
"""

import argparse
from pathlib import Path

from mmdet_msrcnn.lab.benchmarks.table import to_markdown
from mmdet_msrcnn.lab.screening.compare import COLUMNS, screen
from mmdet_msrcnn.utils.arguments import positive
from mmdet_msrcnn.utils.io import check_not_overwritten, write_json


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'config', type=Path, help='config with a MaskScoreHead'
    )
    parser.add_argument('checkpoint', type=Path, help='Mask R-CNN weights')
    parser.add_argument('--epochs', type=positive, default=2)
    parser.add_argument('--seeds', type=positive, default=1)
    parser.add_argument('--out', type=Path, help='JSON file to write')
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        if args.out:
            check_not_overwritten([args.out], [args.config, args.checkpoint])
        rows = screen(args.config, args.checkpoint, args.epochs, args.seeds)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    print(to_markdown(COLUMNS, rows))
    if args.out:
        write_json(args.out, rows)


if __name__ == '__main__':
    main()
