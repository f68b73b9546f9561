"""Runs detectors that mmdet_msrcnn exported to ONNX, without torch."""

from msrcnn_runtime.detections import Detections
from msrcnn_runtime.detector import Detector

__all__ = ['Detections', 'Detector']
