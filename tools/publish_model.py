"""Publish a trained model: file, config, model card and metafile entry.

    python tools/publish_model.py work_dirs/demo/ms-rcnn-plus/epoch_4.pth \\
        published --config configs/demo/ms-rcnn-plus_r18_fpn_freeze_demo.py \\
        --results report/report.json --url https://my.server/published

Writes to OUT_DIR:

- ``CONFIG_DATE-HASH.pth``: weights (the averaged weights if the run has them)
  and meta, without paths, host names, logs and optimizer. The tool checks that
  the file loads with ``weights_only=True`` and gives the same detections on
  one image. Otherwise nothing is published.
- ``CONFIG.py``: the complete config.
- ``CONFIG_DATE-HASH.md``: the model card.

--url is the address where OUT_DIR will be served. With --url, the tool adds
the model to the ``metafile.yml`` next to CONFIG, which ``mim download`` and
docs/model_zoo.md read. With --zoo-dir, the three files are also written to
ZOO_DIR/FOLDER/CONFIG/, and the metafile to ZOO_DIR/FOLDER/metafile.yml, as on
mmdet's server. Then --url is the address of ZOO_DIR, which any static file
server can serve.
"""

import argparse
from pathlib import Path

from mmdet_msrcnn.lab.model_zoo.release import release


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--config', type=Path, required=True)
    parser.add_argument(
        '--results',
        type=Path,
        required=True,
        help='report.json of tools/analyze_results.py for only this model',
    )
    parser.add_argument(
        '--thresholds',
        type=Path,
        help='report.json for this model on images that were held back from\n'
        'the training: its score thresholds are stored in the file, for\n'
        'image_demo.py --score-thr auto',
    )
    parser.add_argument(
        '--image',
        type=Path,
        help='image to compare detections on (default: one of the test set)',
    )
    parser.add_argument(
        '--url', help='address of OUT_DIR, or of ZOO_DIR with --zoo-dir'
    )
    parser.add_argument('--zoo-dir', type=Path)
    parser.add_argument(
        '--licence', default='Apache-2.0', help='licence of the weights'
    )
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        path = release(
            args.checkpoint,
            args.out_dir,
            args.config,
            args.results,
            args.image,
            args.url,
            args.zoo_dir,
            args.licence,
            args.thresholds,
        )
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None
    print(f'Wrote {path}, its model card and its config')
    if args.url:
        print('To update docs/model_zoo.md: python tools/model_zoo.py')
    else:
        print('No metafile entry was added, because --url is not set')


if __name__ == '__main__':
    main()
