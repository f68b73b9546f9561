"""mmdet's tools/train.py, which also works with torchrun without a GPU.

See ``--help`` for its arguments.
"""

from mmdet_msrcnn.compat.mmdet_tools import run_mmdet_tool

if __name__ == '__main__':
    run_mmdet_tool('train.py')
