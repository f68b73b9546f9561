"""The ``metafile.yml`` of a folder of configs, in mmdet's form."""

from pathlib import Path

import yaml

from mmdet_msrcnn.utils.io import write_text


class _Dumper(yaml.SafeDumper):
    """Indents lists, as mmdet's metafiles do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False):
        return super().increase_indent(flow, False)


def read_metafile(path: Path) -> dict:
    """Read a metafile.

    Args:
        path (Path): File, which need not exist.

    Returns:
        dict: ``Collections`` and ``Models``, both lists.

    Raises:
        ValueError: If it is not a metafile.
    """
    content = yaml.safe_load(path.read_text()) if path.is_file() else {}
    content = {} if content is None else content
    if not isinstance(content, dict) or content.keys() - {
        'Collections',
        'Models',
    }:
        raise ValueError(
            f'{path} is not a metafile: it must have Collections and Models, '
            'both lists, and nothing else'
        )
    return {key: content.get(key) or [] for key in ('Collections', 'Models')}


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
