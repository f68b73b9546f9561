"""The precompiled header fits the flags of torch's extensions."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.helpers import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which('g++') is None, reason='needs g++, which reads the header'
)
SCRIPT = ROOT / 'tools/precompile_headers.py'
# As setup.py of mmcv.
SETUP = """
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension
args = dict(cxx=['-std=c++17'])
setup(
    name='one',
    ext_modules=[CppExtension('_ext', ['one.cpp'], extra_compile_args=args)],
    cmdclass=dict(build_ext=BuildExtension),
)
"""
FLAGS = '-O1 -g0'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An extension of one source, which needs the header's only function."""
    text = SCRIPT.read_text()
    small = re.sub('^CONTENT = .*', "CONTENT = 'int f();'", text, flags=re.M)
    assert small != text
    (tmp_path / 'precompile.py').write_text(small)
    (tmp_path / 'setup.py').write_text(SETUP)
    (tmp_path / 'one.cpp').write_text('int g() { return f(); }')
    monkeypatch.setenv('CFLAGS', FLAGS)
    command = [sys.executable, 'precompile.py', 'all.hpp']
    subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path


def build(folder, flags):
    environment = dict(os.environ, CFLAGS=flags)
    return subprocess.run(
        [sys.executable, '-W', 'ignore', 'setup.py', 'build_ext', '--inplace'],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_the_precompiled_file_is_read_with_the_same_flags(folder):
    header = folder / 'all.hpp'
    assert header.read_text() == 'int f();'
    header.write_text('#error the header was read')
    done = build(folder, f'{FLAGS} -include {header}')
    assert done.returncode == 0, done.stdout
    assert next(folder.glob('_ext*.so'))


def test_the_header_is_read_with_other_flags(folder):
    done = build(folder, f'-O0 -g0 -include {folder}/all.hpp')
    assert done.returncode == 0, done.stdout
    (folder / 'all.hpp').write_text('#error the header was read')
    os.utime(folder / 'one.cpp')
    done = build(folder, f'-O0 -g0 -include {folder}/all.hpp')
    assert 'the header was read' in done.stdout + done.stderr
