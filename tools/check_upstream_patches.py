"""Check the patches of docs/upstream on clean sources of mmdet and mmengine.

    python tools/check_upstream_patches.py

Downloads the installed versions of mmengine and mmdet by pip, or of
onedl-mmengine and onedl-mmdetection. For each patch, a fresh copy gets only
its test, which must fail, then the patch, with which it must pass. At the end,
all patches are applied together. The ops are those of the installed mmcv.
Takes about a minute for each patch on a busy CPU.
"""

import argparse
import tempfile
from pathlib import Path

from mmdet_msrcnn.compat.dependencies import installed_base
from mmdet_msrcnn.lab.upstream.patches import (
    check_patches,
    read_patches,
    select,
)
from mmdet_msrcnn.lab.upstream.sources import check_imported, get_sources

FOLDER = Path(__file__).parents[1] / 'docs/upstream'


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'patches', nargs='*', type=Path, help='files (default: all)'
    )
    parser.add_argument(
        '--source',
        type=Path,
        help='folder with archives or checkouts, in place of the download',
    )
    return parser.parse_args()


def check(args: argparse.Namespace) -> int:
    """Check the patches and print a line for each.

    Returns:
        int: Number of problems.
    """
    patches = select(read_patches(FOLDER), args.patches)
    base = installed_base()
    problems = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = get_sources(base, args.source, folder)
        check_imported(sources)
        for finding in check_patches(patches, base, sources, folder):
            print(finding, flush=True)
            problems += bool(finding.problem)
    return problems


def main() -> None:
    """Run the command."""
    try:
        problems = check(parse_args())
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    if problems:
        raise SystemExit(f'{problems} problems')


if __name__ == '__main__':
    main()
