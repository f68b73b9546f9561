"""Inferencer whose results include mask scores."""

import os
import warnings
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import mmcv
import numpy as np
from mmdet.apis import DetInferencer
from mmdet.registry import DATASETS
from mmdet.structures import DetDataSample
from mmdet.utils import ConfigType
from mmengine.config import Config
from torch import nn

import mmdet_msrcnn
from mmdet_msrcnn.checkpoints.fit import check_loaded, few, shapes_of
from mmdet_msrcnn.models.checks import check_choice
from mmdet_msrcnn.models.detectors.scorer_checks import (
    check_ranking,
    has_scorer,
)
from mmdet_msrcnn.utils.image_files import OutputNames, find_images, unreadable
from mmdet_msrcnn.utils.io import atomic_path, write_json
from mmdet_msrcnn.utils.metafile import find_model
from mmdet_msrcnn.utils.score_thresholds import check_classes, samples_above

AUTO = 'auto'


class MaskScoringInferencer(DetInferencer):
    """mmdet's DetInferencer with ``mask_scores`` and ``mask_ious`` added.

    mmdet's DetInferencer writes only four fields of a prediction, detects with
    random heads if a checkpoint does not fit, accepts only names of its own
    models, and overwrites outputs of images with the same name. Here model
    names of this package come first, a checkpoint must fit, a folder is read
    with its subfolders, and every image has its own outputs (see
    :class:`OutputNames`).

    Attributes:
        score_thresholds (dict | None): From :func:`read_thresholds`, or of
            the checkpoint; for ``pred_score_thr='auto'``.
    """

    score_thresholds: dict[str, dict[str, float]] | None = None

    def __init__(self, *args, **kwargs) -> None:
        # By folder, because names in other folders do not collide.
        self._pred_names: dict[str, OutputNames] = defaultdict(OutputNames)
        self._vis_names: dict[str, OutputNames] = defaultdict(
            partial(OutputNames, suffix=True)
        )
        super().__init__(*args, **kwargs)

    def _load_model_from_metafile(self, model: str) -> tuple[Config, str]:
        """Look up a model by name, in this package and then in mmdet.

        Raises:
            ValueError: If neither has it.
        """
        if '::' in model:
            raise ValueError(
                f'{model!r}: mmengine cannot find configs of mmdet_msrcnn by '
                '"::". Use the name of a model in docs/model_zoo.md, or the '
                'path of a config.'
            )
        folder = self._get_repo_or_mim_dir(mmdet_msrcnn.__name__)
        entry = find_model(Path(folder), model)
        if entry is None:
            try:
                return super()._load_model_from_metafile(model)
            except ValueError:
                raise ValueError(
                    f'Cannot find model: {model} in mmdet_msrcnn or mmdet. '
                    'docs/model_zoo.md lists the models with weights. For '
                    'others, use the path of the config and of the weights.'
                ) from None
        config = Config.fromfile(os.path.join(folder, entry['Config']))
        return config, entry['Weights']

    def _init_pipeline(self, cfg: ConfigType) -> Callable:
        """Build the pipeline; its errors name the image."""
        pipeline = super()._init_pipeline(cfg)

        def named(image: str | np.ndarray | dict) -> dict:
            try:
                return pipeline(image)
            except Exception as error:
                # OpenCV and the file backends raise exceptions of any type.
                if not isinstance(image, str):
                    raise
                raise ValueError(unreadable(image, error)) from error

        return named

    def _inputs_to_list(self, inputs: str | np.ndarray | list) -> list:
        """List the images of a folder and its subfolders.

        Raises:
            ValueError: If there are no images.
        """
        if not isinstance(inputs, str) or not os.path.isdir(inputs):
            return super()._inputs_to_list(inputs)
        images, others = find_images(Path(inputs))
        if not images:
            raise ValueError(f'{inputs} contains no image')
        if others:
            warnings.warn(
                f'Skipped files without an image suffix: '
                f'{few(list(map(str, others)))}',
                stacklevel=3,
            )
        return list(map(str, images))

    def _load_weights_to_model(
        self, model: nn.Module, checkpoint: dict | None, cfg: ConfigType | None
    ) -> None:
        """Refuse a checkpoint that does not fully fit the model.

        Raises:
            TypeError: If the MaskIoU head is mmdet's, which overwrites the
                class scores with the mask scores.
            ValueError: If it does not fit, or ``rank_by`` needs mask scores.
        """
        check_ranking(model)
        if checkpoint is not None:
            state_dict = checkpoint.get('state_dict', checkpoint)
            check_loaded(shapes_of(state_dict), shapes_of(model.state_dict()))
            meta = dict(checkpoint.get('meta') or {})
            self.score_thresholds = meta.get('score_thresholds')
            if cfg and not meta.keys() & {'dataset_meta', 'CLASSES'}:
                # Otherwise mmdet would use the names of COCO.
                dataset = dict(cfg.test_dataloader.dataset, lazy_init=True)
                meta['dataset_meta'] = DATASETS.build(dataset).metainfo
            checkpoint = dict(state_dict=state_dict, meta=meta)
        super()._load_weights_to_model(model, checkpoint, cfg)

    def pred2dict(
        self, data_sample: DetDataSample, pred_out_dir: str = ''
    ) -> dict:
        """Convert one prediction to a dict for JSON.

        Args:
            data_sample (:obj:`DetDataSample`): Prediction of one image.
            pred_out_dir (str): Folder to write ``preds/NAME.json`` into; no
                file is written if empty. Defaults to ''.

        Returns:
            dict: ``labels``, ``scores``, ``bboxes``, ``masks`` (RLE), and for
            a mask-scoring model ``mask_scores`` and ``mask_ious``; lists of
            equal length. ``scores`` are the class scores; with
            ``rank_by='mask_score'`` the mask scores, and ``class_scores`` is
            added.
        """
        result = super().pred2dict(data_sample)
        for field in ('mask_scores', 'mask_ious', 'class_scores'):
            if field in data_sample.pred_instances:
                values = data_sample.pred_instances[field]
                result[field] = values.cpu().tolist()
        if pred_out_dir:
            # Arrays have no path.
            source = (
                data_sample.get('img_path') or f'{self.num_predicted_imgs}'
            )
            self.num_predicted_imgs += 1
            name = self._pred_names[str(pred_out_dir)].name(source)
            write_json(Path(pred_out_dir, 'preds', f'{name}.json'), result)
        return result

    def visualize(
        self,
        inputs: list[str | np.ndarray],
        preds: list[DetDataSample],
        return_vis: bool = False,
        pred_score_thr: float | str = 0.3,
        no_save_vis: bool = False,
        img_out_dir: str = '',
        **kwargs,
    ) -> list[np.ndarray] | None:
        """Draw predictions as mmdet does, each into its own file.

        Args:
            inputs (list[str | ndarray]): Images.
            preds (list[:obj:`DetDataSample`]): Their predictions.
            return_vis (bool): Return the pictures. Defaults to False.
            pred_score_thr (float | str): Lowest ``scores`` to draw, or
                ``'auto'``: draw by :attr:`score_thresholds`. Defaults to 0.3.
            no_save_vis (bool): Do not write them. Defaults to False.
            img_out_dir (str): Folder to write ``vis/NAME`` into; no file is
                written if empty. Defaults to ''.
            **kwargs: See mmdet's ``visualize``.

        Returns:
            list[ndarray] | None: RGB pictures, shape (H, W, 3), if requested.

        Raises:
            ValueError: If ``pred_score_thr`` is neither a number nor
                ``'auto'``, or there are no thresholds.
        """
        if isinstance(pred_score_thr, str):
            check_choice('pred_score_thr', pred_score_thr, [AUTO])
            classes = self.visualizer.dataset_meta['classes']
            preds = samples_above(preds, self.score_thresholds or {}, classes)
            pred_score_thr = -1.0
        save = bool(img_out_dir) and not no_save_vis
        first = self.num_visualized_imgs
        pictures = super().visualize(
            inputs,
            preds,
            return_vis=return_vis or save,
            pred_score_thr=pred_score_thr,
            **kwargs,
        )
        if save:
            for i, (source, picture) in enumerate(
                zip(inputs, pictures, strict=True), first
            ):
                if not isinstance(source, str):
                    source = f'{i:08d}.jpg'
                name = self._vis_names[str(img_out_dir)].name(source)
                path = Path(img_out_dir, 'vis', name)
                with atomic_path(path) as temporary:
                    mmcv.imwrite(picture[..., ::-1], str(temporary))
        return pictures if return_vis else None

    def check_thresholds(self, pred_score_thr: str) -> str:
        """Check that there are thresholds for ``pred_score_thr='auto'``.

        Returns:
            str: The ranking that they are of, such as ``mask_score``.

        Raises:
            ValueError: If not, or ``pred_score_thr`` is another text.
        """
        check_choice('pred_score_thr', pred_score_thr, [AUTO])
        ranking = 'mask_score' if has_scorer(self.model) else 'class_score'
        classes = self.visualizer.dataset_meta['classes']
        check_classes(self.score_thresholds, classes, ranking)
        return ranking
