"""The one step of packaging that pyproject.toml cannot express.

Imports neither torch nor mmcv, so that it runs before them.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

root = Path(__file__).parent
MIM = ('configs', 'tools', 'model-index.yml')


class BuildPy(build_py):
    """Puts what mim looks for into ``mmdet_msrcnn/.mim``.

    A wheel gets copies; an editable installation gets links, so that its
    configs are those of the tree.
    """

    def run(self) -> None:
        super().run()
        base = root if self.editable_mode else Path(self.build_lib)
        mim = base / 'mmdet_msrcnn/.mim'
        if mim.exists():
            shutil.rmtree(mim)
        mim.mkdir(parents=True)
        for name in MIM:
            if self.editable_mode:
                (mim / name).symlink_to(root.resolve() / name)
            elif (root / name).is_dir():
                skip = shutil.ignore_patterns('__pycache__')
                shutil.copytree(root / name, mim / name, ignore=skip)
            else:
                shutil.copy(root / name, mim / name)


setup(cmdclass={'build_py': BuildPy})
