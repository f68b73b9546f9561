"""Detections in the order of a score, and the instances that they match.

Shape shorthand: D detections, N detections that count, C candidates, G
instances, P pairs, A area ranges, T IoU thresholds, K classes.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mmdet_msrcnn.evaluation.overlaps import Overlaps, cap


class Ranked(NamedTuple):
    """Detections by class and falling score, with their matches.

    A candidate is a detection that has a pair. The others are false
    positives, or out of an area range.

    Attributes:
        overlaps (Overlaps): The detections and pairs.
        rows (ndarray): Index in ``overlaps`` of each detection that counts,
            shape (N, ).
        scores (ndarray): Shape (N, ).
        places (ndarray): Number of better detections of its image and class,
            shape (N, ).
        candidates (ndarray): Indices of the candidates, shape (C, ).
        matches (ndarray): The pair that each of them matches; -1 if none.
            Shape (C, A, T).
        true (ndarray): Whether it is a true positive, shape (C, A, T).
        counted (ndarray): Whether it is a true or false positive; others
            match an ignored instance, or are out of range without a match.
            Shape (C, A, T).
    """

    overlaps: Overlaps
    rows: np.ndarray
    scores: np.ndarray
    places: np.ndarray
    candidates: np.ndarray
    matches: np.ndarray
    true: np.ndarray
    counted: np.ndarray

    def by_class(self) -> Iterator[tuple[slice, slice]]:
        """Yield the slices of detections and of candidates of each class."""
        classes = self.overlaps.classes[self.rows]
        bounds = (
            np.searchsorted(one, np.arange(len(self.overlaps.cat_ids) + 1))
            for one in (classes, classes[self.candidates])
        )
        own, candidates = (map(slice, one[:-1], one[1:]) for one in bounds)
        return zip(own, candidates, strict=True)


def rank(overlaps: Overlaps, scores: np.ndarray, max_dets: int) -> Ranked:
    """Rank detections, and match them with instances as pycocotools does.

    Args:
        overlaps (Overlaps): IoUs of boxes or masks.
        scores (ndarray): Score of each detection of the input.
        max_dets (int): Detections per image and class that count.

    Returns:
        Ranked: The detections that count.
    """
    scores = scores[overlaps.source]
    rows = np.lexsort((-scores, overlaps.classes))
    groups = overlaps.classes * len(overlaps.img_ids) + overlaps.images
    places = _places(groups[rows])
    kept = places < max_dets
    rows, places = rows[kept], places[kept]
    starts = overlaps.pairs.starts
    (candidates,) = np.nonzero(starts[rows + 1] > starts[rows])
    chosen = rows[candidates]
    matches = _match(overlaps, chosen, _places(groups[chosen]))
    matched = matches >= 0
    ignored = matched & _of_ignored(overlaps, matches)
    in_range = overlaps.in_range[chosen][..., None]
    return Ranked(
        overlaps,
        rows,
        scores[rows],
        places,
        candidates,
        matches,
        true=matched & ~ignored,
        counted=np.where(matched, ~ignored, in_range),
    )


def _of_ignored(overlaps: Overlaps, matches: np.ndarray) -> np.ndarray:
    """Return whether pairs have an ignored instance, shape (C, A, T)."""
    ignored = overlaps.ignored[overlaps.pairs.instances]
    areas = np.arange(ignored.shape[1])[:, None]
    return ignored[matches, areas]


def _places(groups: np.ndarray) -> np.ndarray:
    """Count the earlier entries of the same value, shape (n, )."""
    order = np.argsort(groups, kind='stable')
    first = np.searchsorted(groups[order], groups[order])
    places = np.empty(len(groups), int)
    places[order] = np.arange(len(groups)) - first
    return places


def _match(
    overlaps: Overlaps, rows: np.ndarray, rounds: np.ndarray
) -> np.ndarray:
    """Match candidates, one of each image and class in a round.

    Args:
        overlaps (Overlaps): The pairs.
        rows (ndarray): Index of each candidate, shape (C, ).
        rounds (ndarray): Number of better candidates of its image and class,
            shape (C, ).

    Returns:
        ndarray: Index of the pair, -1 if none, shape (C, A, T).
    """
    pairs = overlaps.pairs
    num_areas = overlaps.ignored.shape[1]
    shape = num_areas, len(overlaps.iou_thrs)
    free = np.ones((len(overlaps.crowds), *shape), bool)
    matches = np.full((len(rows), *shape), -1, np.int32)
    order = np.argsort(rounds, kind='stable')
    bounds = np.searchsorted(
        rounds[order], np.arange(rounds.max(initial=-1) + 2)
    )
    for start, stop in zip(bounds[:-1], bounds[1:], strict=True):
        of_round = order[start:stop]
        chosen = _choose(overlaps, rows[of_round], free)
        matches[of_round] = chosen
        found = np.nonzero(chosen >= 0)
        instances = pairs.instances[chosen[found]]
        kept = ~overlaps.crowds[instances]
        _, areas, thrs = found
        free[instances[kept], areas[kept], thrs[kept]] = False
    return matches


def _choose(
    overlaps: Overlaps, rows: np.ndarray, free: np.ndarray
) -> np.ndarray:
    """Choose a free instance for each detection.

    The pair with the largest IoU wins, but an instance that counts wins
    against an ignored one.

    Args:
        overlaps (Overlaps): The pairs.
        rows (ndarray): n detections of different images or classes, each with
            a pair.
        free (ndarray): Whether each instance is free, shape (G, A, T).

    Returns:
        ndarray: Index of the pair, -1 if none, shape (n, A, T).
    """
    pairs = overlaps.pairs
    counts = pairs.starts[rows + 1] - pairs.starts[rows]
    ends = np.cumsum(counts)
    first = ends - counts
    offsets = np.arange(ends[-1]) - np.repeat(first, counts)
    every = np.repeat(pairs.starts[rows], counts) + offsets
    instances = pairs.instances[every]
    enough = pairs.ious[every, None] >= cap(overlaps.iou_thrs)
    # The more, the better: first those that count, then the earlier pair.
    preference = np.repeat(counts, counts) - offsets
    most = counts.max() + 1
    preference = np.where(
        overlaps.ignored[instances],
        preference[:, None],
        preference[:, None] + most,
    ).astype(np.int32)
    usable = free[instances] & enough[:, None]
    best = np.maximum.reduceat(usable * preference[..., None], first)
    chosen = pairs.starts[rows + 1][:, None, None] - best % most
    return np.where(best > 0, chosen, -1)
