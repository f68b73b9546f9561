"""Publish a trained model: file, config, model card and metafile entry.

    python tools/publish_model.py work_dirs/demo/epoch_8.pth published \\
        --config configs/demo/ms-rcnn_r18_fpn_demo.py \\
        --results work_dirs/demo/report.json --url https://my.server/published

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
import re
import time
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.lab.model_zoo.entry import (
    data_set_name,
    model_entry,
    read_report,
    training_length,
)
from mmdet_msrcnn.lab.model_zoo.metafile import (
    add_model,
    main_collection,
    write_metafile,
)
from mmdet_msrcnn.lab.model_zoo.model_card import model_card
from mmdet_msrcnn.lab.model_zoo.publish import (
    check_outputs,
    portable_config,
    published_content,
    serialize,
    training_memory,
)
from mmdet_msrcnn.utils.data_sets import inner_data_set
from mmdet_msrcnn.utils.image_files import find_images
from mmdet_msrcnn.utils.io import check_not_overwritten, write_bytes
from mmdet_msrcnn.utils.metafile import read_metafile


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


def check(args: argparse.Namespace) -> None:
    """Check the arguments.

    Raises:
        ValueError: If an argument is invalid.
    """
    for path in (args.config, args.results, args.image):
        if path is not None and not path.is_file():
            raise ValueError(f'{path} does not exist')
    if args.url and not re.fullmatch(r'https?://[^\s]+', args.url):
        raise ValueError(
            f'--url {args.url} is not a URL; it must start with http:// or '
            'https:// and have no spaces'
        )
    if args.zoo_dir and not args.url:
        raise ValueError('--zoo-dir needs --url, the address of that folder')


def test_image(cfg: Config) -> Path:
    """Find the first image of the test set.

    Raises:
        ValueError: If there are no images.
    """
    dataset = inner_data_set(cfg.test_dataloader.dataset)
    prefix = dataset.get('data_prefix', {}).get('img', '')
    folder = Path(dataset.get('data_root') or '', prefix)
    images, _ = find_images(folder)
    if not images:
        raise ValueError(f'{folder} has no images; choose one with --image')
    return images[0]


def publish(args: argparse.Namespace) -> Path:
    """Publish a model. All checks come before the first output file.

    Args:
        args (argparse.Namespace): From :func:`parse_args`.

    Returns:
        Path: The published checkpoint.

    Raises:
        ValueError: If an input is invalid.
    """
    check(args)
    config, name = args.config, args.config.stem
    folder = config.absolute().parent.name
    metafile = config.with_name('metafile.yml')
    collection = main_collection(metafile)
    report = read_report(args.results)
    cfg = Config.fromfile(config)
    checkpoint = read_checkpoint(args.checkpoint)
    portable = portable_config(cfg)
    content = published_content(checkpoint, portable)
    data, digest = serialize(content)
    image = args.image or test_image(cfg)
    compared = check_outputs(cfg, checkpoint, data, image)
    print(f'{compared} detections on {image} are unchanged')

    path = args.out_dir / f'{name}_{time.strftime("%Y%m%d")}-{digest[:8]}.pth'
    memory = training_memory(args.checkpoint)
    metadata = {
        **({} if memory is None else {'Training Memory (GB)': memory}),
        **training_length(cfg, content['meta']),
        'SHA256': digest,
    }
    place = f'{folder}/{name}/' if args.zoo_dir else ''
    weights = f'{(args.url or "").rstrip("/")}/{place}{path.name}'
    dataset = data_set_name(cfg, collection)
    entry = model_entry(
        config, collection, dataset, metadata, report.figures, weights
    )
    card = model_card(
        cfg, content['meta'], entry, report, path.name, args.licence
    )
    files = {
        path.name: data,
        f'{name}.py': content['meta']['cfg'].encode(),
        path.with_suffix('.md').name: card.encode(),
    }
    folders = [args.out_dir]
    metafiles = [metafile] if args.url else []
    if args.zoo_dir:
        folders.append(args.zoo_dir / folder / name)
        metafiles.append(args.zoo_dir / folder / 'metafile.yml')
        read_metafile(metafiles[-1])
    outputs = [place / file for place in folders for file in files]
    check_not_overwritten(outputs, (config, args.checkpoint, args.results))
    for output in outputs:
        write_bytes(output, files[output.name])
    for target in metafiles:
        if not target.is_file():
            write_metafile(target, dict(Collections=[collection]))
        add_model(target, entry)
    return path


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        path = publish(args)
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None
    print(f'Wrote {path}, its model card and its config')
    if args.url:
        print('To update docs/model_zoo.md: python tools/model_zoo.py')
    else:
        print('No metafile entry was added, because --url is not set')


if __name__ == '__main__':
    main()
