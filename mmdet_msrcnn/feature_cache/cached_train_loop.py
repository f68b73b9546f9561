"""Training of a scorer on stored outputs of the frozen detector."""

from pathlib import Path
from typing import Any, cast

import torch
from mmdet.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel, is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed
from torch import Tensor
from torch.utils.data import DataLoader

from mmdet_msrcnn.feature_cache.fill import check_detector, fill
from mmdet_msrcnn.feature_cache.key import (
    annotation_hashes,
    images_hash,
    model_settings,
    plain,
    versions,
    weights_hash,
)
from mmdet_msrcnn.feature_cache.samples import (
    CachedSamples,
    collate,
    from_fields,
)
from mmdet_msrcnn.feature_cache.storage import INDEX, Storage, new_cache
from mmdet_msrcnn.feature_cache.views import random_views, views_of
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.roi_heads.all_positives import max_positives
from mmdet_msrcnn.models.roi_heads.scorer_samples import scorer_loss
from mmdet_msrcnn.registry import LOOPS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks, run_on_main_rank
from mmdet_msrcnn.utils.differences import first_difference
from mmdet_msrcnn.utils.random_state import kept_random_state
from mmdet_msrcnn.utils.samplers import image_sampler


class ScorerTrainer(BaseModel):
    """Model that consists of a scorer alone, to train it.

    Args:
        scorer (BaseMaskScorer): The scorer of a detector.
    """

    def __init__(self, scorer: BaseMaskScorer) -> None:
        super().__init__()
        self.scorer = scorer

    def forward(self, mode: str, **fields: Tensor) -> dict[str, Tensor]:
        """Compute the losses of a batch from its stored fields."""
        return scorer_loss(self.scorer, from_fields(fields))


@LOOPS.register_module()
class CachedTrainLoop(EpochBasedTrainLoop):
    """Training loop for the head of a frozen detector, with a feature cache.

    Before the first epoch, the detector runs once on every training image, and
    on every flipped one if the pipeline flips; or on random views. What the
    scorer trains on is stored: RoI features and masks in half precision, and
    the targets. The epochs then read the cache and run only the scorer. A
    cache that fits is used again, also by other scorers of the same kind.

    The results are those of direct training up to rounding, except that each
    image is computed alone, without the padding of a batch.

    Args:
        runner (Runner): Runner of the training. Its model must be a
            :class:`FrozenDetector`.
        dataloader (dict): Config of the training data.
        cache_dir (str, optional): Folder of the cache, by default
            ``feature_cache`` in the work directory.
        max_gb (float): Limit of its size in GB. Defaults to 8.
        num_views (int, optional): Store as many views of each image, each
            with new random numbers of the pipeline, which may then use any
            transforms. By default, the image as it is, and flipped if the
            pipeline flips.
        **kwargs: Arguments of :class:`EpochBasedTrainLoop`.

    Raises:
        TypeError: If the model is not a frozen detector, or its RoI head or
            sampler cannot be stored.
        ValueError: If the data pipeline uses random numbers other than a
            flip and ``num_views`` is not set; in :meth:`run`, if the cache is
            too large, or is that of another checkpoint, config or data set.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: dict,
        cache_dir: str | None = None,
        max_gb: float = 8.0,
        num_views: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(runner, dataloader, **kwargs)
        self._cfg = dataloader
        self._images = cast(BaseDataset, self.dataloader.dataset)
        data = dataloader['dataset']
        self._views = (
            views_of(data)
            if num_views is None
            else random_views(data, num_views)
        )
        self._folder = Path(
            cache_dir or Path(runner.work_dir, 'feature_cache')
        )
        self._max_gb = max_gb
        model = runner.model
        self._detector = model.module if is_model_wrapper(model) else model
        check_detector(self._detector)
        scorer = self._detector.scorer
        self._max_rois = (
            max_positives(self._detector.roi_head)
            if scorer.trained_on == POSITIVES
            else None
        )
        self._trainer = ScorerTrainer(scorer)

    def run(self) -> torch.nn.Module:
        """Fill the cache if there is none, then train.

        Returns:
            nn.Module: The detector.
        """
        storage = self._open()
        images = CachedSamples(
            storage,
            [view.prob for view in self._views],
            self._max_rois,
            self._images.metainfo,
        )
        self.dataloader: DataLoader = DataLoader(
            images,
            self._cfg['batch_size'],
            sampler=image_sampler(self.dataloader),
            collate_fn=collate,
            drop_last=self._cfg.get('drop_last', False),
        )
        self._trainer = self.runner.wrap_model(
            self.runner.cfg.get('model_wrapper_cfg'),
            self._trainer,
        )
        return super().run()

    def run_iter(self, idx: int, data_batch: dict[str, Tensor]) -> None:
        """Train the scorer on one batch.

        Args:
            idx (int): Index of the batch.
            data_batch (dict[str, Tensor]): Fields of its RoIs.
        """
        hook = self.runner.call_hook
        hook('before_train_iter', batch_idx=idx, data_batch=data_batch)
        outputs = self._trainer.train_step(
            data_batch, optim_wrapper=self.runner.optim_wrapper
        )
        hook(
            'after_train_iter',
            batch_idx=idx,
            data_batch=data_batch,
            outputs=outputs,
        )
        self._iter += 1

    def _open(self) -> Storage:
        """Open the cache; write it if there is none."""
        key, error = {}, None
        try:
            key = self._key()
        except Exception as reason:
            error = reason
        # Nobody waits for a rank that has failed.
        raise_on_all_ranks(error)
        run_on_main_rank(lambda: self._write(key))
        storage = Storage(self._folder)
        differing = first_difference(storage.key, key)
        if differing:
            raise ValueError(
                f'{self._folder} is the feature cache of another training: '
                f'{differing}. Delete it, or set another train_cfg.cache_dir.'
            )
        self.runner.logger.info(
            f'Feature cache: training on {storage.starts[-1]} RoIs of '
            f'{len(storage)} images and views from {self._folder}'
        )
        return storage

    def _write(self, key: dict) -> None:
        """Write the cache if there is none."""
        if (self._folder / INDEX).is_file():
            return
        with (
            kept_random_state(),
            new_cache(self._folder, self._max_gb, key) as writer,
        ):
            # The views do not depend on who fills the cache.
            set_random_seed(0)
            views = [DATASETS.build(v.dataset) for v in self._views]
            workers = self._cfg.get('num_workers', 0)
            fill(writer, self._detector, views, workers)

    def _key(self) -> dict:
        """Describe what decides the content of the cache."""
        return plain(
            dict(
                checkpoint=weights_hash(self._detector),
                model=model_settings(
                    self.runner.cfg.model,
                    self._detector.scorer_name,
                    self._detector.scorer.needs_all_masks,
                ),
                versions=versions(),
                views=[view.dataset for view in self._views],
                annotations=annotation_hashes(self._cfg['dataset']),
                images=images_hash(self._images),
            )
        )
