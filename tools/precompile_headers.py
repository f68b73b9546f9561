"""Precompile the headers of torch, to build mmcv's ops in a third of the time.

    CFLAGS='-O3 -g0' python tools/precompile_headers.py HEADER
    CFLAGS='-O3 -g0 -include HEADER' pip install --no-build-isolation mmcv

Each of mmcv's 77 sources includes them. GCC reads HEADER.gch in their place
where its flags are the same, and HEADER otherwise.
"""

import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

from torch.utils.cpp_extension import get_cxx_compiler, include_paths

CONTENT = '#include <torch/types.h>\n'
# mmcv's setup.py chooses it.
STANDARD = '-std=c++17'


def precompile_command(header: Path) -> list[str]:
    """Make the command that precompiles a header.

    Args:
        header (Path): The header.

    Returns:
        list[str]: Command with the flags of an extension of torch, and with
        ``CFLAGS`` of the environment.
    """
    # Python 3.12 has it from setuptools, which torch imports.
    from distutils.ccompiler import new_compiler
    from distutils.sysconfig import customize_compiler

    compiler = new_compiler()
    customize_compiler(compiler)
    folders = [*include_paths(), sysconfig.get_paths()['include']]
    return [
        *shlex.split(get_cxx_compiler()),
        *compiler.compiler_so[1:],
        *(f'-I{folder}' for folder in folders),
        STANDARD,
        '-w',
        *('-x', 'c++-header', str(header), '-o', f'{header}.gch'),
    ]


if __name__ == '__main__':
    path = Path(sys.argv[1])
    path.write_text(CONTENT)
    # Without the precompiled file, the build takes longer and is the same.
    subprocess.run(precompile_command(path), check=False)
