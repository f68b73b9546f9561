"""Pairs of detections that class score and mask score order differently."""

from collections import defaultdict
from itertools import permutations
from pathlib import Path

from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.figure_files import saved_figure
from mmdet_msrcnn.analysis.rank_gallery import draw_detection

# Lowest class score and true IoU of a detection to choose. Both masks then
# show an instance, one of them badly.
SCORE_THR, IOU_THR = 0.5, 0.3


def choose_pair(detections: list[dict]) -> tuple[dict, dict]:
    """Choose the pair in which the mask score is right by the most.

    Both detections are of one image and one class. The first has the higher
    class score; the second has the higher mask score and the better mask. The
    pair with the largest difference in true IoU is chosen.

    Args:
        detections (list[dict]): COCO results with ``mask_score`` and
            ``true_iou``.

    Returns:
        tuple[dict, dict]: The detection that the class score prefers, and the
        one that the mask score prefers.

    Raises:
        ValueError: If there is no such pair.
    """
    groups = defaultdict(list)
    for det in detections:
        if det['score'] >= SCORE_THR and det['true_iou'] >= IOU_THR:
            groups[det['image_id'], det['category_id']].append(det)
    pairs = [
        (one, other)
        for group in groups.values()
        for one, other in permutations(group, 2)
        if one['score'] > other['score']
        and one['mask_score'] < other['mask_score']
        and one['true_iou'] < other['true_iou']
    ]
    if not pairs:
        raise ValueError(
            'Class score and mask score do not disagree, with the mask score '
            'right, on any two detections of one image and class with a class '
            f'score of at least {SCORE_THR} and a true IoU of at least '
            f'{IOU_THR}.'
        )
    return max(pairs, key=lambda p: p[1]['true_iou'] - p[0]['true_iou'])


def draw_pair(
    coco: COCO, pair: tuple[dict, dict], img_dir: Path, path: str | Path
) -> None:
    """Draw both detections of a pair side by side.

    The mask is red, the instances of its class are green.

    Args:
        coco (COCO): Ground truth.
        pair (tuple[dict, dict]): From :func:`choose_pair`.
        img_dir (Path): Folder of the images.
        path (str or Path): JPEG or PNG file to write.

    Raises:
        FileNotFoundError: If the image cannot be read.
    """
    with saved_figure(path, (8, 4.3), 100) as figure:
        for i, rank in enumerate(('class', 'mask')):
            det = pair[i]
            axes = figure.add_subplot(1, 2, i + 1)
            axes.imshow(draw_detection(coco, det, img_dir))
            axes.set_axis_off()
            axes.set_title(
                f'first by {rank} score\n'
                f'class score {det["score"]:.2f}, '
                f'mask score {det["mask_score"]:.2f}\n'
                f'true IoU {det["true_iou"]:.2f}',
                fontsize=11,
            )
