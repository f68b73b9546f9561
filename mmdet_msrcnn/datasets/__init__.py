from mmdet_msrcnn.datasets.coco_dataset import CocoDataset

__all__ = ['CocoDataset']
