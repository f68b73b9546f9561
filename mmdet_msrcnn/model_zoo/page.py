"""The page of all models, from the metafiles."""

from pathlib import Path

from mmdet_msrcnn.model_zoo.metafile import read_metafile

HEADER = """# Model zoo

Written from the `metafile.yml` of the config folders by
`python tools/model_zoo.py`. `mim download mmdet_msrcnn --config NAME --dest .`
downloads a model and its config; check the hash before loading it.
"""
NO_MODELS = 'No weights yet.'
METRICS = (
    'box AP',
    'mask AP',
    'mask AP by class score',
    'mask AP by oracle',
)


def zoo_page(configs: Path) -> str:
    """Write the page.

    Args:
        configs (Path): Folder of the config folders.

    Returns:
        str: Markdown.
    """
    parts = [HEADER]
    for path in sorted(configs.glob('*/metafile.yml')):
        content = read_metafile(path)
        folder = path.parent.name
        title = content['Collections'][0]['Name']
        parts.append(f'## [{title}](../configs/{folder}/README.md)\n')
        parts.append(_table(content['Models']))
    return '\n'.join(parts)


def _table(models: list[dict]) -> str:
    if not models:
        return f'{NO_MODELS}\n'
    headings = ('model', 'data', *METRICS, 'epochs', 'weights')
    lines = [f'| {" | ".join(headings)} |', '|---' * len(headings) + '|']
    lines += [_row(model) for model in models]
    return '\n'.join(lines) + '\n'


def _row(model: dict) -> str:
    metrics, meta = {}, model['Metadata']
    for result in model['Results']:
        metrics |= result['Metrics']
    weights = f'[{_hash(model)}]({model["Weights"]})'
    cells = (
        f'[{model["Name"]}](../{model["Config"]})',
        model['Results'][0]['Dataset'],
        *(metrics.get(name, '-') for name in METRICS),
        meta['Epochs'],
        weights,
    )
    return f'| {" | ".join(map(str, cells))} |'


def _hash(model: dict) -> str:
    """Start of the file's hash, which ends its name."""
    return model['Weights'].removesuffix('.pth').rsplit('-', 1)[-1]
