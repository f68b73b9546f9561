"""Quiet libraries."""

import sys

import pytest
from pycocotools.coco import COCO

from mmdet_msrcnn.compat.silence import silence


def create_index() -> None:
    coco = COCO()
    coco.dataset = dict(images=[], annotations=[], categories=[])
    coco.createIndex()


def test_pycocotools_prints_nothing(capsys):
    create_index()
    assert 'index created!' in capsys.readouterr().out
    with silence():
        create_index()
        print('an error', file=sys.stderr)
    said = capsys.readouterr()
    assert said.out == ''
    # Errors are not hidden.
    assert said.err == 'an error\n'


def test_printing_goes_on_also_after_an_error(capsys):
    with pytest.raises(ValueError, match='a'), silence():
        print('hidden')
        raise ValueError('a')
    with silence(), silence():
        print('hidden')
    print('shown')
    assert capsys.readouterr().out == 'shown\n'
