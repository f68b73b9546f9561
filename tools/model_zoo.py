"""Write docs/model_zoo.md from the metafiles of the config folders."""

import argparse
from pathlib import Path

from mmdet_msrcnn.lab.model_zoo.page import zoo_page
from mmdet_msrcnn.utils.io import write_text

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run the command."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not (ROOT / 'docs').is_dir():
        raise SystemExit(f'{ROOT} has no docs; run this in the source tree')
    write_text(ROOT / 'docs/model_zoo.md', zoo_page(ROOT / 'configs'))


if __name__ == '__main__':
    main()
