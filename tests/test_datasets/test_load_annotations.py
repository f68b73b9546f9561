"""Both transforms that load annotations give the same masks."""

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS, TRANSFORMS
from mmdet.structures.mask import PolygonMasks
from mmengine.config import Config
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets import LoadAnnotations, RleMasks
from tests.coco_data import (
    annotation,
    ellipses,
    polygon_of,
    rle_of,
    write_coco,
)
from tests.helpers import ROOT, ellipse_masks

MASK = ellipse_masks(1, 64, 96, seed=3)[0]


def uncompressed(mask: np.ndarray) -> dict:
    """Run lengths as a list, as COCO's crowds have them."""
    flat = mask.ravel('F').astype(int)
    ends = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *ends, flat.size]).tolist()
    return dict(size=list(mask.shape), counts=[0] * int(flat[0]) + counts)


KINDS = {
    'rle': ellipses(4, form=rle_of),
    'polygon': ellipses(4, form=polygon_of),
    'two polygons': [
        annotation(MASK, lambda m: polygon_of(m) + polygon_of(m[::-1].copy()))
    ],
    'crowd': [
        *ellipses(2, form=rle_of),
        annotation(MASK, uncompressed, iscrowd=1),
    ],
    'short polygon': [
        *ellipses(2),
        annotation(MASK, lambda m: [[1.0, 2.0, 3.0, 4.0]]),
    ],
    'unfit': [*ellipses(2), annotation(MASK, lambda m: dict(counts=None))],
    'none': [],
}
CROP = dict(type='RandomCrop', crop_size=(30, 40), allow_negative_crop=True)
PIPELINES = {
    'as it is': [],
    'nuclei': [CROP, dict(type='RandomFlip', prob=1.0)],
    'coco': [
        dict(type='Resize', scale=(200, 120), keep_ratio=True),
        dict(type='RandomFlip', prob=1.0, direction='vertical'),
    ],
    'others': [
        dict(type='Resize', scale=(70, 90), keep_ratio=False),
        dict(type='Rotate', prob=1.0, level=5),
        dict(type='Pad', size_divisor=32),
    ],
}


def load(loader: str, folder, ann_file, steps, **kwargs):
    init_default_scope('mmdet')
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            ann_file=str(ann_file),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=['class 1']),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type=loader, with_bbox=True, with_mask=True, **kwargs),
                *steps,
                dict(type='PackDetInputs'),
            ],
        )
    )
    np.random.seed(0)
    return dataset.prepare_data(0)


@pytest.mark.parametrize('pipeline', PIPELINES)
@pytest.mark.parametrize('kind', KINDS)
def test_results_are_those_of_mmdet(tmp_path, kind, pipeline):
    ann_file = write_coco(tmp_path, [KINDS[kind]])
    found, expected = (
        load(loader, tmp_path, ann_file, PIPELINES[pipeline])
        for loader in ('mmdet_msrcnn.LoadAnnotations', 'LoadAnnotations')
    )
    assert torch.equal(found['inputs'], expected['inputs'])
    found, expected = found['data_samples'], expected['data_samples']
    assert found.metainfo.keys() == expected.metainfo.keys()
    for name in ('gt_instances', 'ignored_instances'):
        ours, theirs = found.get(name), expected.get(name)
        assert torch.equal(ours.labels, theirs.labels)
        assert torch.equal(ours.bboxes.tensor, theirs.bboxes.tensor)
        assert len(ours.masks) == len(theirs.masks)
        assert ours.masks.masks.dtype == theirs.masks.masks.dtype
        assert np.array_equal(ours.masks.masks, theirs.masks.masks)


def test_polygons_stay_polygons(tmp_path):
    ann_file = write_coco(tmp_path, [KINDS['polygon']])
    found = load(
        'mmdet_msrcnn.LoadAnnotations', tmp_path, ann_file, [], poly2mask=False
    )
    assert type(found['data_samples'].gt_instances.masks) is PolygonMasks


def test_nuclei_are_loaded_late():
    cfg = Config.fromfile(
        ROOT / 'configs/nuclei/mask-rcnn_r18_fpn_16e_nuclei.py'
    )
    init_default_scope('mmdet')
    for pipeline in (cfg.train_pipeline, cfg.test_pipeline):
        loaders = [s for s in pipeline if 'LoadAnnotations' in s.type]
        assert type(TRANSFORMS.build(loaders[0])) is LoadAnnotations


def test_masks_are_not_decoded_by_the_pipeline(tmp_path):
    ann_file = write_coco(tmp_path, [KINDS['rle']])
    packed = load(
        'mmdet_msrcnn.LoadAnnotations',
        tmp_path,
        ann_file,
        PIPELINES['nuclei'] + PIPELINES['coco'],
    )
    masks = packed['data_samples'].gt_instances.masks
    assert type(masks) is RleMasks
    assert masks._masks is None


@pytest.mark.parametrize('compressed', [True, False])
def test_a_mask_of_another_size_is_refused(compressed):
    rle = mask_utils.encode(np.ones((10, 12), np.uint8, order='F'))
    rle['counts'] = rle['counts'].decode()
    if not compressed:
        rle = dict(size=[10, 12], counts=[0, 120])
    results = dict(
        img_path='a.png',
        ori_shape=(20, 20),
        instances=[dict(mask=rle, ignore_flag=0)],
    )
    transform = LoadAnnotations(with_bbox=False, with_label=False)
    with pytest.raises(ValueError, match=r'a\.png has 20 rows .* \[10, 12\]'):
        transform._load_masks(results)
