"""Find masks or labels that are likely wrong, to correct them by hand.

    python tools/find_suspects.py labels PREFIX.mask_scores.json \\
        --ann ANNOTATIONS --img-dir IMAGES --out-dir OUT

- ``masks``: detections with a high class score and a low mask score, such as
  to correct predictions that become labels.
- ``labels``: annotations that the model contradicts: an object without a label
  (``no label``), with a label of another class or another shape, or a label
  where the model finds nothing at any score. Use predictions on images that
  the model was not trained on, because it knows the others by heart.

Writes to OUT, the most suspicious first: ``suspects.json``, a COCO data set
for annotation tools, with the reason and the scores of each suspect;
``images.txt``, the images with suspects; and ``pictures/``, each suspect in
red with the annotations of all classes in green, enlarged if it is small.
Masks narrower than 4 pixels are left out. tools/test.py writes
PREFIX.mask_scores.json with
``--cfg-options test_evaluator.outfile_prefix=PREFIX``, or with
``test_evaluator.0.outfile_prefix=PREFIX`` if the config has several metrics.
"""

import argparse
from collections import Counter
from pathlib import Path

from mmdet_msrcnn.analysis.result_files import (
    leave_out_images,
    read_ground_truth,
    read_results,
)
from mmdet_msrcnn.analysis.suspects import FINDERS, write_suspects
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.utils.arguments import positive
from mmdet_msrcnn.utils.io import check_not_overwritten


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('what', choices=FINDERS)
    parser.add_argument(
        'results', type=Path, help='PREFIX.mask_scores.json of the model'
    )
    parser.add_argument('--ann', required=True, help='COCO ground truth')
    parser.add_argument(
        '--img-dir', required=True, type=Path, help='folder of the images'
    )
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument(
        '--num', type=positive, default=100, help='number (default: 100)'
    )
    return parser.parse_args()


def find(args: argparse.Namespace) -> list[dict]:
    """Find suspects and write them.

    Raises:
        FileNotFoundError: If an image cannot be read.
        ValueError: If an input is invalid.
    """
    if not args.img_dir.is_dir():
        raise ValueError(f'--img-dir {args.img_dir} is not a folder')
    outputs = [args.out_dir / name for name in ('suspects.json', 'images.txt')]
    check_not_overwritten(outputs, [args.results, args.ann])
    if '=' in args.results.name and not args.results.is_file():
        raise ValueError(
            f'{args.results} does not exist; there is no NAME= here, only '
            'PREFIX.mask_scores.json'
        )
    results = read_results(args.results)
    if not {'mask_score', 'mask_iou'} <= results['detections'][0].keys():
        raise ValueError(
            f'{args.results} has no mask scores; use a model that has them'
        )
    coco = read_ground_truth(args.ann, results['cat_ids'])
    protocol, detections = leave_out_images(
        {'img_ids': results['img_ids']},
        {'the model': results['detections']},
        coco.getImgIds(),
        args.ann,
    )
    masks = MaskEvaluation(
        coco,
        detections['the model'],
        results['cat_ids'],
        protocol['img_ids'],
        results['max_dets'],
        results['iou_thrs'],
    )
    found = FINDERS[args.what](masks)[: args.num]
    write_suspects(args.out_dir, coco, found, args.img_dir)
    return found


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        found = find(args)
    except (OSError, ValueError) as error:
        raise SystemExit(f'find_suspects.py: {error}') from error
    for reason, count in Counter(one['reason'] for one in found).items():
        print(f'{reason}: {count}')
    print(f'Wrote {args.out_dir}/suspects.json, images.txt and pictures/')


if __name__ == '__main__':
    main()
