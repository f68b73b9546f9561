"""One check of all annotation files before the first step."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmdet.datasets import CocoDataset, LVISV05Dataset, LVISV1Dataset
from mmdet.registry import DATASETS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from mmdet_msrcnn.datasets.check_file import check_file, errors_of
from mmdet_msrcnn.datasets.findings import lines_of
from mmdet_msrcnn.registry import HOOKS
from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks
from mmdet_msrcnn.utils.data_sets import inner_data_set

# Their files are of another layout.
OTHERS = (LVISV05Dataset, LVISV1Dataset)


class CocoFile(NamedTuple):
    """An annotation file that a run reads.

    Attributes:
        path (Path): The file.
        folder (Path): Where its images are.
        classes (tuple[str]): Names of the classes of the data set.
        polygons_only (bool): Whether its pipeline ignores run lengths.
    """

    path: Path
    folder: Path
    classes: tuple[str, ...]
    polygons_only: bool


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
        messages = []
        if is_main_process():
            for file in dict.fromkeys(coco_files(runner)):
                message = self._check(runner, file)
                if message:
                    messages.append(message)
        error = ValueError('\n'.join(messages)) if messages else None
        raise_on_all_ranks(error)

    def _check(self, runner: Runner, file: CocoFile) -> str | None:
        """Log what was found; return the errors."""
        start = time.monotonic()
        folder = file.folder if self.check_images else None
        findings = check_file(file.path, folder, *file[2:])
        seconds = time.monotonic() - start
        runner.logger.info(f'Checked {file.path} in {seconds:.1f} s')
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
        cfg = inner_data_set(test['dataset'])
        if 'ann_file' in cfg:
            cfg = dict(cfg, pipeline=[], lazy_init=True)
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
            folder = Path(dataset.data_prefix.get('img') or '')
            classes = tuple(dataset.metainfo['classes'])
            transforms = dataset.pipeline.transforms
            polygons_only = any(
                getattr(transform, 'poly2mask', True) is False
                for transform in transforms
            )
            yield CocoFile(path, folder, classes, polygons_only)
