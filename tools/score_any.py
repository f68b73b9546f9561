"""Train a mask score for any trained instance segmentation model of mmdet.

The detector stays as it is. Its detections on the training images of CONFIG
are computed once and stored; a head learns from them how good each mask is.
Then both are tested on the test images of CONFIG. An interrupted run continues
if it is started again. OUT_DIR gets

- ``config.py`` and ``model.pth``, for all tools and the inferencer;
- ``report/report.md``: AP by the model's own score, by the mask score and by
  the oracle, the share of the possible gain, with intervals; and pictures;
- ``result.json``, ``train.log``, ``test.log`` and the feature cache.

Example, with a config and a checkpoint of mmdet's model zoo:

    python tools/score_any.py mmdet::htc/htc_r50_fpn_1x_coco.py htc.pth \\
        --out-dir work_dirs/htc_scored
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmdet_msrcnn.apis.mask_scored_config import mask_scored_config
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.lab.any_model import score_any
from mmdet_msrcnn.utils.arguments import positive
from mmdet_msrcnn.utils.configs import read_config

CACHE_GB = 8.0
# What the new config takes from CONFIG.
USED = (
    'model',
    'data_preprocessor',
    'train_dataloader',
    'test_dataloader',
    'test_evaluator',
    'custom_imports',
    'default_scope',
    'env_cfg',
)


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'config',
        help='config of the detector: a file, or mmdet::FOLDER/FILE of mmdet',
    )
    parser.add_argument('checkpoint', help='its checkpoint, a local file')
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument('--epochs', type=positive, default=6)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--cache-dir',
        help='feature cache to use, by default OUT_DIR/train/feature_cache;\n'
        'runs with other seeds can share it',
    )
    parser.add_argument(
        '--cache-gb',
        type=float,
        default=CACHE_GB,
        help='limit of its size (default: %(default)s); with 0 there is no\n'
        'cache, and the detector runs in every epoch',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings of the model, data or evaluation of CONFIG to change,\n'
        'such as model.test_cfg.max_per_img=300',
    )
    return parser.parse_args()


def check_options(options: dict) -> None:
    """Check that options are of what is taken from the config.

    Args:
        options (dict): Settings by their path.

    Raises:
        ValueError: If one is of the detector's training.
    """
    for name in options:
        if name.split('.')[0] not in USED:
            raise ValueError(
                f'--cfg-options {name} has no effect; it can change '
                f'{", ".join(USED)}. For settings of the training of the '
                'head, edit OUT_DIR/config.py and run tools/train.py.'
            )


def run(args: argparse.Namespace) -> None:
    """Train, test and report."""
    read_checkpoint(args.checkpoint)
    cfg = read_config(args.config)
    if args.cfg_options:
        check_options(args.cfg_options)
        cfg.merge_from_dict(args.cfg_options)
    scored = mask_scored_config(
        cfg, Path(args.checkpoint).resolve(), args.epochs, seed=args.seed
    )
    if args.cache_gb == 0:
        scored.train_cfg.type = 'EpochBasedTrainLoop'
    elif args.cache_gb != CACHE_GB:
        scored.train_cfg.max_gb = args.cache_gb
    if args.cache_dir:
        scored.train_cfg.cache_dir = args.cache_dir
    print(f'Progress: {args.out_dir}/train.log, then test.log', flush=True)
    print(score_any(scored, args.out_dir, Path(__file__).parent))


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        run(args)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise SystemExit(f'score_any.py: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit(
            'score_any.py: interrupted. The same command continues.'
        ) from None


if __name__ == '__main__':
    main()
