"""Packaging. Imports neither torch nor mmcv, so that it runs before them."""

import re
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
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
    packages=find_packages(include=['mmdet_msrcnn', 'mmdet_msrcnn.*']),
    python_requires='>=3.10',
    # mmcv is left out: pip would build it in isolation, without its ops.
    install_requires=[
        'torch>=2.6,<2.14',
        'mmengine>=0.10.4,<0.11',
        'mmdet>=3.3.0,<3.4',
        'numpy>=1.26',
        'packaging',
        'pycocotools>=2.0.7',
        'scipy>=1.11',
        'matplotlib>=3.8',
        'opencv-python',
        'rich',
        'setuptools<81',
    ],
    extras_require={
        'demo': ['scikit-learn>=1.4'],
        'dev': ['pytest', 'ruff', 'scikit-learn>=1.4'],
    },
)
