"""Draw mask_iou_target.png: the regions in the target of the MaskIoU head.

Usage: python docs/images/make_mask_iou_target_figure.py
"""

from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch, Rectangle
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmdet.structures.mask import BitmapMasks

from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.interpolation import interpolate_rows
from mmdet_msrcnn.models.targets.mask_iou_target import (
    mask_iou_target,
    sample_axis,
)

OUT = Path(__file__).with_name('mask_iou_target.png')
HEIGHT, WIDTH = 150, 210
BOX = (24.0, 18.0, 136.0, 130.0)
# The index in this list is the value of a pixel in the drawn maps.
REGIONS = [
    ('', '#f2f2f2'),
    ('overlap', '#009e73'),
    ('predicted only', '#f0b030'),
    ('missed inside the box', '#56b4e9'),
    ('missed outside the box', '#d97fb0'),
]
# Positions of the letters of the regions, (x, y) in pixels.
LETTERS = [(92, 75), (38, 92), (128, 30), (149, 72)]


def blob(y, x, center, radius, waves):
    """Compute the signed distance to a wavy disc, positive inside."""
    dy, dx = y - center[0], x - center[1]
    angle = np.arctan2(dy, dx)
    rim = 1 + sum(a * np.cos(k * angle + phase) for k, a, phase in waves)
    return radius * rim - np.hypot(dy, dx)


def make_masks():
    """Make ground truth (1, H, W) and probabilities (1, 28, 28)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    waves = [(1, 0.22, 0.2), (2, 0.2, 0.5), (3, 0.1, 2.2), (5, 0.05, 1.0)]
    truth = blob(y, x, (74, 92), 50, waves) > 0
    x1, y1, x2, y2 = BOX
    cell = (np.arange(28) + 0.5) / 28
    y, x = np.meshgrid(
        y1 + cell * (y2 - y1), x1 + cell * (x2 - x1), indexing='ij'
    )
    waves = [(1, 0.1, 0.4), (2, 0.16, 0.9), (3, 0.1, 3.4)]
    inside = blob(y, x, (77, 85), 49, waves)
    probs = 1 / (1 + np.exp(-inside / 3))
    return (
        torch.from_numpy(truth[None].astype(np.uint8)),
        torch.from_numpy(probs[None]).float(),
    )


def regions(pred, truth, in_box):
    """Map three bool arrays of equal shape to indices of REGIONS."""
    conditions = [
        pred & truth,
        pred & ~truth,
        ~pred & truth & in_box,
        truth & ~in_box,
    ]
    return np.select(conditions, [1, 2, 3, 4])


def sampled_regions(truth, probs, boxes):
    """Make the map at the samples of ``mask_iou_target``; add their steps."""
    x = sample_axis(boxes[:, 0], boxes[:, 2], WIDTH, 28)
    y = sample_axis(boxes[:, 1], boxes[:, 3], HEIGHT, 28)
    columns = interpolate_rows(probs.mT, x.positions)
    resampled = interpolate_rows(columns.mT, y.positions)
    pred = (resampled >= 0.5)[0].numpy()
    sampled = truth[0][y.pixels[0][:, None], x.pixels[0]].bool().numpy()
    everywhere = np.ones_like(pred)
    return regions(pred, sampled, everywhere), x.step.item(), y.step.item()


def draw(ax, values, title):
    """Show a map of regions without interpolation."""
    colours = ListedColormap([colour for _, colour in REGIONS])
    ax.imshow(values, cmap=colours, vmin=0, vmax=4, interpolation='nearest')
    ax.set_title(title, fontsize=11)
    ax.set_xticks([])
    ax.set_yticks([])


def main():
    """Draw the figure and print its numbers."""
    truth, probs = make_masks()
    boxes = torch.tensor([BOX])
    x1, y1, x2, y2 = map(int, BOX)
    in_box = np.zeros((HEIGHT, WIDTH), bool)
    in_box[y1:y2, x1:x2] = True
    pasted, _ = _do_paste_mask(
        probs[:, None], boxes, HEIGHT, WIDTH, skip_empty=False
    )
    pred = (pasted[0] >= 0.5).numpy()
    plane = regions(pred, truth[0].bool().numpy(), in_box)
    samples, step_x, step_y = sampled_regions(truth, probs, boxes)

    areas = np.bincount(plane.ravel(), minlength=5)
    overlap, only, missed, outside = areas[1:].tolist()
    first = torch.zeros(1, dtype=torch.long)
    in_box_truth = truth * torch.from_numpy(in_box)
    naive, target = (
        mask_iou_target(
            probs,
            boxes,
            first,
            pack_gt_masks(BitmapMasks(masks.numpy(), HEIGHT, WIDTH), 'cpu'),
        ).item()
        for masks in (in_box_truth, truth)
    )

    fig, (left, right) = plt.subplots(
        1, 2, figsize=(9, 4.7), width_ratios=(WIDTH, HEIGHT)
    )
    draw(left, plane, 'image plane, in pixels')
    box = Rectangle(
        (x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, lw=2, ec='k'
    )
    left.add_patch(box)
    left.text(x1, y1 - 4, 'proposal box', fontsize=10)
    draw(
        right,
        samples,
        f'{samples.shape[1]} x {samples.shape[0]} samples in the box,\n'
        f'each stands for {step_x:g} x {step_y:g} pixels',
    )
    ticks = np.arange(-0.5, 56)
    right.set_xticks(ticks, minor=True)
    right.set_yticks(ticks, minor=True)
    right.grid(which='minor', color='w', lw=0.5)
    right.tick_params(which='minor', length=0)
    for spine in right.spines.values():
        spine.set_linewidth(2)

    for letter, at in zip('ABCD', LETTERS, strict=True):
        left.text(*at, letter, fontsize=12, ha='center', va='center')
    fig.legend(
        handles=[
            Patch(color=colour, label=f'{letter}  {name}: {area:,} px')
            for letter, (name, colour), area in zip(
                'ABCD', REGIONS[1:], areas[1:].tolist(), strict=True
            )
        ],
        ncols=2,
        loc='upper left',
        bbox_to_anchor=(0, 0.15),
        frameon=False,
        fontsize=10,
        handlelength=1.2,
        columnspacing=1.2,
    )
    fig.text(
        0.99,
        0.025,
        f'inside the box:   A / (A + B + C) = {naive:.2f}\n'
        f'target:   A / (A + B + C + D) = {target:.2f}',
        ha='right',
        fontsize=11,
        linespacing=1.6,
    )
    fig.subplots_adjust(0.01, 0.15, 0.99, 0.9, wspace=0.04)
    fig.savefig(OUT, dpi=200, metadata={'Software': None})

    in_box_union = overlap + only + missed
    print(f'overlap {overlap}, predicted only {only}')
    print(f'ground truth missed inside {missed}, outside {outside} pixels')
    print(f'inside the box: {naive:.4f} sampled')
    print(f'                {overlap / in_box_union:.4f} of the pasted mask')
    print(f'whole instance: {target:.4f} sampled')
    print(
        f'                {overlap / (in_box_union + outside):.4f} '
        'of the pasted mask'
    )


if __name__ == '__main__':
    main()
