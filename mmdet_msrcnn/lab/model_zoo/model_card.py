"""The model card of a published checkpoint, in Markdown."""

from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.lab.model_zoo.entry import inner_data_set
from mmdet_msrcnn.lab.model_zoo.publish import strip_paths
from mmdet_msrcnn.registry import MODELS

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
# By how masks are scored.
KINDS = {
    'product': dict(
        intro=(
            'An instance segmentation model ([Mask Scoring R-CNN]'
            '(https://arxiv.org/abs/1903.00241)) whose masks are ranked by '
            'class score x predicted MaskIoU.'
        ),
        fields='pred.scores, pred.mask_ious, pred.mask_scores, pred.masks',
        limit=(
            'The predicted MaskIoU is learned on positive proposals: for '
            'false positives and poor masks it is too high.'
        ),
    ),
    'learned': dict(
        intro=(
            'An instance segmentation model ([Mask Scoring R-CNN]'
            '(https://arxiv.org/abs/1903.00241) with a mask score that is '
            'learned on its detections) whose masks are ranked by how likely '
            'each is a true positive.'
        ),
        fields='pred.scores, pred.mask_ious, pred.mask_scores, pred.masks',
        limit=(
            'The mask score is no product of the other two, and is made for '
            "the config's box NMS and score_thr: do not change them."
        ),
    ),
    'none': dict(
        intro=(
            'An instance segmentation model ([Mask R-CNN]'
            '(https://arxiv.org/abs/1703.06870)), a twin of Mask Scoring '
            'R-CNN without mask scores.'
        ),
        fields='pred.scores, pred.bboxes, pred.masks',
        limit='Masks are ranked by the class score.',
    ),
}
CARD = """# {name}

{intro}

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

AP at {max_dets:.0f} detections per image, in percent. By oracle: class score
x true MaskIoU.

| | |
|---|---|
{metrics}

## Using it

```bash
sha256sum {file}  # must be the one above
```

```python
from mmdet.apis import inference_detector, init_detector
import mmdet_msrcnn

model = init_detector('{name}.py', '{file}', device='cpu')
pred = inference_detector(model, 'image.jpg').pred_instances
{fields}
```

The file loads with `weights_only=True`.

## Limits

It knows the classes above alone, in images like those of its data. {limit}
The metrics are those of one training.

## Licence

Weights: {licence}. The images have licences of their own.

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


def kind_of(cfg: Config, row: dict) -> str:
    """How a model scores masks.

    Args:
        cfg (:obj:`Config`): Config of the model.
        row (dict): Its figures in a report.

    Returns:
        str: A key of ``KINDS``.
    """
    if 'mask_score' not in row:
        return 'none'
    head = MODELS.get(cfg.model.roi_head.mask_iou_head.type)
    return 'learned' if 'mask_scores' in head.predicts else 'product'


def _recipe(cfg: Config, meta: dict, entry: dict) -> dict[str, object]:
    """What the training was, as far as config and checkpoint tell."""
    optimizer = cfg.optim_wrapper.optimizer
    start = cfg.get('load_from')
    recipe = {
        'starts from': Path(start).name if start else None,
        'epochs': entry['Metadata'].get('Epochs'),
        'iterations': entry['Metadata'].get('Iterations'),
        'batch per process': cfg.train_dataloader.get('batch_size'),
        'optimizer': f'{optimizer.type}, learning rate {optimizer.lr}',
        'seed': meta.get('seed'),
        'mmengine': meta.get('mmengine_version'),
        'mmdet_msrcnn': meta.get('mmdet_msrcnn_version'),
    }
    return {key: value for key, value in recipe.items() if value is not None}


def _source(dataset: dict) -> str:
    """Where a data set's annotations are."""
    dataset = strip_paths(inner_data_set(dataset))
    return f'{dataset.get("data_root") or ""}{dataset.get("ann_file", "?")}'


def model_card(
    cfg: Config, meta: dict, entry: dict, row: dict, file: str, licence: str
) -> str:
    """Write the card of a model.

    Args:
        cfg (Config): Config of the model.
        meta (dict): Of the published checkpoint.
        entry (dict): From :func:`model_entry`.
        row (dict): From :func:`read_report`.
        file (str): Name of the published file.
        licence (str): Licence of the weights.

    Returns:
        str: Markdown.
    """
    classes = meta['dataset_meta']['classes']
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
        recipe=_table(_recipe(cfg, meta, entry)),
        max_dets=row['max_dets'],
        metrics=_table(
            {
                heading: f'{row[key] * factor:.{decimals}f}'
                for heading, key, factor, decimals in FIGURES
                if key in row
            }
        ),
        licence=licence,
        **KINDS[kind_of(cfg, row)],
    )
