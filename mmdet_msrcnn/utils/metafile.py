"""Reader of ``metafile.yml``, which lists the models."""

from pathlib import Path

import yaml

PARTS = ('Collections', 'Models')


def read_metafile(path: Path) -> dict:
    """Read a metafile.

    Args:
        path (Path): The file; it need not exist.

    Returns:
        dict: ``Collections`` and ``Models``, both lists of dicts with
        ``Name``.

    Raises:
        ValueError: If it is not a metafile.
    """
    try:
        content = yaml.safe_load(path.read_text()) if path.is_file() else {}
        content = {} if content is None else content
        parts = {key: content.get(key) or [] for key in PARTS}
        entries = [entry['Name'] for part in parts.values() for entry in part]
        if content.keys() - set(PARTS) or not all(entries):
            raise ValueError
    except (yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError):
        raise ValueError(
            f'{path} is not a metafile: it must have Collections and Models, '
            'both lists of entries with a Name, and nothing else'
        ) from None
    return parts


def find_model(folder: Path, name: str) -> dict | None:
    """Find a model by name in the metafiles of a folder of configs.

    Args:
        folder (Path): Folder with ``configs``.
        name (str): Name of the model, in upper or lower case.

    Returns:
        dict | None: Its entry; None if there is none.
    """
    for path in sorted(folder.glob('configs/*/metafile.yml')):
        for model in read_metafile(path)['Models']:
            if model['Name'].lower() == name.lower():
                return model
    return None
