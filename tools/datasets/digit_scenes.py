"""Rendering of one scene of handwritten digits.

All random numbers come from the generator argument, so the same generator
gives the same picture. S is the side of the picture in pixels.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

NUM_DIGITS = (3, 9)
MAX_ANGLE = 30
MIN_AREA = 40
MIN_VISIBLE = 0.55
MAX_TRIES = 20
# Heights of digits as shares of the picture's side.
HEIGHTS = (0.125, 0.47)
CROWD_HEIGHTS = (0.05, 0.085)


class Pool(NamedTuple):
    """Source digits to draw from.

    Attributes:
        glyphs (ndarray): Ink in [0, 1], float32, shape (N, 8, 8).
        labels (ndarray): Values of the digits, shape (N, ).
        sources (ndarray): Indices in ``load_digits``, shape (N, ).
    """

    glyphs: np.ndarray
    labels: np.ndarray
    sources: np.ndarray


class Instance(NamedTuple):
    """One drawn digit, or a crowd of digits with the same value."""

    label: int
    area: int  # in pixels, before other objects cover it
    source: int | None  # index in load_digits, None for a crowd


@dataclass
class Scene:
    """Picture with its instances in drawing order.

    Attributes:
        image (ndarray): Colours in [0, 1], float32, shape (S, S, 3).
        owner (ndarray): For each pixel the number of the visible instance,
            from 1, or 0 for none, shape (S, S).
        instances (list[Instance]): The instances 1, 2, ...
    """

    image: np.ndarray
    owner: np.ndarray
    instances: list[Instance] = field(default_factory=list)

    def can_cover(self, mask: np.ndarray) -> bool:
        """Check that enough of each instance stays visible under a mask."""
        num_owners = len(self.instances) + 1
        counts = np.bincount(self.owner[~mask], minlength=num_owners)
        return all(
            count >= max(MIN_AREA, MIN_VISIBLE * instance.area)
            for count, instance in zip(counts[1:], self.instances, strict=True)
        )

    def add(self, mask: np.ndarray, label: int, source: int | None) -> None:
        """Add an instance with a bool mask of shape (S, S)."""
        self.instances.append(Instance(label, int(mask.sum()), source))
        self.owner[mask] = len(self.instances)


def compose_scene(
    rng: np.random.Generator, pool: Pool, size: int, crowd: bool
) -> Scene:
    """Draw a picture: later digits and bars cover earlier digits.

    Args:
        rng (np.random.Generator): Random number generator.
        pool (Pool): Digits to choose from.
        size (int): Side S of the picture in pixels.
        crowd (bool): Whether to add a crowd region.

    Returns:
        Scene: The picture. Enough of each instance is visible.
    """
    ground = rng.uniform(0.15, 0.85, 3)
    image = _textured(rng, ground, size, rng.uniform(0.02, 0.12))
    scene = Scene(image, np.zeros((size, size), np.int64))
    if crowd:
        _add_crowd(rng, scene, pool)
    num_digits = rng.integers(NUM_DIGITS[0], NUM_DIGITS[1] + 1)
    is_digit = np.arange(num_digits + rng.integers(0, 4)) < num_digits
    for digit in rng.permutation(is_digit):
        index = rng.integers(len(pool.labels))
        for _ in range(MAX_TRIES):
            if digit:
                alpha = _random_digit(rng, pool.glyphs[index], size)
            else:
                alpha = _random_occluder(rng, size)
            mask = alpha > 0.5
            if mask.sum() < MIN_AREA or not scene.can_cover(mask):
                continue
            contrasts = (0.08, 0.13) if rng.random() < 0.2 else (0.18, 0.5)
            _paint(rng, scene.image, alpha, rng.uniform(*contrasts))
            if digit:
                label, source = pool.labels[index], pool.sources[index]
                scene.add(mask, int(label), int(source))
            else:
                scene.owner[mask] = 0
            break
    blurred = cv2.GaussianBlur(scene.image, (0, 0), rng.uniform(0.2, 0.9))
    noise = rng.normal(0, rng.uniform(0.005, 0.05), blurred.shape)
    scene.image = np.clip(blurred + noise, 0, 1).astype(np.float32)
    return scene


def render_digit(
    glyph: np.ndarray,
    size: int,
    centre: np.ndarray,
    height: float,
    angle: float,
    threshold: float = 0.45,
    softness: float = 1.0,
) -> np.ndarray:
    """Enlarge and rotate a digit; return stroke opacity, shape (S, S).

    Args:
        glyph (ndarray): Ink in [0, 1], float32, shape (8, 8).
        size (int): Side S of the picture in pixels.
        centre (ndarray): Centre of the digit, (x, y) in pixels.
        height (float): Height of the upright glyph in pixels.
        angle (float): Counter-clockwise rotation in degrees.
        threshold (float): Ink at the edge of the strokes. Higher values give
            thinner strokes. Defaults to 0.45.
        softness (float): Width of the edge in pixels, roughly. Defaults to 1.
    """
    scale = height / len(glyph)
    middle = (len(glyph) - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), angle, scale)
    matrix[:, 2] += centre - middle
    ink = cv2.warpAffine(glyph, matrix, (size, size), flags=cv2.INTER_CUBIC)
    return np.clip((ink - threshold) * scale / softness + 0.5, 0, 1)


def _random_digit(rng, glyph: np.ndarray, size: int) -> np.ndarray:
    """Draw a digit at random place, size and style; opacity (S, S)."""
    height = size * np.exp(rng.uniform(*np.log(HEIGHTS)))
    margin = 0.4 * height
    return render_digit(
        glyph,
        size,
        centre=rng.uniform(margin, size - margin, 2),
        height=height,
        angle=rng.uniform(-MAX_ANGLE, MAX_ANGLE),
        threshold=rng.uniform(0.4, 0.62),
        softness=rng.uniform(0.7, 2),
    )


def _random_occluder(rng, size: int) -> np.ndarray:
    """Draw a bar or a blob; opacity, shape (S, S)."""
    alpha = np.zeros((size, size), np.float32)
    centre = rng.uniform(0, size, 2)
    turn = rng.uniform(0, np.pi)
    if rng.random() < 0.6:
        reach = rng.uniform(0.2, 0.7) * size
        step = reach * np.array([np.cos(turn), np.sin(turn)])
        start, end = (centre - step).astype(int), (centre + step).astype(int)
        width = int(rng.uniform(0.02, 0.05) * size)
        cv2.line(alpha, start.tolist(), end.tolist(), 1, width, cv2.LINE_AA)
    else:
        axes = size * rng.uniform(0.03, 0.1, 2)
        box = (centre.tolist(), (2 * axes).tolist(), np.degrees(turn))
        cv2.ellipse(alpha, box, 1, cv2.FILLED, cv2.LINE_AA)
    return alpha


def _add_crowd(rng, scene: Scene, pool: Pool) -> None:
    """Add a cluster of small digits of one value, including the gaps."""
    size = len(scene.image)
    label = rng.choice(np.unique(pool.labels))
    region = np.zeros((size, size), np.uint8)
    middle = rng.uniform(0.25 * size, 0.75 * size, 2)
    for index in rng.choice(np.flatnonzero(pool.labels == label), 20):
        alpha = render_digit(
            pool.glyphs[index],
            size,
            centre=middle + rng.uniform(-0.11, 0.11, 2) * size,
            height=rng.uniform(*CROWD_HEIGHTS) * size,
            angle=rng.uniform(-MAX_ANGLE, MAX_ANGLE),
        )
        if (alpha > 0.5).any():
            _paint(rng, scene.image, alpha, rng.uniform(0.2, 0.4))
            region |= alpha > 0.5
    side = round(CROWD_HEIGHTS[1] * size)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    region = cv2.morphologyEx(region, cv2.MORPH_CLOSE, kernel)
    scene.add(region.astype(bool), int(label), None)


def _paint(rng, image: np.ndarray, alpha: np.ndarray, contrast: float) -> None:
    """Fill strokes with a texture; ``contrast`` is the RMS difference."""
    covered = image[alpha > 0.5].mean(axis=0)
    colours = rng.uniform(0.03, 0.97, (32, 3))
    differences = np.sqrt(((colours - covered) ** 2).mean(axis=1))
    colour = colours[np.abs(differences - contrast).argmin()]
    strength = min(rng.uniform(0.01, 0.08), contrast / 3)
    fill = _textured(rng, colour, len(image), strength)
    image += alpha[..., None] * (fill - image)


def _textured(rng, colour, size: int, strength: float) -> np.ndarray:
    """Vary a colour with noise, a gradient and stripes, shape (S, S, 3)."""
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    angle = rng.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    total = rng.uniform(0, 3) * along
    for cells in (3, 8, 24):
        grid = rng.standard_normal((cells, cells))
        noise = cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        total += rng.uniform(0.2, 1) * noise
    if rng.random() < 0.4:
        waves = rng.uniform(4, 20)
        total += rng.uniform(0.3, 1) * np.sin(2 * np.pi * waves * along)
    total = strength * (total - total.mean()) / total.std()
    tint = rng.uniform(0.5, 1.5, 3)
    return (colour + total[..., None] * tint).astype(np.float32)
