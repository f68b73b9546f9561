"""Hold images of a COCO file back: write two files, one without them.

    python tools/datasets/split_coco.py data/nuclei/train.json 0.2 \\
        data/nuclei/fit.json data/nuclei/held.json

SHARE of the images, chosen at random by --seed, and their annotations go to
OUT_HELD, the others to OUT_FIT. Categories and other entries go to both. Train
on OUT_FIT, choose score thresholds on OUT_HELD: see docs/reading_results.md.
"""

import argparse
from pathlib import Path

import numpy as np

from mmdet_msrcnn.datasets.check_file import errors_of, read_annotations
from mmdet_msrcnn.datasets.list_checks import check_lists
from mmdet_msrcnn.datasets.near_copies import without_images
from mmdet_msrcnn.utils.io import check_not_overwritten, write_json


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('ann', type=Path, help='COCO annotations')
    parser.add_argument(
        'share',
        type=float,
        help='share of the images to hold back, such as 0.2',
    )
    parser.add_argument('out_fit', type=Path, help='file to write: the others')
    parser.add_argument(
        'out_held', type=Path, help='file to write: those held back'
    )
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    args = parser.parse_args()
    if not 0 < args.share < 1:
        parser.error(f'SHARE must be between 0 and 1, got {args.share}')
    if args.seed < 0:
        parser.error(f'--seed must be at least 0, got {args.seed}')
    return args


def split(args: argparse.Namespace) -> None:
    """Write both files.

    Raises:
        ValueError: If the input is not valid, or a part would be empty.
    """
    check_not_overwritten([args.out_fit, args.out_held], [args.ann])
    if args.out_fit.resolve() == args.out_held.resolve():
        raise ValueError(f'both parts would be written to {args.out_fit}')
    content = read_annotations(args.ann)
    message = errors_of(args.ann, list(check_lists(content)))
    if message:
        raise ValueError(message)
    img_ids = [image['id'] for image in content['images']]
    num = round(args.share * len(img_ids))
    if not 0 < num < len(img_ids):
        raise ValueError(
            f'{args.share} of {len(img_ids)} images are {num}; each part must '
            'have an image'
        )
    order = np.random.default_rng(args.seed).permutation(len(img_ids))
    held = {img_ids[i] for i in order[:num]}
    parts = (
        (args.out_fit, without_images(content, held)),
        (args.out_held, without_images(content, {*img_ids} - held)),
    )
    for path, part in parts:
        write_json(path, part)
        print(
            f'Wrote {path}: {len(part["images"])} images, '
            f'{len(part["annotations"])} annotations'
        )


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        split(args)
    except (OSError, ValueError) as error:
        raise SystemExit(f'split_coco.py: {error}') from None


if __name__ == '__main__':
    main()
