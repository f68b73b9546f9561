"""Generated pictures of camouflaged objects."""

import importlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.helpers import ROOT

TOOLS = ROOT / 'tools/datasets'
SPLITS = {'train': 10, 'test': 3}


def run_cli(*args):
    script = TOOLS / 'make_camouflage.py'
    command = [sys.executable, str(script), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def make_camouflage(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('make_camouflage')


@pytest.fixture
def scenes(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('camouflage_scenes')


@pytest.fixture(scope='module')
def out_dir(tmp_path_factory):
    out = tmp_path_factory.mktemp('camouflage') / 'set'
    result = run_cli(out, '--num-train', 10, '--num-test', 3)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith('train: 10 pictures with ')
    return out


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('split', SPLITS)
def test_layout(out_dir, split):
    numbers = [f'{i:06d}' for i in range(1, SPLITS[split] + 1)]
    assert names(out_dir / split) == ['GT', 'Imgs', 'Instance']
    assert names(out_dir / split / 'Imgs') == [f'{n}.jpg' for n in numbers]
    for name in ('GT', 'Instance'):
        assert names(out_dir / split / name) == [f'{n}.png' for n in numbers]


@pytest.mark.parametrize('split', SPLITS)
def test_ground_truth_is_binary_and_the_union_of_1_to_3_instances(
    out_dir, split
):
    for path in sorted((out_dir / split / 'Imgs').iterdir()):
        assert cv2.imread(str(path)).shape == (240, 320, 3)
        name = f'{path.stem}.png'
        truth, instances = (
            cv2.imread(str(out_dir / split / folder / name), -1)
            for folder in ('GT', 'Instance')
        )
        assert set(np.unique(truth)) == {0, 255}
        np.testing.assert_array_equal(instances.any(-1), truth > 0)
        colours = np.unique(instances.reshape(-1, 3), axis=0)
        assert 2 <= len(colours) <= 4


def test_same_seed_gives_same_bytes(out_dir, tmp_path, make_camouflage):
    make_camouflage.make_camouflage(tmp_path, 2, 1)
    for path in tmp_path.rglob('*.*'):
        same = out_dir / path.relative_to(tmp_path)
        assert path.read_bytes() == same.read_bytes()
    make_camouflage.make_camouflage(tmp_path / 'other', 1, 1, seed=1)
    name = 'train/Imgs/000001.jpg'
    first = (out_dir / name).read_bytes()
    assert (tmp_path / 'other' / name).read_bytes() != first
    # The splits show other pictures.
    assert first != (out_dir / name.replace('train', 'test')).read_bytes()


def scene_of(scenes, seed):
    return scenes.compose_scene(np.random.default_rng(seed))


def test_half_of_each_object_is_visible_and_some_are_covered(scenes):
    shares = []
    for seed in range(30):
        scene = scene_of(scenes, seed)
        for number, area in enumerate(scene.areas, 1):
            shares.append((scene.owner == number).sum() / area)
    assert min(shares) >= 0.5
    assert max(shares) == 1
    assert np.mean(np.array(shares) < 0.95) > 0.05


def contrast(values, inside):
    """Difference of two means in standard deviations."""
    return abs(values[inside].mean() - values[~inside].mean()) / values.std()


def test_brightness_hides_objects_and_direction_shows_them(scenes):
    grey, turned = [], []
    for seed in range(12):
        scene = scene_of(scenes, seed)
        image = cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY).astype(float)
        inside = scene.owner > 0
        grey.append(contrast(image, inside))
        # The direction of the gradient, as twice its angle.
        x, y = (cv2.Sobel(image, -1, dx, 1 - dx, ksize=5) for dx in (1, 0))
        parts = (
            cv2.GaussianBlur(part, (0, 0), 8)
            for part in (x * x - y * y, 2 * x * y)
        )
        turned.append(max(contrast(part, inside) for part in parts))
    assert np.median(grey) < 0.4
    assert np.median(turned) > 1


def test_stripes_have_the_asked_direction_and_wavelength(scenes):
    texture = scenes.Texture(10.0, 8.0, np.zeros((2, 3)))
    waves = scenes.stripes(np.random.default_rng(0), texture, angle=0.0)
    assert waves.mean() == pytest.approx(0, abs=1e-9)
    assert waves.std() == pytest.approx(1)
    power = np.abs(np.fft.rfft2(waves)) ** 2
    y, x = np.fft.fftfreq(240)[:, None], np.fft.rfftfreq(320)[None]
    mean_x, mean_y = ((power * np.abs(f)).sum() / power.sum() for f in (x, y))
    assert mean_x == pytest.approx(0.1, rel=0.1)
    assert mean_y < mean_x / 3


def test_a_larger_set_is_not_mixed_with_a_smaller_one(out_dir):
    result = run_cli(out_dir, '--num-train', 9, '--num-test', 3)
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr
    assert 'train has 10 pictures, more than the 9 to make' in result.stderr


@pytest.mark.parametrize(
    'arguments', [dict(num_train=0), dict(num_test=0), dict(seed=-1)]
)
def test_numbers_out_of_range(make_camouflage, tmp_path, arguments):
    ((name, value),) = arguments.items()
    with pytest.raises(ValueError, match=f'{name}={value}'):
        make_camouflage.make_camouflage(tmp_path / 'out', **arguments)
    assert not (tmp_path / 'out').exists()
