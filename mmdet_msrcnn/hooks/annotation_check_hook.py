"""Hook that checks all annotation files before the first step."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmcv.transforms import LoadImageFromFile
from mmdet.datasets import (
    CocoDataset,
    CocoPanopticDataset,
    LVISV05Dataset,
    LVISV1Dataset,
)
from mmdet.registry import DATASETS
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from mmdet_msrcnn.datasets.check_file import check_file, errors_of
from mmdet_msrcnn.datasets.findings import lines_of
from mmdet_msrcnn.datasets.image_checks import DEFAULT_LOADING, Loading
from mmdet_msrcnn.datasets.use import Use
from mmdet_msrcnn.evaluation.tables import MASK_METRICS
from mmdet_msrcnn.registry import HOOKS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks
from mmdet_msrcnn.utils.data_sets import inner_data_sets

# Data sets whose files have another layout.
OTHERS = (CocoPanopticDataset, LVISV05Dataset, LVISV1Dataset)


class CocoFile(NamedTuple):
    """An annotation file that a run reads.

    Attributes:
        path (Path): The file.
        folder (Path | None): Folder of its images; None if it is not a local
            folder, or the pipeline does not read images with
            ``LoadImageFromFile``.
        use (Use): How the run uses the file.
        loading (Loading): How its pipeline reads images.
        img_ids (frozenset): Images that the run reads.
    """

    path: Path
    folder: Path | None
    use: Use
    loading: Loading
    img_ids: frozenset


@HOOKS.register_module()
class AnnotationCheckHook(Hook):
    """Hook that checks annotation files before the first step.

    The hook checks training, validation and test files. It finds errors that
    otherwise appear only in the first validation, sizes that differ from the
    images, and categories in another order. Only local files in COCO's layout
    are checked.

    Args:
        check_images (bool): Read the headers of the image files too. Defaults
            to True; False helps if opening files is slow.
    """

    def __init__(self, check_images: bool = True) -> None:
        self.check_images = check_images

    def before_run(self, runner: Runner) -> None:
        """Check the files on one rank.

        Args:
            runner (Runner): Runner of the training or test.

        Raises:
            ValueError: On all ranks, if a file has an error.
        """
        error: Exception | None = None
        if is_main_process():
            # Catch every error, because the other ranks are waiting.
            try:
                files = list(dict.fromkeys(coco_files(runner)))
                read = {file.path for file in files if file.img_ids}
                messages = [
                    self._check(runner, file)
                    for file in files
                    # The test set is often the validation set.
                    if file.img_ids or file.path not in read
                ]
                if any(messages):
                    error = ValueError('\n'.join(filter(None, messages)))
            except Exception as failure:
                runner.logger.exception('The check of annotations failed')
                error = RuntimeError(
                    'Annotation files could not be checked: '
                    f'{type(failure).__name__}: {failure}'
                )
        raise_on_all_ranks(error)

    def _check(self, runner: Runner, file: CocoFile) -> str | None:
        """Log the findings and return the errors."""
        start = time.monotonic()
        folder = file.folder if self.check_images else None
        findings = check_file(file.path, folder, *file[2:])
        seconds = time.monotonic() - start
        images = '' if folder else ', without its images'
        runner.logger.info(f'Checked {file.path}{images} in {seconds:.1f} s')
        lines = lines_of(f for f in findings if f.level != 'error')
        if lines:
            runner.logger.warning('\n'.join([f'{file.path}:', *lines]))
        return errors_of(file.path, findings, folder)


def coco_files(runner: Runner) -> Iterator[CocoFile]:
    """List the annotation files that a run and its later test read.

    Args:
        runner (Runner): Runner of the training or test.

    Yields:
        CocoFile: Each existing file of a data set in COCO's layout.
    """
    train = runner._train_loop
    if isinstance(train, BaseLoop):
        yield from _files_of(train.dataloader.dataset, trained=True)
    for loop in (runner._val_loop, runner._test_loop):
        if isinstance(loop, BaseLoop):
            metrics = getattr(loop.evaluator, 'metrics', [])
            masks = any(MASK_METRICS & {*_kinds(m)} for m in metrics)
            yield from _files_of(loop.dataloader.dataset, masks=masks)
    test = runner._test_dataloader
    if isinstance(train, BaseLoop) and isinstance(test, dict):
        yield from _files_of_config(test['dataset'])


def _files_of_config(test: dict | Dataset) -> Iterator[CocoFile]:
    """List the test set's files; training reads none of its images."""
    if not isinstance(test, dict):
        return
    for cfg in inner_data_sets(test):
        if _is_coco(DATASETS.get(cfg['type'])):
            dataset = DATASETS.build(dict(cfg, lazy_init=True))
            for file in _files_of(dataset):
                yield file._replace(folder=None)


def _kinds(metric: BaseMetric) -> list[str]:
    """Return what a metric evaluates; masks if it does not say so."""
    return getattr(metric, 'metrics', ['segm'])


def _is_coco(cls: type) -> bool:
    return issubclass(cls, CocoDataset) and not issubclass(cls, OTHERS)


def _files_of(
    dataset: Any, trained: bool = False, masks: bool = True
) -> Iterator[CocoFile]:
    """List the files of a data set, also inside wrappers (RepeatDataset)."""
    for inner in getattr(dataset, 'datasets', ()):
        yield from _files_of(inner, trained, masks)
    if hasattr(dataset, 'dataset'):
        yield from _files_of(dataset.dataset, trained, masks)
    if _is_coco(type(dataset)) and Path(dataset.ann_file).is_file():
        transforms = dataset.pipeline.transforms
        if trained:
            masks = any(getattr(t, 'with_mask', False) for t in transforms)
        use = Use(
            tuple(dataset.metainfo['classes']),
            trained,
            masks,
            any(getattr(t, 'poly2mask', True) is False for t in transforms),
        )
        img_ids: frozenset = frozenset()
        if dataset._fully_initialized:
            infos = map(dataset.get_data_info, range(len(dataset)))
            img_ids = frozenset(info['img_id'] for info in infos)
        path, (folder, loading) = Path(dataset.ann_file), _images_of(dataset)
        yield CocoFile(path, folder, use, loading, img_ids)


def _images_of(dataset: CocoDataset) -> tuple[Path | None, Loading]:
    """Return where and how a data set reads its images."""
    folder = str(dataset.data_prefix.get('img') or '')
    for transform in dataset.pipeline.transforms:
        # Other transforms may read files that are not images.
        if type(transform) is LoadImageFromFile:
            backend = transform.backend_args or transform.file_client_args
            name = (backend or {}).get('backend', 'local')
            if name not in ('local', 'disk') or '://' in folder:
                break
            loading = Loading(transform.color_type, transform.imdecode_backend)
            return Path(folder), loading
    return None, DEFAULT_LOADING
