"""Rendering of one scene of textured objects on the like texture.

An object has the colours and the wavelength of the ground, so neither a pixel
nor a histogram shows it; only the direction of its stripes differs. All random
numbers come from the generator argument, so the same generator gives the same
picture. A picture has H x W pixels.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

HEIGHT, WIDTH = 240, 320
MAX_OBJECTS = 3
# Radii in pixels.
RADII = (26, 62)
MIN_VISIBLE = 0.5
MAX_TRIES = 30
# Share of the further objects that are placed on another one.
OVERLAPPING = 0.5
# Turn of the stripes against those of the ground and of other objects.
MIN_TURN = np.radians(30)
WAVELENGTHS = (7, 14)
# Half the difference between ridges and valleys.
CONTRASTS = (0.05, 0.13)


class Texture(NamedTuple):
    """What the ground and the objects of a picture share.

    Attributes:
        wavelength (float): Mean distance of the stripes in pixels.
        concentration (float): How straight the stripes are, above 0.
        colours (ndarray): Colours of valleys and ridges in [0, 1], shape
            (2, 3).
    """

    wavelength: float
    concentration: float
    colours: np.ndarray


@dataclass
class Scene:
    """Picture with its objects in drawing order.

    Attributes:
        image (ndarray): Colours in BGR order, uint8, shape (H, W, 3).
        owner (ndarray): For each pixel the number of the visible object, from
            1, or 0 for none, uint8, shape (H, W).
        areas (list[int]): Pixels of each object before others cover it.
    """

    image: np.ndarray
    owner: np.ndarray
    areas: list[int] = field(default_factory=list)


def compose_scene(rng: np.random.Generator) -> Scene:
    """Draw a picture of 1 to 3 objects; later ones cover earlier ones.

    Args:
        rng (np.random.Generator): Random number generator.

    Returns:
        Scene: The picture. At least half of each object is visible.
    """
    ground = rng.uniform(0.25, 0.75) + rng.uniform(-0.1, 0.1, 3)
    difference = rng.uniform(*CONTRASTS) * rng.uniform(0.5, 1.5, 3)
    texture = Texture(
        rng.uniform(*WAVELENGTHS),
        rng.uniform(3, 6),
        np.stack([ground - difference, ground + difference]),
    )
    angles = [rng.uniform(0, np.pi)]
    waves = stripes(rng, texture, angles[0])
    owner = np.zeros((HEIGHT, WIDTH), np.uint8)
    areas: list[int] = []
    for _ in range(rng.integers(1, MAX_OBJECTS + 1)):
        mask = _place(rng, owner, areas)
        if mask is None:
            continue
        angles.append(_other_angle(rng, angles))
        areas.append(int(mask.sum()))
        owner[mask] = len(areas)
        alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
        waves += alpha * (stripes(rng, texture, angles[-1]) - waves)
    return Scene(_paint(rng, waves, texture), owner, areas)


def stripes(
    rng: np.random.Generator, texture: Texture, angle: float
) -> np.ndarray:
    """Draw wavy stripes: noise with one wavelength and one direction.

    Args:
        rng (np.random.Generator): Random number generator.
        texture (Texture): Statistics of the stripes.
        angle (float): Direction across the stripes in radians; a half turn
            gives the same stripes.

    Returns:
        ndarray: Mean 0 and standard deviation 1, shape (H, W).
    """
    spectrum = np.fft.rfft2(rng.standard_normal((HEIGHT, WIDTH)))
    y, x = np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None]
    radius = np.hypot(x, y) * texture.wavelength
    turn = np.arctan2(y, x) - angle
    spectrum *= np.exp(-((radius - 1) ** 2) / (2 * 0.25**2))
    spectrum *= np.exp(texture.concentration * (np.cos(2 * turn) - 1))
    waves = np.fft.irfft2(spectrum, (HEIGHT, WIDTH))
    return (waves - waves.mean()) / waves.std()


def blob(
    rng: np.random.Generator, centre: np.ndarray, radius: float
) -> np.ndarray:
    """Draw a round shape with bays.

    Args:
        rng (np.random.Generator): Random number generator.
        centre (ndarray): (x, y) in pixels.
        radius (float): Mean radius in pixels.

    Returns:
        ndarray: bool, shape (H, W).
    """
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    lengths = np.ones_like(angles)
    for order in range(2, 6):
        size, phase = rng.uniform(0, 0.5 / order), rng.uniform(0, 2 * np.pi)
        lengths += size * np.cos(order * angles + phase)
    points = np.stack([np.cos(angles), np.sin(angles)], 1)
    points = centre + radius * lengths[:, None] * points
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return mask.astype(bool)


def _place(
    rng: np.random.Generator, owner: np.ndarray, areas: list[int]
) -> np.ndarray | None:
    """Find a place for one more object; None if there is none."""
    overlap = bool(areas) and rng.random() < OVERLAPPING
    for _ in range(MAX_TRIES):
        radius = rng.uniform(*RADII)
        margin = 0.8 * radius
        centre = rng.uniform(margin, [WIDTH - margin, HEIGHT - margin])
        mask = blob(rng, centre, radius)
        covers = bool((owner[mask] > 0).any())
        counts = np.bincount(owner[~mask], minlength=len(areas) + 1)[1:]
        visible = all(
            count >= MIN_VISIBLE * area
            for count, area in zip(counts, areas, strict=True)
        )
        if covers == overlap and visible:
            return mask
    return None


def _other_angle(rng: np.random.Generator, angles: list[float]) -> float:
    """Choose a direction that differs from all others."""
    for _ in range(100):
        angle = rng.uniform(0, np.pi)
        turns = np.abs(angle - np.array(angles))
        if np.minimum(turns, np.pi - turns).min() >= MIN_TURN:
            return angle
    # Three directions can leave no room for a fourth.
    return angle


def _paint(
    rng: np.random.Generator, waves: np.ndarray, texture: Texture
) -> np.ndarray:
    """Colour the waves, and add a shade and noise over everything."""
    ridges = 1 / (1 + np.exp(-1.5 * waves))[..., None]
    low, high = texture.colours
    image = low + ridges * (high - low)
    grid = rng.standard_normal((3, 4))
    shade = cv2.resize(grid, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    image = image + 0.04 * shade[..., None]
    image = image + rng.normal(0, 0.015, image.shape)
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
