"""Packaging. Imports neither torch nor mmcv, so that it runs before them."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
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


version = re.search(
    r"__version__ = '(.+)'", (root / 'mmdet_msrcnn/version.py').read_text()
).group(1)

setup(
    name='mmdet_msrcnn',
    version=version,
    description='Mask Scoring R-CNN as a plug-in for MMDetection 3.x',
    long_description=(root / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    author='The mmdet_msrcnn authors',
    keywords='instance segmentation, Mask Scoring R-CNN, MMDetection',
    cmdclass={'build_py': BuildPy},
    packages=find_packages(include=['mmdet_msrcnn', 'mmdet_msrcnn.*']),
    # mmcv 2.1.0 does not build on 3.13.
    python_requires='>=3.10,<3.13',
    # mmcv is left out: pip would build it in isolation, without its ops.
    install_requires=[
        'torch>=2.6,<2.14',
        'mmengine>=0.10.4,<0.11',
        'mmdet>=3.3.0,<3.4',
        'numpy>=1.26',
        'packaging',
        'pyyaml',
        'pycocotools>=2.0.7',
        'scipy>=1.11',
        'matplotlib>=3.8',
        'opencv-python',
        'rich',
        'setuptools>=64,<81',
    ],
    extras_require={
        'demo': ['scikit-learn>=1.4'],
        'cityscapes': ['cityscapesscripts>=2.3.0'],
        'lvis': ['lvis>=0.5.3'],
        'onnx': ['onnx', 'onnxruntime', 'onnxscript'],
        'dev': [
            'hypothesis',
            'pytest',
            'pytest-xdist',
            'ruff',
            'scikit-learn>=1.4',
        ],
    },
)
