"""mmdet's Cityscapes metric with the results of this package."""

from types import SimpleNamespace

import torch
from mmdet.evaluation.metrics import cityscapes_metric


def test_the_mask_score_ranks(tmp_path, monkeypatch):
    # cityscapesscripts is not needed to write results, but for two lookups.
    labels = SimpleNamespace(name2label={'car': SimpleNamespace(id=26)})
    monkeypatch.setattr(cityscapes_metric, 'HAS_CITYSCAPESAPI', True)
    monkeypatch.setattr(cityscapes_metric, 'CSLabels', labels, raising=False)
    metric = cityscapes_metric.CityScapesMetric(
        outfile_prefix=str(tmp_path), format_only=True
    )
    metric.dataset_meta = dict(classes=('car',))
    pred = dict(
        labels=torch.zeros(2, dtype=torch.long),
        masks=torch.ones(2, 8, 8, dtype=torch.bool),
        scores=torch.tensor([0.9, 0.8]),
        mask_ious=torch.tensor([0.5, 0.75]),
        mask_scores=torch.tensor([0.45, 0.6]),
    )
    path = 'leftImg8bit/val/frankfurt_leftImg8bit.png'
    metric.process({}, [dict(pred_instances=pred, img_path=path)])
    (result,) = tmp_path.rglob('*_pred.txt')
    lines = result.read_text().splitlines()
    written = [float(line.split()[2]) for line in lines]
    torch.testing.assert_close(torch.tensor(written), pred['mask_scores'])
