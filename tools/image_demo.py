"""Detect, segment and score the instances in an image or a folder of images.

A folder is read with its subfolders. Writes ``OUT_DIR/vis/NAME`` (each
instance labelled with its class score, MaskIoU and mask score) and
``OUT_DIR/preds/NAME.json`` (boxes, masks and scores of all instances). If two
images have the same name, the name of the second gets its suffix or folder.
"""

import argparse
from pathlib import Path

from mmdet.apis.det_inferencer import IMG_EXTENSIONS

from mmdet_msrcnn.apis import MaskScoringInferencer
from mmdet_msrcnn.compat.hub_weights_only import force_weights_only
from mmdet_msrcnn.utils.image_files import find_images


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('image', help='image file, or folder of images')
    parser.add_argument('config', help='config of the model')
    parser.add_argument('checkpoint', help='trained weights')
    parser.add_argument('--out-dir', required=True, help='output folder')
    parser.add_argument('--device', help='such as cpu or cuda:0')
    parser.add_argument(
        '--pred-score-thr',
        type=float,
        default=0.3,
        help='lowest class score of instances to draw (default: 0.3)',
    )
    return parser.parse_args()


def main() -> None:
    """Run the demo."""
    force_weights_only()
    args = parse_args()
    for path in (args.image, args.config, args.checkpoint):
        if '://' not in path and not Path(path).exists():
            raise SystemExit(f'{path} does not exist')
    if Path(args.image).is_dir() and not find_images(Path(args.image))[0]:
        raise SystemExit(
            f'{args.image} has no image; the suffixes are {IMG_EXTENSIONS}'
        )
    try:
        inferencer = MaskScoringInferencer(
            args.config, args.checkpoint, device=args.device
        )
        inferencer(
            args.image,
            out_dir=args.out_dir,
            pred_score_thr=args.pred_score_thr,
            no_save_pred=False,
        )
    except (TypeError, ValueError) as error:
        raise SystemExit(str(error)) from None
    print(f'Wrote {args.out_dir}/vis and {args.out_dir}/preds')


if __name__ == '__main__':
    main()
