"""Which photos are near-copies, and which only look alike."""

import cv2
import numpy as np
import pytest

from mmdet_msrcnn.datasets.near_copies import (
    MIN_CORRELATION,
    Photo,
    align,
    correlate,
    describe,
    find_near_copies,
    match_points,
    read_gray,
    without_images,
)

HEIGHT, WIDTH = 270, 360


def scene(seed: int) -> np.ndarray:
    """Shapes of all sizes on clouds, as a photo has them."""
    rng = np.random.default_rng(seed)
    gray = np.zeros((HEIGHT, WIDTH), np.float32)
    for cells in (4, 12):
        noise = rng.normal(0, 25, (cells, cells)).astype(np.float32)
        gray += cv2.resize(
            noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
        )
    gray = np.clip(gray + 110, 0, 255).astype(np.uint8)
    for _ in range(120):
        center = rng.integers((0, 0), (WIDTH, HEIGHT)).tolist()
        axes = rng.integers(3, 25, 2).tolist()
        angle, color = rng.integers(180), int(rng.integers(30, 200))
        cv2.ellipse(gray, center, axes, int(angle), 0, 360, color, -1)
    return gray


def encode(gray: np.ndarray, quality: int) -> np.ndarray:
    code = cv2.imencode('.jpg', gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)


def crop(gray: np.ndarray, share: float) -> np.ndarray:
    """Remove a share of the height and width, from the left and the top."""
    height, width = gray.shape
    return gray[round(height * share) :, round(width * share) :]


def scaled(gray: np.ndarray, fx: float, fy: float) -> np.ndarray:
    return cv2.resize(gray, None, fx=fx, fy=fy, interpolation=cv2.INTER_AREA)


