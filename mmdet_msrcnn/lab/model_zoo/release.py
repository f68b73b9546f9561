"""Files, model card and metafile entry of a published model."""

import re
import time
from collections.abc import Iterable
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
from mmdet_msrcnn.utils.score_thresholds import check_classes, read_thresholds


def check(inputs: Iterable[Path | None], url: str | None, zoo: bool) -> None:
    """Check the arguments of :func:`release`.

    Raises:
        ValueError: If an argument is invalid.
    """
    for path in inputs:
        if path is not None and not path.is_file():
            raise ValueError(f'{path} does not exist')
    if url and not re.fullmatch(r'https?://[^\s]+', url):
        raise ValueError(
            f'--url {url} is not a URL; it must start with http:// or '
            'https:// and have no spaces'
        )
    if zoo and not url:
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


def release(
    checkpoint_path: Path,
    out_dir: Path,
    config: Path,
    results: Path,
    image: Path | None = None,
    url: str | None = None,
    zoo_dir: Path | None = None,
    licence: str = 'Apache-2.0',
    thresholds: Path | None = None,
) -> Path:
    """Publish a model. All checks come before the first output file.

    Args:
        checkpoint_path (Path): Checkpoint of a training.
        out_dir (Path): Folder for the files.
        config (Path): Config of the model.
        results (Path): Its ``report.json``.
        image (Path, optional): Image to compare detections on. By default one
            of the test set.
        url (str, optional): Address of ``out_dir``, or of ``zoo_dir`` if that
            is given. Without it there is no metafile entry.
        zoo_dir (Path, optional): Folder of a model zoo.
        licence (str): Licence of the weights. Defaults to 'Apache-2.0'.
        thresholds (Path, optional): ``report.json`` of held-back images, whose
            score thresholds are stored.

    Returns:
        Path: The published checkpoint.

    Raises:
        ValueError: If an input is invalid.
    """
    check((config, results, image), url, zoo_dir is not None)
    name = config.stem
    folder = config.absolute().parent.name
    metafile = config.with_name('metafile.yml')
    collection = main_collection(metafile)
    report = read_report(results)
    cfg = Config.fromfile(config)
    checkpoint = read_checkpoint(checkpoint_path)
    portable = portable_config(cfg)
    content = published_content(checkpoint, portable)
    if thresholds:
        found = read_thresholds(thresholds)
        check_classes(found, content['meta']['dataset_meta']['classes'])
        content['meta']['score_thresholds'] = found
    data, digest = serialize(content)
    image = image or test_image(cfg)
    compared = check_outputs(cfg, checkpoint, data, image)
    print(f'{compared} detections on {image} are unchanged')

    path = out_dir / f'{name}_{time.strftime("%Y%m%d")}-{digest[:8]}.pth'
    memory = training_memory(checkpoint_path)
    metadata = {
        **({} if memory is None else {'Training Memory (GB)': memory}),
        **training_length(cfg, content['meta']),
        'SHA256': digest,
    }
    place = f'{folder}/{name}/' if zoo_dir else ''
    weights = f'{(url or "").rstrip("/")}/{place}{path.name}'
    dataset = data_set_name(cfg, collection)
    entry = model_entry(
        config, collection, dataset, metadata, report.figures, weights
    )
    card = model_card(cfg, content['meta'], entry, report, path.name, licence)
    files = {
        path.name: data,
        f'{name}.py': content['meta']['cfg'].encode(),
        path.with_suffix('.md').name: card.encode(),
    }
    folders = [out_dir]
    metafiles = [metafile] if url else []
    if zoo_dir:
        folders.append(zoo_dir / folder / name)
        metafiles.append(zoo_dir / folder / 'metafile.yml')
        read_metafile(metafiles[-1])
    outputs = [place / file for place in folders for file in files]
    inputs = config, checkpoint_path, results, thresholds
    check_not_overwritten(outputs, filter(None, inputs))
    for output in outputs:
        write_bytes(output, files[output.name])
    for target in metafiles:
        if not target.is_file():
            write_metafile(target, dict(Collections=[collection]))
        add_model(target, entry)
    return path
