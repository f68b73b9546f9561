"""Export of a whole detector: image in, detections out."""
