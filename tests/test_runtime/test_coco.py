"""pycocotools reads what is written."""

import json

import numpy as np
from msrcnn_runtime.coco import annotations, data_set
from pycocotools.coco import COCO

from tests.test_runtime.test_detections import dets


def test_pycocotools_reads_the_data_set(tmp_path):
    images = [
        dict(id=i, file_name=f'{name}.png', height=40, width=50)
        for i, name in enumerate('ab', 1)
    ]
    found = annotations(dets(), 1) + annotations(dets(2), 2)
    content = data_set(images, found, ['cat', 'dog'])
    path = tmp_path / 'detections.json'
    path.write_text(json.dumps(content))
    coco = COCO(path)
    assert [image['file_name'] for image in coco.imgs.values()] == [
        'a.png',
        'b.png',
    ]
    assert len(coco.anns) == 5
    first, second = (coco.imgToAnns[i] for i in coco.imgs)
    masks = np.stack([coco.annToMask(ann) for ann in first])
    assert np.array_equal(masks, dets().masks)
    assert [ann['area'] for ann in second] == [64, 64]
    assert len(coco.loadRes(content['annotations']).anns) == 5
    assert coco.loadCats(second[1]['category_id'])[0]['name'] == 'dog'


def test_one_detection():
    found = annotations(dets(), 7)[1]
    assert found.pop('segmentation')['size'] == [40, 50]
    assert found == dict(
        image_id=7,
        category_id=1,
        bbox=[10, 10, 8, 8],
        area=64,
        iscrowd=0,
        score=np.float32(0.6),
        class_score=np.float32(0.7),
        mask_iou=np.float32(0.7),
    )


def test_a_model_that_does_not_score_masks():
    found = dets()
    found.mask_ious = None
    assert 'mask_iou' not in annotations(found, 1)[0]
