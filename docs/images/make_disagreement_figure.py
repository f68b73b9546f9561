"""Draw the figure of class score against mask score in the README.

    python docs/images/make_disagreement_figure.py RESULTS ANN_FILE IMG_DIR

RESULTS is the ``results.mask_scores.json`` of a run on the animals
(docs/photos.md).
"""

import argparse
import json
from pathlib import Path

from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.disagreement import choose_pair, draw_pair
from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument('results', type=Path)
parser.add_argument('ann_file', type=Path)
parser.add_argument('img_dir', type=Path)
args = parser.parse_args()
saved = json.loads(args.results.read_text())
with silence():
    coco = COCO(str(args.ann_file))
detections = MaskEvaluation(
    coco,
    saved['detections'],
    *(saved[key] for key in ('cat_ids', 'img_ids', 'max_dets', 'iou_thrs')),
).detections
pair = choose_pair(detections)
path = Path(__file__).with_name('animals_disagreement.jpg')
draw_pair(coco, pair, args.img_dir, path)
print(coco.imgs[pair[0]['image_id']]['file_name'], path)