def flip(gray: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(gray[:, ::-1])


CHANGES = dict(
    same=lambda gray: gray,
    encoded=lambda gray: encode(gray, 30),
    smaller=lambda gray: scaled(gray, 0.5, 0.5),
    larger=lambda gray: scaled(gray, 1.7, 1.7),
    squeezed=lambda gray: scaled(gray, 0.75, 1),
    brighter=lambda gray: cv2.add(gray, 50),
    less_contrast=lambda gray: gray // 2,
    cropped_3=lambda gray: crop(gray, 0.03),
    cropped_30=lambda gray: crop(gray, 0.3),
    framed=lambda gray: np.pad(gray, 40),
    all_at_once=lambda gray: encode(
        cv2.add(scaled(crop(gray, 0.1), 0.6, 0.6), 30), 50
    ),
)


@pytest.fixture(scope='module')
def photos() -> list[Photo]:
    return [describe(scene(seed)) for seed in range(4)]


@pytest.mark.parametrize('flipped', [False, True])
@pytest.mark.parametrize('change', CHANGES)
def test_near_copies_are_found(photos, change, flipped):
    gray = CHANGES[change](scene(2))
    found = find_near_copies(flip(gray) if flipped else gray, photos)
    (copy,) = found
    assert (copy.position, copy.flipped) == (2, flipped)
    assert 0 <= copy.distance < 0.15
    assert copy.points >= 25


def test_an_equal_photo_has_distance_0(photos):
    (copy,) = find_near_copies(scene(1), photos)
    assert copy.distance == pytest.approx(0, abs=1e-4)
    (changed,) = find_near_copies(encode(scene(1), 10), photos)
    assert changed.distance > copy.distance + 1e-3


def test_every_near_copy_is_found(photos):
    others = [*photos, describe(crop(scene(1), 0.1))]
    found = find_near_copies(scene(1), others)
    assert [copy.position for copy in found] == [1, 4]


def test_other_photos_are_not_found(photos):
    assert not find_near_copies(scene(9), photos)


def test_one_watermark_does_not_make_a_copy():
    first, second = scene(1), scene(2)
    mark = scene(3)
    height, width = HEIGHT // 2, WIDTH // 2
    for gray in (first, second):
        gray[:height, :width] = mark[:height, :width]
    one, other = describe(first), describe(second)
    points, affine = align(one, other)
    # The watermark alone is enough to align them.
    assert points >= 25
    assert correlate(one, other, affine) < MIN_CORRELATION
    assert not find_near_copies(first, [other])


@pytest.mark.parametrize('size', [(200, 300), (1, 1)])
def test_a_blank_photo_has_no_copy(photos, size):
    blank = np.full(size, 90, np.uint8)
    assert not find_near_copies(blank, [*photos, describe(blank)])
    assert not find_near_copies(scene(1), [describe(blank)])


def test_a_dull_photo_is_found():
    # 10 gray levels: SIFT's usual threshold leaves no feature.
    dull = scene(1) // 24 + 100
    usual = cv2.SIFT.create().detect(dull, None)
    assert len(usual) < 20
    (copy,) = find_near_copies(dull, [describe(dull)])
    assert copy.distance == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize('size', [(600, 900), (900, 600), (90, 60)])
def test_photos_are_compared_at_320_pixels(size):
    gray = np.random.default_rng(0).integers(0, 255, size).astype(np.uint8)
    photo = describe(gray)
    height, width = photo.gray.shape
    assert max(height, width) == 320
    assert height / width == pytest.approx(size[0] / size[1], rel=0.01)
    assert photo.points.shape == (200, 2)
    assert photo.descriptors.shape == (200, 128)
    norms = np.linalg.norm(photo.descriptors, axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-3)
    assert (photo.points < (width, height)).all()


def features(descriptors) -> Photo:
    """A photo whose points are (0, 0), (1, 0), ..."""
    points = np.stack([np.arange(len(descriptors)), 0 * descriptors[:, 0]], 1)
    return Photo(np.zeros((9, 9), np.uint8), points, descriptors)


@pytest.mark.parametrize(
    ('second_best', 'expected'), [(0.91, [0, 1]), (0.93, [0]), (0.95, [0])]
)
def test_matches_must_be_clear(second_best, expected):
    directions = np.eye(128, dtype=np.float32)

    def near(axis: int, similarity: float, other: int) -> np.ndarray:
        rest = np.sqrt(1 - similarity**2)
        return similarity * directions[axis] + rest * directions[other]

    # The first has one partner, the second has two. 0.91 is clear, because
    # (1 - 0.95) / (1 - 0.91) is below 0.64.
    first = features(directions[:2])
    second = features(
        np.stack([near(1, second_best, 5), near(1, 0.95, 6), directions[0]])
    )
    points, others = match_points(first, second)
    np.testing.assert_array_equal(points[:, 0], expected)
    np.testing.assert_array_equal(others[:, 0], [2, 1][: len(expected)])


def test_photos_without_features_have_no_matches():
    none, some = (features(np.eye(128)[:num]) for num in (0, 3))
    for pair in ((none, some), (some, none), (none, none)):
        assert [points.shape for points in match_points(*pair)] == [(0, 2)] * 2


def test_points_that_agree_are_counted_once():
    rng = np.random.default_rng(0)
    points = np.float32(rng.integers(0, 300, (24, 2)))
    # Five matches are wrong, and four points have two orientations.
    points[-4:] = points[:4]
    moved = points * np.float32([0.5, 0.8]) + np.float32([7, -20])
    moved[10:15] += np.float32(rng.uniform(30, 90, (5, 2)))
    descriptors = np.eye(128, dtype=np.float32)[:24]
    gray = np.zeros((320, 320), np.uint8)
    count, affine = align(
        Photo(gray, points, descriptors), Photo(gray, moved, descriptors)
    )
    assert count == 24 - 5 - 4
    np.testing.assert_allclose(affine, [[0.5, 0, 7], [0, 0.8, -20]], atol=0.01)


def test_correlation_is_that_of_the_overlap(photos):
    photo = photos[0]
    shift = np.array([[1, 0, -100], [0, 1, 0]], float)
    moved = Photo(photo.gray[:, 100:], *photo[1:])
    assert correlate(photo, moved, shift) == pytest.approx(1, abs=0.01)
    assert correlate(photo, moved, np.eye(2, 3)) < 0.5


def test_a_small_overlap_does_not_count(photos):
    width = photos[0].gray.shape[1]
    for share, expected in ((0.85, 1), (0.95, 0)):
        shift = np.array([[1, 0, -round(width * share)], [0, 1, 0]], float)
        cut = photos[0].gray[:, round(width * share) :]
        canvas = np.zeros_like(photos[0].gray)
        canvas[:, : cut.shape[1]] = cut
        found = correlate(photos[0], Photo(canvas, *photos[0][1:]), shift)
        assert found == pytest.approx(expected, abs=0.05)


def test_an_unreadable_image_is_named(tmp_path):
    path = tmp_path / 'broken.jpg'
    with pytest.raises(FileNotFoundError, match=r'broken\.jpg does not exist'):
        read_gray(path)
    path.write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'broken\.jpg cannot be read'):
        read_gray(path)


def test_a_photo_is_read_in_gray(tmp_path):
    path = tmp_path / 'a.png'
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[..., 1] = 100
    cv2.imwrite(str(path), pixels)
    gray = read_gray(path)
    assert gray.shape == (4, 6)
    # 0.587 x 100
    assert gray.max() in (58, 59)


def test_images_and_their_instances_are_left_out():
    content = dict(
        info=dict(year=2020),
        images=[dict(id=i, file_name=f'{i}.jpg') for i in (0, 4, 7)],
        annotations=[dict(id=i, image_id=i % 8) for i in (4, 7, 8, 12)],
        categories=[dict(id=3, name='a')],
    )
    before = repr(content)
    kept = without_images(content, {0, 7})
    assert repr(content) == before
    assert kept == content | dict(
        images=[dict(id=4, file_name='4.jpg')],
        annotations=[dict(id=4, image_id=4), dict(id=12, image_id=4)],
    )
    del content['annotations']
    assert 'annotations' not in without_images(content, {0})
