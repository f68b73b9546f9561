"""mmdet's data set with errors that name the annotation."""

from pathlib import Path

from mmdet.datasets import CocoDataset as MMDetCocoDataset

from mmdet_msrcnn.datasets.check_file import check_file, errors_of
from mmdet_msrcnn.datasets.use import Use
from mmdet_msrcnn.registry import DATASETS


@DATASETS.register_module()
class CocoDataset(MMDetCocoDataset):
    """mmdet's CocoDataset with errors that name the annotation.

    Arguments are those of mmdet's CocoDataset.
    """

    def load_data_list(self) -> list[dict]:
        """Load the annotations; see mmdet's CocoDataset.

        Returns:
            list[dict]: One dict for each image.

        Raises:
            ValueError: If mmdet cannot read them; names the annotations.
        """
        try:
            return super().load_data_list()
        except Exception as error:
            # mmdet and pycocotools raise many types, such as AssertionError.
            path = Path(self.ann_file)
            if path.is_file():
                # Masks are not read here.
                use = Use(trained=True, masks=False)
                message = errors_of(path, check_file(path, use=use))
                if message:
                    raise ValueError(message) from error
            raise
