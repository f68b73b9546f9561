"""Relations between the detections of an image.

Shape shorthand: K detections of one or more images, N neighbours of each.
"""

import torch
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, grid_sample, pad, relu

NUM_PAIR_FEATURES = 12
NUM_HEADS = 4
# Distances in widths or heights of a box, and logits, beyond which neighbours
# make no difference.
FAR = 4.0
# Weight of the distance between boxes that do not overlap.
NEARNESS = 0.1
# Cells per axis in which masks overlap. 28 would take most of the time of the
# relations.
GRID = 14


def nearest(boxes: Tensor, images: Tensor, num: int) -> tuple[Tensor, Tensor]:
    """Find the detections that overlap most, or else are nearest.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (K, 4).
        images (Tensor): Image of each detection, shape (K, ).
        num (int): Number of neighbours, the detection itself included.

    Returns:
        tuple[Tensor, Tensor]: Indices of the neighbours, and whether there is
        one (bool), both of shape (K, num). Where there is none, the index is
        that of the detection itself.
    """
    centers, sizes = centers_and_sizes(boxes)
    distances = length((centers - centers[:, None]) / sizes[:, None])
    closeness = bbox_overlaps(boxes, boxes) + NEARNESS / (1 + distances)
    closeness = closeness.where(images[:, None] == images, -1)
    # An image can have fewer detections.
    found, inds = pad(closeness, (0, num), value=-1).topk(num, dim=1)
    own = torch.arange(boxes.shape[0], device=boxes.device)[:, None]
    return inds.where(found >= 0, own), found >= 0


