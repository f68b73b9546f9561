"""A small set of camouflaged objects, and faults that such sets can have.

Each fault returns the file to name, and words of the error.
"""

import shutil

import cv2
import numpy as np

SIZE = (30, 40)
# Instances of each image, as (y, x) slices.
SCENES = {
    'a': [(slice(0, 10), slice(0, 10)), (slice(5, 20), slice(20, 40))],
    'b': [],
    'c': [(slice(8, 30), slice(3, 9))],
}
COLOURS = [(0, 0, 255), (10, 20, 30)]


def make_set(root):
    """Make a set in the layout of COD10K."""
    for name in ('Image', 'GT', 'Instance'):
        (root / name).mkdir(parents=True)
    for stem, regions in SCENES.items():
        image = np.full((*SIZE, 3), 128, np.uint8)
        truth = np.zeros(SIZE, np.uint8)
        instances = np.zeros((*SIZE, 3), np.uint8)
        for region, colour in zip(regions, COLOURS, strict=False):
            truth[region] = 255
            instances[region] = colour
        cv2.imwrite(str(root / f'Image/{stem}.jpg'), image)
        cv2.imwrite(str(root / f'GT/{stem}.png'), truth)
        cv2.imwrite(str(root / f'Instance/{stem}.png'), instances)
    (root / 'Image/readme.txt').write_text('no image')
    # Some sets keep the ground truth of all splits in one folder.
    cv2.imwrite(str(root / 'GT/other.png'), np.zeros((3, 3), np.uint8))
    return root


def no_truth(root):
    (root / 'GT/c.png').unlink()
    return root / 'GT/c.png', 'is missing'


def no_instances(root):
    (root / 'Instance/c.png').unlink()
    return root / 'Instance/c.png', 'is missing'


def other_size(root):
    path = root / 'GT/a.png'
    cv2.imwrite(str(path), np.zeros((40, 30), np.uint8))
    return path, 'has (height, width) (40, 30), but its image (30, 40)'


def not_binary(root):
    path = root / 'GT/a.png'
    pixels = np.tile(np.arange(0, 240, 6, dtype=np.uint8), (30, 1))
    cv2.imwrite(str(path), pixels)
    return path, 'is not binary'


def two_objects_in_grey(root):
    path = root / 'GT/a.png'
    pixels = np.zeros(SIZE, np.uint8)
    pixels[:10], pixels[20:] = 1, 2
    cv2.imwrite(str(path), pixels)
    return path, 'as --instances'


def broken_image(root):
    (root / 'Image/b.jpg').write_bytes(b'not a picture')
    return root / 'Image/b.jpg', 'cannot be read'


def broken_truth(root):
    (root / 'GT/b.png').write_bytes(b'')
    return root / 'GT/b.png', 'cannot be read'


def smoothed_instances(root):
    path = root / 'Instance/a.png'
    pixels = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    cv2.imwrite(str(path), pixels)
    return path, 'without smoothing'


def black_instances(root):
    path = root / 'Instance/c.png'
    cv2.imwrite(str(path), np.zeros(SIZE, np.uint8))
    return path, 'is black, but'


def coloured_background(root):
    path = root / 'Instance/c.png'
    pixels = cv2.imread(str(path))
    pixels[(pixels == 0).all(-1)] = (255, 255, 255)
    cv2.imwrite(str(path), pixels)
    return path, 'make the background black'


def instances_without_foreground(root):
    path = root / 'Instance/b.png'
    shutil.copy(root / 'Instance/c.png', path)
    return path, 'b.png has no foreground'


def empty_folder(root):
    shutil.rmtree(root / 'Image')
    (root / 'Image').mkdir()
    return root / 'Image', 'has no images'


def no_folder(root):
    shutil.rmtree(root / 'Image')
    return root / 'Image', 'has no images'


def same_stem(root):
    shutil.copy(root / 'Image/a.jpg', root / 'Image/a.png')
    return root / 'Image/a.jpg', 'a.png have the same ground truth'


DAMAGES = [
    no_truth,
    no_instances,
    other_size,
    not_binary,
    two_objects_in_grey,
    broken_image,
    broken_truth,
    smoothed_instances,
    black_instances,
    coloured_background,
    instances_without_foreground,
    empty_folder,
    no_folder,
    same_stem,
]
