"""Inferencer whose results carry the mask scores."""

from pathlib import Path

from mmdet.apis import DetInferencer
from mmdet.models.roi_heads.mask_heads import MaskIoUHead as MMDetMaskIoUHead
from mmdet.structures import DetDataSample
from mmdet.utils import ConfigType
from torch import nn

from mmdet_msrcnn.checkpoints.fit import check_loaded, shapes_of
from mmdet_msrcnn.utils.io import write_json


class MaskScoringInferencer(DetInferencer):
    """mmdet's DetInferencer with ``mask_scores`` and ``mask_ious`` added.

    mmdet's own writes four fields of a prediction and drops the others, and
    detects with random heads where a checkpoint does not fit.
    """

    def _load_weights_to_model(
        self, model: nn.Module, checkpoint: dict | None, cfg: ConfigType | None
    ) -> None:
        """Refuse a checkpoint of which the model would use but a part.

        Raises:
            TypeError: If the MaskIoU head is mmdet's, which writes its mask
                scores over the class scores of masks alone.
            ValueError: If the checkpoint does not fit.
        """
        head = getattr(getattr(model, 'roi_head', None), 'mask_iou_head', None)
        if isinstance(head, MMDetMaskIoUHead):
            raise TypeError(
                "The MaskIoU head is mmdet's own, which keeps no mask scores "
                'beside the class scores. Give a config of configs/ms_rcnn; '
                "checkpoints of mmdet's head fit them."
            )
        if checkpoint is not None:
            check_loaded(
                shapes_of(checkpoint.get('state_dict', checkpoint)),
                shapes_of(model.state_dict()),
            )
        super()._load_weights_to_model(model, checkpoint, cfg)

    def pred2dict(
        self, data_sample: DetDataSample, pred_out_dir: str = ''
    ) -> dict:
        """Turn one prediction into a dictionary that JSON can hold.

        Args:
            data_sample (:obj:`DetDataSample`): Prediction of one image.
            pred_out_dir (str): Folder to write ``preds/NAME.json`` into; none
                is written if empty. Defaults to ''.

        Returns:
            dict: ``labels``, ``scores`` (class scores), ``bboxes``, ``masks``
            (RLE), and of a mask-scoring model ``mask_scores`` and
            ``mask_ious``; lists of equal length.
        """
        result = super().pred2dict(data_sample)
        for field in ('mask_scores', 'mask_ious'):
            if field in data_sample.pred_instances:
                values = data_sample.pred_instances[field]
                result[field] = values.cpu().tolist()
        if pred_out_dir:
            name = str(self.num_predicted_imgs)
            self.num_predicted_imgs += 1
            # None of an array.
            if data_sample.get('img_path'):
                name = Path(data_sample.img_path).stem
            write_json(Path(pred_out_dir, 'preds', f'{name}.json'), result)
        return result
