"""The ``metafile.yml`` of a folder of configs, in mmdet's form."""

from pathlib import Path

import yaml

from mmdet_msrcnn.utils.io import write_text
from mmdet_msrcnn.utils.metafile import read_metafile


class _Dumper(yaml.SafeDumper):
    """Indents lists, as mmdet's metafiles do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False):
        return super().increase_indent(flow, False)


def main_collection(path: Path) -> dict:
    """Find the collection of a metafile that its models are in.

    Args:
        path (Path): File.

    Returns:
        dict: The first one.

    Raises:
        ValueError: If there is no file or collection, or it does not name
            its data.
    """
    if not path.is_file():
        raise ValueError(
            f'{path} does not exist. It says beside a config what its models '
            'were trained with; see configs/demo/metafile.yml for one.'
        )
    collections = read_metafile(path)['Collections']
    if not collections or not (collections[0].get('Metadata') or {}).get(
        'Training Data'
    ):
        raise ValueError(
            f'{path} has no collection with Training Data to put the model '
            'in; see configs/ms_rcnn/metafile.yml for one'
        )
    return collections[0]


def write_metafile(path: Path, content: dict) -> None:
    """Write a metafile whole or not at all; empty lists are left out.

    Args:
        path (Path): File.
        content (dict): From :func:`read_metafile`.
    """
    parts = [
        yaml.dump(
            {key: value},
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=1000,
        )
        for key, value in content.items()
        if value
    ]
    write_text(path, '\n'.join(parts))


def add_model(path: Path, entry: dict) -> None:
    """Add a model to a metafile, or replace the one of its name.

    Args:
        path (Path): File.
        entry (dict): The model, with ``Name``.
    """
    content = read_metafile(path)
    models = content['Models']
    names = [model['Name'] for model in models]
    if entry['Name'] in names:
        models[names.index(entry['Name'])] = entry
    else:
        models.append(entry)
    write_metafile(path, content)
