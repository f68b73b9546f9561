"""Print the pins of requirements files whose packages are not installed.

Installed packages are not changed: an environment keeps its own torch. mmcv is
left out, because it is built after torch is installed.
"""

import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

# Other packages also provide the module, such as opencv-python-headless.
MODULES = {'opencv-python': 'cv2'}


def missing(lines: list[str]) -> list[str]:
    """Choose the pins of packages that are not installed.

    Args:
        lines (list[str]): Lines of a requirements file, ``name==version``.

    Returns:
        list[str]: The lines of missing packages.
    """
    chosen = []
    for line in lines:
        name = line.partition('==')[0].strip()
        if not name or name.startswith('#') or name.endswith('mmcv'):
            continue
        if name in MODULES and find_spec(MODULES[name]):
            continue
        try:
            version(name)
        except PackageNotFoundError:
            chosen.append(line.strip())
    return chosen


if __name__ == '__main__':
    lines = [
        line
        for path in sys.argv[1:]
        for line in Path(path).read_text().splitlines()
    ]
    print('\n'.join(missing(lines)))
