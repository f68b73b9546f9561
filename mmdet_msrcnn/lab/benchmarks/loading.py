"""Loading of dense images by mmdet's pipeline and by ours."""

import json
from collections import Counter
from functools import partial

import numpy as np
from mmdet.registry import DATASETS
from mmdet.structures.mask import BitmapMasks
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.registry import init_default_scope

from mmdet_msrcnn.lab.benchmarks.memory import peak_memory
from mmdet_msrcnn.lab.benchmarks.scenes import Source
from mmdet_msrcnn.lab.benchmarks.table import DIFFERENCES, Column
from mmdet_msrcnn.lab.benchmarks.timing import compare, means, time_in_turn
from mmdet_msrcnn.utils.coco import class_names

LOADERS = {
    'mmdet': 'mmdet.LoadAnnotations',
    'ours': 'mmdet_msrcnn.LoadAnnotations',
}
FLIP = dict(type='RandomFlip', prob=1.0)
CROP = dict(type='RandomCrop', crop_size=(256, 256), allow_negative_crop=True)
# Transforms, and whether somebody reads the masks.
PIPELINES: dict[str, tuple[list[dict], bool]] = {
    'crop, flip': ([CROP, FLIP], True),
    'flip': ([FLIP], True),
    'resize, flip': (
        [dict(type='Resize', scale=(1333, 800), keep_ratio=True), FLIP],
        True,
    ),
    'test': ([dict(type='Resize', scale_factor=1.0)], False),
}
COLUMNS = (
    Column('pipeline', 'pipeline'),
    Column('instances', 'instances', 0),
    Column('mmdet, ms', 'mmdet', 1, 1e3),
    Column('ours, ms', 'ours', 1, 1e3),
    Column('mmdet / ours', 'ratio', 1),
    Column('mmdet, MB', 'mmdet_bytes', 0, 1e-6),
    Column('ours, MB', 'ours_bytes', 0, 1e-6),
    DIFFERENCES,
)


def densest(source: Source) -> list[int]:
    """Return the ids of the images with most instances, densest first."""
    content = json.loads(source.ann_file.read_text('utf-8'))
    counts = Counter(ann['image_id'] for ann in content['annotations'])
    return [image for image, _ in counts.most_common(source.num)]


def build_data_set(
    source: Source, loader: str, transforms: list[dict]
) -> BaseDataset:
    """Build a data set with a pipeline.

    Args:
        source (Source): Source of the images.
        loader (str): Type of the transform that loads annotations.
        transforms (list[dict]): Transforms between loading and packing.

    Returns:
        BaseDataset: The data set, with the images of :func:`densest` first.
    """
    init_default_scope('mmdet')
    content = json.loads(source.ann_file.read_text('utf-8'))
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            ann_file=str(source.ann_file.absolute()),
            data_prefix=dict(img=str(source.img_dir.absolute())),
            metainfo=dict(classes=class_names(content)),
            serialize_data=False,
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type=loader, with_bbox=True, with_mask=True),
                *transforms,
                dict(type='PackDetInputs'),
            ],
        )
    )
    infos = {info['img_id']: info for info in dataset.data_list}
    dataset.data_list = [infos[image] for image in densest(source)]
    return dataset


def load(dataset: BaseDataset, index: int, read: bool) -> BitmapMasks:
    """Load a batch of one image.

    Args:
        dataset (BaseDataset): Data set.
        index (int): Index of the image.
        read (bool): Whether to read the masks, as training does.

    Returns:
        :obj:`BitmapMasks`: Its masks.
    """
    # Both pipelines crop the same part.
    np.random.seed(0)
    batch = pseudo_collate([dataset.prepare_data(index)])
    (sample,) = batch['data_samples']
    masks = sample.gt_instances.masks
    if read:
        _ = masks.masks
    return masks


def measure_loading(source: Source, repeats: int) -> list[dict]:
    """Time the loading of the densest images, and compare the masks.

    Args:
        source (Source): Images; those with most instances are used.
        repeats (int): Timed calls for each image.

    Returns:
        list[dict]: A row per pipeline: ``pipeline`` (str); ``instances``
        (float) per image; ``mmdet`` and ``ours`` (float), the mean over
        images of the median seconds; ``ratio`` (float); ``mmdet_bytes`` and
        ``ours_bytes`` (float), the peak memory; and ``differences`` (int),
        the number of pixels that differ.
    """
    rows = []
    for name, (transforms, read) in PIPELINES.items():
        sets = {
            way: build_data_set(source, loader, transforms)
            for way, loader in LOADERS.items()
        }
        times, memory, numbers, different = [], [], [], 0
        for index in range(len(sets['ours'].data_list)):
            functions = {
                way: partial(load, dataset, index, read)
                for way, dataset in sets.items()
            }
            memory.append(
                {f'{k}_bytes': peak_memory(f) for k, f in functions.items()}
            )
            times.append(time_in_turn(functions, repeats))
            found, expected = (
                load(sets[way], index, True).masks for way in ('ours', 'mmdet')
            )
            different += int((found != expected).sum())
            numbers.append(len(sets['ours'].data_list[index]['instances']))
        row = dict(compare(times), pipeline=name, differences=different)
        row['instances'] = sum(numbers) / len(numbers)
        if None not in memory[0].values():
            row |= means(memory)  # type: ignore[arg-type]
        rows.append(row)
    return rows
