"""The ``metafile.yml`` of a config folder, in mmdet's format."""

from pathlib import Path

import yaml

from mmdet_msrcnn.utils.io import write_text
from mmdet_msrcnn.utils.metafile import read_metafile


class _Dumper(yaml.SafeDumper):
    """Dumper that indents lists, as mmdet's metafiles do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False):
        return super().increase_indent(flow, False)


def main_collection(path: Path) -> dict:
    """Find the collection that the models of a metafile belong to.

    Args:
        path (Path): The metafile.

    Returns:
        dict: The first collection.

    Raises:
        ValueError: If the file or the collection is missing, or the
            collection has no ``Training Data``.
    """
    if not path.is_file():
        raise ValueError(
            f'{path} does not exist. The metafile next to a config lists the '
            'models. Use configs/demo/metafile.yml as an example.'
        )
    collections = read_metafile(path)['Collections']
    if not collections or not (collections[0].get('Metadata') or {}).get(
        'Training Data'
    ):
        raise ValueError(
            f'{path} has no collection with Training Data, which the model '
            'needs. Use configs/ms_rcnn/metafile.yml as an example.'
        )
    return collections[0]


def write_metafile(path: Path, content: dict) -> None:
    """Write a metafile atomically; leave out empty lists.

    Args:
        path (Path): The metafile.
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
    """Add a model to a metafile, or replace the one with the same name.

    Args:
        path (Path): The metafile.
        entry (dict): From :func:`model_entry`.
    """
    content = read_metafile(path)
    models = content['Models']
    names = [model['Name'] for model in models]
    if entry['Name'] in names:
        models[names.index(entry['Name'])] = entry
    else:
        models.append(entry)
    write_metafile(path, content)
