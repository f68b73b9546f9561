"""Publish a trained model: file, config, model card and metafile entry.

    python tools/publish_model.py work_dirs/demo/epoch_8.pth published \\
        --config configs/demo/ms-rcnn_r18_fpn_demo.py \\
        --results work_dirs/demo/report.json --url https://my.server/published

writes to OUT_DIR

- ``CONFIG_DATE-HASH.pth``: weights (averaged ones if the run had them) and
  meta, without paths, host names, logs and optimizer; it loads with
  ``weights_only=True`` and gives the same detections on one image, or nothing
  is published;
- ``CONFIG.py``, the whole config, and ``CONFIG_DATE-HASH.md``, the model card;

and adds the model to the ``metafile.yml`` beside CONFIG, from which ``mim
download`` and docs/model_zoo.md take it. With --zoo-dir the three files and
the metafile go to ZOO_DIR/FOLDER/CONFIG/ and ZOO_DIR/FOLDER/metafile.yml as
well, as on mmdet's server; any static file server can serve that folder, and
--url is its address.
"""

import argparse
import shutil
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.model_zoo.entry import model_entry, read_report
from mmdet_msrcnn.model_zoo.metafile import (
    add_model,
    read_metafile,
    write_metafile,
)
from mmdet_msrcnn.model_zoo.model_card import model_card
from mmdet_msrcnn.model_zoo.publish import (
    check_outputs,
    portable_config,
    published_content,
    save_published,
    sha256,
    training_memory,
)
from mmdet_msrcnn.utils.io import write_text


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
        help='report.json of tools/analyze_results.py for this model alone',
    )
    parser.add_argument(
        '--image',
        type=Path,
        help='image to compare detections on (default: one of the test set)',
    )
    parser.add_argument(
        '--url',
        help='address of OUT_DIR, or of ZOO_DIR if that is given',
    )
    parser.add_argument('--zoo-dir', type=Path)
    parser.add_argument(
        '--metafile',
        type=Path,
        help='metafile to add the model to (default: beside CONFIG)',
    )
    return parser.parse_args()


def test_image(cfg: Config) -> Path:
    """Find the first image of the test set.

    Raises:
        ValueError: If there is none.
    """
    dataset = cfg.test_dataloader.dataset
    folder = Path(dataset.data_root, dataset.data_prefix.img)
    images = sorted(path for path in folder.glob('*.*') if path.is_file())
    if not images:
        raise ValueError(f'{folder} has no images; name one with --image')
    return images[0]


def publish(args: argparse.Namespace) -> Path:
    """Publish a model.

    Args:
        args (argparse.Namespace): The command line.

    Returns:
        Path: The published checkpoint.

    Raises:
        ValueError: If an input is not what it should be.
    """
    for path in (args.config, args.results):
        if not path.is_file():
            raise ValueError(f'{path} does not exist')
    name, folder = args.config.stem, args.config.absolute().parent.name
    metafile = args.metafile or args.config.with_name('metafile.yml')
    collections = read_metafile(metafile)['Collections']
    if not collections:
        raise ValueError(
            f'{metafile} has no collection to put the model in; see '
            'configs/ms_rcnn/metafile.yml for one'
        )
    row = read_report(args.results)
    cfg = Config.fromfile(args.config)
    image = args.image or test_image(cfg)
    checkpoint = read_checkpoint(args.checkpoint)
    portable = portable_config(cfg)
    content = published_content(checkpoint, portable)
    path = save_published(content, args.out_dir, name)
    try:
        compared = check_outputs(cfg, checkpoint, path, image)
    except BaseException:
        path.unlink()
        raise
    print(f'{compared} detections of {image} are unchanged')

    place = f'{folder}/{name}/' if args.zoo_dir else ''
    base = f'{args.url.rstrip("/")}/{place}' if args.url else ''
    entry = model_entry(
        name,
        folder,
        collections[0],
        row,
        content['meta'].get('epoch', cfg.train_cfg.max_epochs),
        training_memory(args.checkpoint),
        f'{base}{path.name}',
        sha256(path),
    )
    card = model_card(portable, content['meta'], entry, row, path.name)
    files = {
        path.with_suffix('.md'): card,
        args.out_dir / f'{name}.py': portable.pretty_text,
    }
    for file, text in files.items():
        write_text(file, text)
    add_model(metafile, entry)
    if args.zoo_dir:
        target = args.zoo_dir / folder / name
        target.mkdir(parents=True, exist_ok=True)
        for file in (path, *files):
            shutil.copy(file, target / file.name)
        zoo_metafile = args.zoo_dir / folder / 'metafile.yml'
        if not zoo_metafile.is_file():
            write_metafile(zoo_metafile, dict(Collections=collections))
        add_model(zoo_metafile, entry)
    return path


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        path = publish(args)
    except (ValueError, FileNotFoundError) as error:
        raise SystemExit(str(error)) from None
    print(f'Wrote {path}, its model card and config')
    if not args.url:
        print('Weights in the metafile is a bare file name: --url was not set')
    print('Now write docs/model_zoo.md anew: python tools/model_zoo.py')


if __name__ == '__main__':
    main()
