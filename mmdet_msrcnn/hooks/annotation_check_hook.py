"""One check of all annotation files before the first step."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmcv.transforms import LoadImageFromFile
from mmdet.datasets import (
    CocoDataset,
    CocoPanopticDataset,
    LVISV05Dataset,
    LVISV1Dataset,
)
from mmdet.registry import DATASETS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from mmdet_msrcnn.datasets.check_file import check_file, errors_of
from mmdet_msrcnn.datasets.findings import lines_of
from mmdet_msrcnn.datasets.image_checks import DEFAULT_LOADING, Loading
from mmdet_msrcnn.registry import HOOKS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks
from mmdet_msrcnn.utils.data_sets import inner_data_sets

# Their files are of another layout.
OTHERS = (CocoPanopticDataset, LVISV05Dataset, LVISV1Dataset)


class CocoFile(NamedTuple):
    """An annotation file that a run reads.

    Attributes:
        path (Path): The file.
        folder (Path | None): Where its images are; None if that is no local
            folder, or the pipeline does not read them by
            ``LoadImageFromFile``.
        classes (tuple[str]): Names of the classes of the data set.
        polygons_only (bool): Whether its pipeline ignores run lengths.
        loading (Loading): How its pipeline reads images.
    """

    path: Path
    folder: Path | None
    classes: tuple[str, ...]
    polygons_only: bool
    loading: Loading


@HOOKS.register_module()
class AnnotationCheckHook(Hook):
    """Checks training, validation and test files before the first step.

    What training accepts and the first validation does not is found now, and
    named; so are sizes that are not those of the images, and categories in
    another order. Only local files of the layout of COCO are checked.

    Args:
        check_images (bool): Read the headers of the image files too. Defaults
            to True; False helps where opening files takes long.
    """

    def __init__(self, check_images: bool = True) -> None:
        self.check_images = check_images

    def before_run(self, runner: Runner) -> None:
        """Check the files, on one rank.

        Args:
            runner (Runner): Runner of the training or test.

        Raises:
            ValueError: On all ranks, if a file has an error.
        """
        error = None
        if is_main_process():
            # Whatever fails here, the other ranks are waiting.
            try:
                messages = [
                    self._check(runner, file)
                    for file in dict.fromkeys(coco_files(runner))
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
        """Log what was found; return the errors."""
        start = time.monotonic()
        folder = file.folder if self.check_images else None
        findings = check_file(file.path, folder, *file[2:])
        seconds = time.monotonic() - start
        images = '' if folder else ', without its images'
        runner.logger.info(f'Checked {file.path}{images} in {seconds:.1f} s')
        lines = lines_of(f for f in findings if f.level != 'error')
        if lines:
            runner.logger.warning('\n'.join([f'{file.path}:', *lines]))
        return errors_of(file.path, findings)


def coco_files(runner: Runner) -> Iterator[CocoFile]:
    """List the annotation files that a run reads, and that of its test set.

    Args:
        runner (Runner): Runner of the training or test.

    Yields:
        CocoFile: Of data sets in the layout of COCO whose file is there.
    """
    loops = runner._train_loop, runner._val_loop, runner._test_loop
    for loop in loops:
        if isinstance(loop, BaseLoop):
            yield from _files_of(loop.dataloader.dataset)
    test = runner._test_dataloader
    if isinstance(loops[0], BaseLoop) and isinstance(test, dict):
        # Not built in a training.
        for cfg in inner_data_sets(test['dataset']):
            cfg = dict(cfg, lazy_init=True)
            yield from _files_of(DATASETS.build(cfg))


def _files_of(dataset: Dataset) -> Iterator[CocoFile]:
    """Look into wrappers, such as RepeatDataset."""
    for inner in getattr(dataset, 'datasets', ()):
        yield from _files_of(inner)
    if hasattr(dataset, 'dataset'):
        yield from _files_of(dataset.dataset)
    is_coco = isinstance(dataset, CocoDataset)
    if is_coco and not isinstance(dataset, OTHERS):
        path = Path(dataset.ann_file)
        if path.is_file():
            classes = tuple(dataset.metainfo['classes'])
            polygons_only = any(
                getattr(transform, 'poly2mask', True) is False
                for transform in dataset.pipeline.transforms
            )
            folder, loading = _images_of(dataset)
            yield CocoFile(path, folder, classes, polygons_only, loading)


def _images_of(dataset: CocoDataset) -> tuple[Path | None, Loading]:
    """Find where and how a data set reads its images."""
    folder = str(dataset.data_prefix.get('img') or '')
    for transform in dataset.pipeline.transforms:
        # A transform of another kind may read what is no image.
        if type(transform) is LoadImageFromFile:
            backend = transform.backend_args or transform.file_client_args
            name = (backend or {}).get('backend', 'local')
            if name not in ('local', 'disk') or '://' in folder:
                break
            loading = Loading(transform.color_type, transform.imdecode_backend)
            return Path(folder), loading
    return None, DEFAULT_LOADING
