"""The page of all models, from the metafiles."""

from pathlib import Path

from mmdet_msrcnn.utils.markdown import markdown_table
from mmdet_msrcnn.utils.metafile import read_metafile

HEADER = """# Model zoo

Written from the `metafile.yml` of the config folders by
`python tools/model_zoo.py`. To get a model and its config, and to check it:

```bash
mim download mmdet_msrcnn --config NAME --dest .
sha256sum NAME_*.pth  # starts with the eight digits that end the file's name
```

Configs without weights have no entry, so that `mim search` does not list them:
`mim download` fails on an entry without weights. Train them by the path of
their config, or by `mim train mmdet_msrcnn CONFIG.py`.

Models on download.openmmlab.com are mmdet's, and so are their figures: mmdet
ranks boxes by the mask score too.
"""
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
    contents = {
        path.parent.name: read_metafile(path)
        for path in sorted(configs.glob('*/metafile.yml'))
    }
    parts, empty = [HEADER], []
    for folder, content in contents.items():
        name = content['Collections'][0]['Name']
        title = f'[{name}](../configs/{folder}/README.md)'
        if content['Models']:
            parts += [f'## {title}\n', _table(content['Models'])]
        else:
            empty.append(title)
    parts.append(f'No weights yet: {", ".join(empty)}.\n')
    return '\n'.join(parts)


def _table(models: list[dict]) -> str:
    headings = ('model', 'data', *METRICS, 'training', 'weights')
    return markdown_table(headings, map(_row, models)) + '\n'


def _row(model: dict) -> tuple:
    metrics, meta = {}, model['Metadata']
    for result in model['Results']:
        metrics |= result['Metrics']
    weights = model['Weights']
    # The hash, which ends the name of the file.
    digest = weights.removesuffix('.pth').rsplit('-', 1)[-1]
    links = [f'[{digest}]({weights})']
    if 'SHA256' in meta:
        links.append(f'[card]({weights.removesuffix("pth")}md)')
    lengths = ('Epochs', 'Iterations')
    return (
        f'[{model["Name"]}](../{model["Config"]})',
        model['Results'][0]['Dataset'],
        *(metrics.get(name, '-') for name in METRICS),
        *(f'{meta[key]} {key.lower()}' for key in lengths if key in meta),
        ' · '.join(links),
    )
