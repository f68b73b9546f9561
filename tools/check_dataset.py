"""Check COCO annotation files and their images.

    python tools/check_dataset.py data/fruit/train.json data/fruit/val.json

Prints problems for training or evaluation, with annotation and image: errors,
warnings, and what is repaired. Several files must list their categories in the
same order. Images are searched for in --img-dir. Without --img-dir they are
searched for next to the file and in the folder with the name of the file. The
exit status is 1 if there is an error.
"""

import argparse
from pathlib import Path

from mmdet_msrcnn.datasets.check_file import (
    check_file,
    check_order,
    read_annotations,
)
from mmdet_msrcnn.datasets.findings import lines_of, of_level
from mmdet_msrcnn.utils.coco import class_names

# Number of images used to find the folder.
FIRST = 100


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('files', nargs='+', type=Path, metavar='FILE')
    parser.add_argument(
        '--img-dir',
        nargs='+',
        type=Path,
        help='folder of the images; one for all files, or one for each',
    )
    args = parser.parse_args()
    if args.img_dir and len(args.img_dir) not in (1, len(args.files)):
        parser.error('--img-dir must be one folder, or one for each file')
    return args


def find_folder(path: Path, content: dict) -> Path | None:
    """Find the folder that contains one of the first images, or None."""
    images = content.get('images')
    if not isinstance(images, list) or not images:
        return None
    names = [str(image.get('file_name')) for image in images[:FIRST]]
    folders = path.parent, path.parent / path.stem
    return next(
        (f for f in folders if any((f / name).is_file() for name in names)),
        None,
    )


def summarize(content: dict, folder: Path | None) -> str:
    """Describe the content of a file in one line."""
    parts = []
    for name in ('images', 'annotations', 'categories'):
        values = content.get(name)
        num = len(values) if isinstance(values, list) else 'no'
        parts.append(f'{num} {name}')
    where = f'in {folder}' if folder else 'not checked; set --img-dir'
    return f'{", ".join(parts)}; image files {where}'


def main() -> None:
    """Run the command."""
    args = parse_args()
    folders = args.img_dir or [None]
    folders = folders * (len(args.files) // len(folders))
    classes, failed = None, False
    for path, folder in zip(args.files, folders, strict=True):
        try:
            content = read_annotations(path)
            folder = folder or find_folder(path, content)
            findings = check_file(path, folder)
        except (OSError, ValueError) as error:
            print(f'{path}: {error}')
            failed = True
            continue
        print(f'{path}: {summarize(content, folder)}')
        if not of_level(findings, 'error'):
            classes = classes or class_names(content)
            findings += check_order(content, classes)
        print(
            '\n'.join(f'  {line}' for line in lines_of(findings))
            or '  no problems found'
        )
        failed = failed or bool(of_level(findings, 'error'))
    if failed:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
