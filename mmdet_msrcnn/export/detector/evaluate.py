"""Comparison of an exported detector with the model, on images."""

import json
import os
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose
from mmdet.apis import init_detector
from mmdet.models.detectors.base import BaseDetector
from mmdet.registry import DATASETS
from mmdet.structures import DetDataSample
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmdet_msrcnn.export.detector.agreement import Agreement, agreement
from mmdet_msrcnn.export.detector.metadata import (
    FORMAT,
    digest_of,
    resize_of,
)
from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks


class Evaluation(NamedTuple):
    """Results on a test set.

    Attributes:
        model (dict[str, float]): Metrics of the model.
        exported (dict[str, float]): Metrics of the exported detector.
        agreement (Agreement): Sums over all images.
    """

    model: dict[str, float]
    exported: dict[str, float]
    agreement: Agreement


def load_image(cfg: Config, image: str | os.PathLike) -> dict:
    """Load an image by the test pipeline of a config.

    Args:
        cfg (:obj:`Config`): Whole config.
        image (str or PathLike): Image file.

    Returns:
        dict: ``inputs`` of shape (3, H, W) and ``data_samples``.

    Raises:
        ValueError: If the file is not an image.
    """
    # A pipeline of the root registry would be mmcv's.
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    pipeline = Compose(get_test_pipeline_cfg(cfg))
    try:
        return pipeline(dict(img_path=str(image), img_id=0))
    except (AssertionError, cv2.error) as error:
        # The ways of mmcv and OpenCV to say so
        raise ValueError(f'{image} is not an image: {error}') from error


def as_input(data: dict) -> np.ndarray:
    """Convert an image of :func:`load_image` to the input of the file."""
    return data['inputs'][None].numpy().astype(np.float32)


def image_agreement(
    session: Any,
    config: str | os.PathLike,
    checkpoint: str | os.PathLike,
    image: str | os.PathLike,
) -> Agreement:
    """Compare an exported detector with the model on an image, on the CPU.

    Args:
        session (onnxruntime.InferenceSession): The exported detector.
        config (str or PathLike): Config of the model.
        checkpoint (str or PathLike): Its checkpoint.
        image (str or PathLike): Image file.

    Returns:
        Agreement: Numbers of detections.
    """
    model = init_detector(str(config), str(checkpoint), device='cpu')
    data = load_image(model.cfg, image)
    found = run_exported(session, data).pred_instances
    return agreement(found, run_model(model, data).pred_instances)


def evaluate(
    session: Any, config: str | os.PathLike, checkpoint: str | os.PathLike
) -> Evaluation:
    """Run a model and its exported file on the test set of a config.

    Args:
        session (onnxruntime.InferenceSession): The exported detector.
        config (str or PathLike): Config of the model.
        checkpoint (str or PathLike): Its checkpoint.

    Returns:
        Evaluation: Metrics of ``test_evaluator``, and the agreement.

    Raises:
        ValueError: If the file is no exported detector, or of another
            checkpoint, other thresholds or another size of images.
    """
    if described(session, 'checkpoint_sha256') != digest_of(checkpoint):
        raise ValueError(
            f'the ONNX file was not exported from {checkpoint}: its '
            'checkpoint_sha256 differs'
        )
    model = init_detector(str(config), str(checkpoint), device='cpu')
    check_test_cfg(session, model.test_cfg)
    check_resize(session, model.cfg)
    dataset = DATASETS.build(model.cfg.test_dataloader.dataset)
    evaluators = [Evaluator(model.cfg.test_evaluator) for _ in range(2)]
    total = np.zeros(len(Agreement._fields), int)
    for index in range(len(dataset)):
        data = dataset[index]
        samples = run_model(model, data), run_exported(session, data)
        for evaluator, sample in zip(evaluators, samples, strict=True):
            evaluator.dataset_meta = dataset.metainfo
            evaluator.process([sample])
        expected, found = (sample.pred_instances for sample in samples)
        total += agreement(found, expected)
    of_model, of_exported = (e.evaluate(len(dataset)) for e in evaluators)
    return Evaluation(of_model, of_exported, Agreement(*total.tolist()))


def check_test_cfg(session: Any, test_cfg: dict) -> None:
    """Check that a file was exported with the ``test_cfg`` of a config.

    Raises:
        ValueError: If NMS, thresholds or ranking differ.
    """
    given, inside = test_cfg, described(session, 'test_cfg')
    for part in given.keys() | inside.keys():
        expected = json.loads(json.dumps(given.get(part)))
        found = inside.get(part)
        if found != expected:
            raise ValueError(
                f'the ONNX file was exported with model.test_cfg.{part}='
                f'{found}, but the config has {expected}. Export it again.'
            )


def check_resize(session: Any, cfg: Config) -> None:
    """Check that a program that reads the file resizes as the config does.

    Raises:
        ValueError: If it does not.
    """
    expected = json.loads(json.dumps(resize_of(cfg)))
    found = described(session, 'resize')
    if found != expected:
        raise ValueError(
            f'the ONNX file was exported with resize={found}, but the test '
            f'pipeline of the config has {expected}. Export it again.'
        )


@torch.no_grad()
def run_model(model: BaseDetector, data: dict) -> DetDataSample:
    """Run the model on an image of :func:`load_image`."""
    batch = model.data_preprocessor(pseudo_collate([data]))
    (sample,) = model.predict(batch['inputs'], batch['data_samples'])
    return sample


def run_exported(session: Any, data: dict) -> DetDataSample:
    """Run an exported detector on an image of :func:`load_image`."""
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(None, dict(image=as_input(data)))
    values = map(torch.from_numpy, outputs)
    found = dict(zip(names, values, strict=True))
    sample = data['data_samples'].clone()
    boxes = found.pop('boxes')
    boxes /= boxes.new_tensor(sample.scale_factor).repeat(2)
    thr = described(session, 'mask_thr')
    height, width = sample.ori_shape[:2]
    masks = paste_masks(found.pop('mask_probs'), boxes, height, width, thr)
    sample.pred_instances = InstanceData(bboxes=boxes, masks=masks, **found)
    return sample


def described(session: Any, name: str) -> Any:
    """Read a value of the metadata of an exported detector.

    Args:
        session (onnxruntime.InferenceSession): The exported detector.
        name (str): Name of the value, as of
            :func:`~mmdet_msrcnn.export.detector.metadata.metadata`.

    Raises:
        ValueError: If the file is no exported detector, or lacks the value.
    """
    values = session.get_modelmeta().custom_metadata_map
    if values.get('format') != FORMAT or name not in values:
        raise ValueError(
            f'the ONNX file is no detector of this package: {name!r} or '
            f'format={FORMAT!r} is missing from its metadata. Export it with '
            'tools/export_onnx.py --detector.'
        )
    return json.loads(values[name])
