"""Versions and hardware that measurements depend on."""

import platform
from importlib import import_module

import torch

PACKAGES = ('torch', 'mmcv', 'mmengine', 'mmdet', 'numpy', 'mmdet_msrcnn')


def environment() -> dict[str, str | int]:
    """Collect versions, device and threads, but nothing that names a host.

    Returns:
        dict: Versions of Python and the packages by name, ``device`` and
        ``threads``.
    """
    cuda = torch.cuda.is_available()
    return dict(
        python=platform.python_version(),
        **{name: import_module(name).__version__ for name in PACKAGES},
        device=torch.cuda.get_device_name() if cuda else platform.machine(),
        threads=torch.get_num_threads(),
    )
