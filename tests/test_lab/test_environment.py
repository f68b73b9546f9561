"""Versions and hardware that measurements depend on."""

import importlib
import os
import platform
import socket
import sys

import pytest
import torch

from mmdet_msrcnn.lab.environment import environment


@pytest.mark.parametrize(
    'package', ['torch', 'mmcv', 'mmengine', 'mmdet', 'numpy', 'mmdet_msrcnn']
)
def test_versions_are_those_that_packages_say(package):
    expected = importlib.import_module(package).__version__
    # The local part says how a package was built: 2.6.0+cpu.
    found = environment()[package].partition('+')[0]
    assert found == str(expected).partition('+')[0]


def test_python_and_threads():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        found = environment()
    finally:
        torch.set_num_threads(before)
    assert found['threads'] == before + 1
    assert found['python'] == '.'.join(map(str, sys.version_info[:3]))


def test_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert environment()['device'] == os.uname().machine
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda: 'NVIDIA A')
    assert environment()['device'] == 'NVIDIA A'


def test_nothing_names_the_machine():
    values = {str(value) for value in environment().values()}
    assert values.isdisjoint({socket.gethostname(), platform.node()})
