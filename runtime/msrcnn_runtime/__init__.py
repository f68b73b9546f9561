"""Runs detectors that mmdet_msrcnn exported to ONNX, without torch."""

from msrcnn_runtime.coco import annotations
from msrcnn_runtime.detections import Detections
from msrcnn_runtime.detector import Detector
from msrcnn_runtime.draw import draw
from msrcnn_runtime.images import read_image

__all__ = ['Detections', 'Detector', 'annotations', 'draw', 'read_image']
