from mmdet_msrcnn.datasets.coco_dataset import CocoDataset
from mmdet_msrcnn.datasets.load_annotations import LoadAnnotations
from mmdet_msrcnn.datasets.rle_masks import RleMasks

__all__ = ['CocoDataset', 'LoadAnnotations', 'RleMasks']
