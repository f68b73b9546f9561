"""Convert a checkpoint of other code, and write the config that fits it.

    python tools/convert_checkpoint.py model_final.pth converted \\
        --config configs/ms_rcnn/ms-rcnn_r50-caffe_fpn_1x_coco.py

Writes converted/model_final.pth and converted/model_final.py. The format is
recognized by the names of the parameters:

- mmdet 2.x and 3.x: its own ms_rcnn;
- maskrcnn-benchmark: the authors' code, R-50 and R-101 FPN.

CONFIG must have the same backbone. The tool sets the options that the format
needs and prints them. It also prints the differences that no option can set.
See docs/other_checkpoints.md.
"""

import argparse
from pathlib import Path

from mmengine.config import Config, DictAction

from mmdet_msrcnn.checkpoints.convert import (
    FORMATS,
    Converted,
    convert,
    few,
    write,
)
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.utils.io import check_not_overwritten


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
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        help='KEY=VALUE to set in CONFIG, such as the number of classes',
    )
    return parser.parse_args()


def report(converted: Converted) -> str:
    """Describe the changes and the notes for the user."""
    names = converted.content['state_dict']
    lines = [f'{converted.format}: {len(names)} tensors']
    if converted.ignored:
        lines.append(f'Not needed: {few(converted.ignored)}')
    for key, value in converted.changes.items():
        if isinstance(value, dict):
            value = {k: v for k, v in value.items() if k != '_delete_'}
        lines.append(f'Set in the config: {key}={value}')
    lines += [f'Note: {note}' for note in FORMATS[converted.format].notes]
    return '\n'.join(lines)


def run(args: argparse.Namespace) -> None:
    """Convert one checkpoint.

    Raises:
        ValueError: If a file is invalid.
    """
    if not args.config.is_file():
        raise ValueError(f'{args.config} does not exist')
    stem = args.checkpoint.stem
    check_not_overwritten(
        (args.out_dir / f'{stem}{end}' for end in ('.pth', '.py')),
        (args.checkpoint, args.config),
    )
    content = read_checkpoint(args.checkpoint)
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options)
    converted = convert(content, cfg)
    print(report(converted))
    for path in write(converted, args.out_dir, stem):
        print(f'Wrote {path}')


def main() -> None:
    """Run the command."""
    try:
        run(parse_args())
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None


if __name__ == '__main__':
    main()
