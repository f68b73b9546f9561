"""Mask scores compared on training images that are held back."""

from pathlib import Path

import numpy as np
import torch
from mmdet.models.detectors.base import BaseDetector
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.logging import MMLogger
from pycocotools.coco import COCO

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation.functional import mean_precision, share_of_gain
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.lab.benchmarks.table import Column, to_markdown
from mmdet_msrcnn.lab.screening.detections import find_detections
from mmdet_msrcnn.lab.screening.variants import VARIANTS, rank, train_head
from mmdet_msrcnn.models import MaskScoreHead
from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.data_sets import inner_data_set

COLUMNS = (
    Column('ranked by', 'variant'),
    Column('mask AP, held back', 'ap', 2, 100),
    Column('share of the gain, %', 'share', 1, 100),
    Column('± over seeds', 'deviation', 1, 100),
)


def load_model(config: Path, cfg: Config, checkpoint: Path) -> BaseDetector:
    """Build the frozen detector of a config and load its weights."""
    weights = read_checkpoint(checkpoint)
    # Otherwise each head logs its initialization.
    MMLogger.get_current_instance().setLevel('WARNING')
    # This detector refuses a checkpoint of another model.
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    model = build_detector(cfg).eval()
    head = model.roi_head.mask_iou_head
    if not isinstance(head, MaskScoreHead):
        raise ValueError(
            f'{config} has a {type(head).__name__}, which is not trained '
            'on detections. Use a config such as those in '
            'configs/ms_rcnn_plus.'
        )
    model.load_state_dict(weights.get('state_dict', weights), strict=False)
    return model


def load_dataset(cfg: Config) -> BaseDataset:
    """Build the training data set with the test pipeline."""
    data = inner_data_set(cfg.train_dataloader.dataset)
    test = inner_data_set(cfg.test_dataloader.dataset)
    data['pipeline'] = test['pipeline']
    return DATASETS.build(data)


def screen(
    config: Path, checkpoint: Path, epochs: int, seeds: int
) -> list[dict]:
    """Train a head for each variant and evaluate it.

    Args:
        config (Path): Config with a MaskScoreHead.
        checkpoint (Path): Checkpoint of the Mask R-CNN.
        epochs (int): Epochs of each head.
        seeds (int): Trainings of each head.

    Returns:
        list[dict]: Rows of ``COLUMNS``, which are also printed.

    Raises:
        ValueError: If config and checkpoint do not fit, or there are too few
            detections.
    """
    cfg = Config.fromfile(config)
    model = load_model(config, cfg, checkpoint)
    dataset = load_dataset(cfg)
    found = find_detections(model, dataset)

    held_back = found.images % 5 == 0
    train, test = (x.nonzero()[:, 0] for x in (~held_back, held_back))
    if len(test) == 0:
        raise ValueError(
            'The model detects nothing in the held-back fifth of the images. '
            'Use the checkpoint of a trained detector.'
        )
    results = [found.results[i] for i in test]
    img_ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    with silence():
        coco = COCO(dataset.ann_file)
    masks = MaskEvaluation(
        coco,
        results,
        dataset.cat_ids,
        img_ids[::5],
        cfg.model.test_cfg.rcnn.max_per_img,
    )

    def ap_by(scores: np.ndarray) -> float:
        ranked = masks.detections
        for det, score in zip(ranked, scores.tolist(), strict=True):
            det['rank'] = score
        return mean_precision(masks.precision_by('rank')[..., 0])

    class_score_ap = ap_by(found.scores[test].numpy())
    oracle_ap = mean_precision(masks.precision_by('oracle_score')[..., 0])
    rows: list[dict] = [
        dict(variant='class score', ap=class_score_ap),
        dict(variant='class score x true MaskIoU', ap=oracle_ap),
    ]
    head_cfg = dict(cfg.model.roi_head.mask_iou_head)
    head_cfg['num_classes'] = cfg.model.roi_head.bbox_head.num_classes
    for name, variant in VARIANTS.items():
        aps = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            changes = dict(fusion=variant.fusion) if variant.fusion else {}
            head = MODELS.build(head_cfg | changes)
            head.init_weights()
            train_head(head, found, train, variant, epochs)
            aps.append(ap_by(rank(head, found, test, variant)))
        shares = [share_of_gain(class_score_ap, ap, oracle_ap) for ap in aps]
        row = dict(variant=name, ap=np.mean(aps), share=np.mean(shares))
        if seeds > 1:
            row['deviation'] = np.std(shares, ddof=1)
        rows.append(row)
        print(to_markdown(COLUMNS, rows[-1:]).splitlines()[-1], flush=True)
    return rows