def centers_and_sizes(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Compute centres, and sizes of at least 1 pixel, of shapes (K, 2)."""
    sizes = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    return (boxes[:, 2:] + boxes[:, :2]) / 2, sizes


def length(vectors: Tensor) -> Tensor:
    """Compute the length of vectors of shape (..., 2)."""
    # onnxruntime's ReduceL2 gives a wrong shape for no vectors.
    x, y = vectors.unbind(-1)
    return (x.square() + y.square()).sqrt()


def mask_overlaps(boxes: Tensor, masks: Tensor, inds: Tensor) -> Tensor:
    """Compute the mask IoU of detections and their neighbours.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (K, 4).
        masks (Tensor): 0 or 1 within the boxes, float, shape (K, h, w).
        inds (Tensor): Indices of the neighbours, shape (K, N).

    Returns:
        Tensor: In [0, 1], from about 14 x 14 cells of the mask of each
        detection, shape (K, N).
    """
    pixels = max(min(masks.shape[1:]) // GRID, 1)
    own = avg_pool2d(masks[:, None], pixels)[:, 0]
    height, width = own.shape[1:]
    centers, sizes = centers_and_sizes(boxes)
    # Centres of the cells of each detection, in the boxes of its neighbours:
    # from -1 at the left or top to 1.
    x, y = (
        2
        * (
            (centers[:, axis, None] + sizes[:, axis, None] * at)[:, None]
            - centers[inds][..., axis, None]
        )
        / sizes[inds][..., axis, None]
        for axis, at in (
            (axis, (torch.arange(n, device=boxes.device) + 0.5) / n - 0.5)
            for axis, n in enumerate((width, height))
        )
    )
    shape = *inds.shape, height, width
    grid = torch.stack(
        [x[:, :, None, :].expand(shape), y[:, :, :, None].expand(shape)], -1
    )
    others = grid_sample(
        own[inds].flatten(0, 1)[:, None],
        grid.flatten(0, 1),
        align_corners=False,
    )
    others = others[:, 0].unflatten(0, inds.shape)
    areas = masks.mean((1, 2)) * sizes.prod(1)
    # Cells that both cover in part overlap as far as they can.
    both = own[:, None].minimum(others).mean((2, 3)) * sizes.prod(1)[:, None]
    either = areas[:, None] + areas[inds] - both
    return (both / either.clamp(min=1e-3)).clamp(0, 1)


def pair_features(
    boxes: Tensor,
    masks: Tensor,
    logits: Tensor,
    labels: Tensor,
    inds: Tensor,
) -> Tensor:
    """Describe neighbours as a detection sees them.

    The features do not change with the size of the image.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (K, 4).
        masks (Tensor): 0 or 1 within the boxes, float, shape (K, h, w).
        logits (Tensor): Logits of the class scores, shape (K, ).
        labels (Tensor): Classes, shape (K, ).
        inds (Tensor): Indices of the neighbours, shape (K, N).

    Returns:
        Tensor: Overlaps of boxes and masks, distance and size of the boxes,
        class and class score; shape (K, N, 12).
    """
    centers, sizes = centers_and_sizes(boxes)
    offsets = (centers[inds] - centers[:, None]) / sizes[:, None]
    ratios = sizes[inds].log() - sizes.log()[:, None]
    own = boxes[:, None].expand(*inds.shape, 4)
    overlaps = bbox_overlaps(own, boxes[inds], is_aligned=True)
    cover = bbox_overlaps(own, boxes[inds], mode='iof', is_aligned=True)
    covered = bbox_overlaps(boxes[inds], own, mode='iof', is_aligned=True)
    surer = logits[inds] - logits[:, None]
    return torch.stack(
        [
            overlaps,
            mask_overlaps(boxes, masks, inds),
            cover,
            covered,
            *offsets.clamp(-FAR, FAR).unbind(-1),
            length(offsets).clamp(max=FAR),
            *ratios.clamp(-FAR, FAR).unbind(-1),
            (labels[inds] == labels[:, None]).float(),
            (surer / FAR).clamp(-FAR, FAR),
            (surer > 0).float(),
        ],
        dim=-1,
    )


class RelationLayer(nn.Module):
    """Attention of each detection to its neighbours.

    Like a layer of a Transformer (https://arxiv.org/abs/1706.03762). What
    passes depends also on the features of the pair, as in learned NMS
    (https://arxiv.org/abs/1705.02950) and relation networks
    (https://arxiv.org/abs/1711.11575). The order of the detections makes no
    difference.

    Args:
        channels (int): Channels of a detection, a multiple of 4.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2))
        self.query, self.key, self.value, self.out = (
            nn.Linear(channels, channels) for _ in range(4)
        )
        self.pair_weight = nn.Sequential(
            nn.Linear(NUM_PAIR_FEATURES, 32),
            nn.ReLU(),
            nn.Linear(32, NUM_HEADS),
        )
        self.pair_value = nn.Linear(NUM_PAIR_FEATURES, channels)
        self.ffn = nn.Sequential(
            nn.Linear(channels, 2 * channels),
            nn.ReLU(),
            nn.Linear(2 * channels, channels),
        )

    def forward(
        self, x: Tensor, inds: Tensor, valid: Tensor, pairs: Tensor
    ) -> Tensor:
        """Pass messages once.

        Args:
            x (Tensor): Detections, shape (K, channels).
            inds (Tensor): Indices of the neighbours, shape (K, N).
            valid (Tensor): bool, whether to use them, shape (K, N). At least
                one must be used.
            pairs (Tensor): See :func:`pair_features`, shape (K, N, 12).

        Returns:
            Tensor: Shape (K, channels).
        """
        normed = self.norms[0](x)
        values = relu(self.value(normed)[inds] + self.pair_value(pairs))
        bias = self.pair_weight(pairs).masked_fill(
            ~valid[..., None], float('-inf')
        )
        # To (K, heads, 1 or N, channels of a head)
        query, key, values = (
            part.unflatten(-1, (NUM_HEADS, -1)).transpose(1, 2)
            for part in (
                self.query(normed)[:, None],
                self.key(normed)[inds],
                values,
            )
        )
        # torch's own attention gives the bias no gradient for no detections,
        # and then DDP stops.
        weights = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
        weights = weights + bias.transpose(1, 2)[:, :, None]
        x = x + self.out((weights.softmax(-1) @ values).flatten(1))
        return x + self.ffn(self.norms[1](x))
