"""The model card of a published checkpoint, in Markdown."""

from mmengine.config import Config

# Heading, figure of the report, factor, decimals.
FIGURES = (
    ('box AP', 'box AP', 100, 1),
    ('mask AP by class score', 'class_score', 100, 1),
    ('mask AP by mask score', 'mask_score', 100, 1),
    ('mask AP by oracle', 'oracle', 100, 1),
    ('share of the possible gain, %', 'share', 100, 1),
    ('Pearson r of predicted and true MaskIoU', 'pearson', 1, 3),
    ('mean absolute error of the predicted MaskIoU', 'mae', 1, 3),
)
CARD = """# {name}

Mask Scoring R-CNN ([paper](https://arxiv.org/abs/1903.00241)), an instance
segmentation model whose masks are ranked by class score x predicted MaskIoU.

| file | SHA-256 |
|---|---|
| `{file}` | `{digest}` |

## Data

{data}: trained on `{train}`, evaluated on `{val}`. {num} classes: {classes}.

## Recipe

| | |
|---|---|
{recipe}

The whole config is beside this card, and in the checkpoint's `meta['cfg']`.

## Metrics

AP at {max_dets} detections per image, in percent. By oracle: class score x
true MaskIoU.

| | |
|---|---|
{metrics}

## Using it

```python
from mmdet.apis import inference_detector, init_detector
import mmdet_msrcnn

model = init_detector('{name}.py', '{file}', device='cpu')
pred = inference_detector(model, 'image.jpg').pred_instances
pred.scores, pred.mask_ious, pred.mask_scores
```

The file loads with `weights_only=True`. Check its hash before that.

## Limits

It knows the classes above alone, in images like those of its data. The
predicted MaskIoU is learned on positive proposals: for false positives and
poor masks it is too high. The metrics are those of one training.

## Licence

Code and weights: Apache-2.0. The images have licences of their own.

## Citation

```bibtex
@inproceedings{{huang2019mask,
  title={{Mask Scoring {{R-CNN}}}},
  author={{Huang, Zhaojin and Huang, Lichao and Gong, Yongchao and
          Huang, Chang and Wang, Xinggang}},
  booktitle={{CVPR}},
  year={{2019}}
}}
```
"""


def _table(rows: dict[str, object]) -> str:
    return '\n'.join(f'| {key} | {value} |' for key, value in rows.items())


def _recipe(cfg: Config, meta: dict) -> dict[str, object]:
    """What the training was, as far as the config tells."""
    optimizer = cfg.optim_wrapper.optimizer
    recipe = {
        'epochs': meta.get('epoch', cfg.train_cfg.max_epochs),
        'batch per process': cfg.train_dataloader.batch_size,
        'optimizer': f'{optimizer.type}, learning rate {optimizer.lr}',
        'seed': meta.get('seed'),
        'mmengine': meta.get('mmengine_version'),
        'mmdet_msrcnn': meta.get('mmdet_msrcnn_version'),
    }
    return {key: value for key, value in recipe.items() if value is not None}


def _source(dataset: dict) -> str:
    """Where a data set's annotations are; RepeatDataset wraps another."""
    while 'ann_file' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    root, ann_file = dataset.get('data_root'), dataset.get('ann_file')
    return f'{root or ""}{ann_file or "?"}'


def model_card(
    cfg: Config, meta: dict, entry: dict, row: dict, file: str
) -> str:
    """Write the card of a model.

    Args:
        cfg (Config): Config of the model, without absolute paths.
        meta (dict): Of the published checkpoint.
        entry (dict): From :func:`model_entry`.
        row (dict): From :func:`read_report`.
        file (str): Name of the published file.

    Returns:
        str: Markdown.
    """
    classes = meta.get('dataset_meta', {}).get('classes', ())
    shown = ', '.join(classes[:20]) + (', ...' if len(classes) > 20 else '')
    return CARD.format(
        name=entry['Name'],
        file=file,
        digest=entry['Metadata']['SHA256'],
        data=entry['Results'][0]['Dataset'],
        train=_source(cfg.train_dataloader.dataset),
        val=_source(cfg.test_dataloader.dataset),
        num=len(classes),
        classes=shown,
        recipe=_table(_recipe(cfg, meta)),
        max_dets=row['max_dets'],
        metrics=_table(
            {
                heading: f'{row[key] * factor:.{decimals}f}'
                for heading, key, factor, decimals in FIGURES
                if key in row
            }
        ),
    )
