"""Page of all models, made from the metafiles."""

from pathlib import Path

from mmdet_msrcnn.utils.markdown import markdown_table
from mmdet_msrcnn.utils.metafile import read_metafile

HEADER = """# Model zoo

This page is generated from the `metafile.yml` of each config folder by
`python tools/model_zoo.py`. Download a model with its config, and check the
file:

```bash
mim download mmdet_msrcnn --config NAME --dest .
sha256sum NAME_*.pth  # must start with the eight digits in the file name
```

Configs without weights have no entry here or in `mim search`, because
`mim download` fails on an entry without weights. Train them with
`tools/train.py`, or with `mim train mmdet_msrcnn CONFIG.py`.

Models on download.openmmlab.com are from mmdet. Their figures are from mmdet
too, which also ranks boxes by the mask score.
"""
METRICS = (
    'box AP',
    'mask AP',
    'mask AP by class score',
    'mask AP by oracle',
)


def zoo_page(configs: Path) -> str:
    """Make the page.

    Args:
        configs (Path): Folder that contains the config folders.

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
    metrics: dict[str, float] = {}
    meta = model['Metadata']
    for result in model['Results']:
        metrics |= result['Metrics']
    weights = model['Weights']
    # The hash at the end of the file name.
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
