"""Arguments of a release, and the image that it compares on.

The files that it writes are tested with tools/publish_model.py.
"""

import pytest
from mmengine.config import Config

from mmdet_msrcnn.lab.model_zoo import release


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'report.json'
    path.touch()
    return path


def test_arguments_that_go_together(file):
    release.check((file, file, None), None, False)
    release.check((file, file, file), 'https://host/zoo', True)


@pytest.mark.parametrize(
    ('url', 'zoo', 'message'),
    [
        ('ftp://host', False, r'ftp://host is not a URL'),
        ('https://a host', False, 'have no spaces'),
        (None, True, '--zoo-dir needs --url'),
    ],
)
def test_arguments_that_do_not(file, url, zoo, message):
    with pytest.raises(ValueError, match=message):
        release.check((file,), url, zoo)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r'b\.json does not exist'):
        release.check((None, tmp_path / 'b.json'), None, False)


@pytest.mark.parametrize('wrapped', [False, True])
def test_first_image_of_the_test_set(tmp_path, wrapped):
    data = dict(
        ann_file='a.json', data_root=str(tmp_path), data_prefix=dict(img='val')
    )
    if wrapped:
        data = dict(type='RepeatDataset', dataset=data)
    cfg = Config(dict(test_dataloader=dict(dataset=data)))
    (tmp_path / 'val').mkdir()
    with pytest.raises(ValueError, match='val has no images; choose one with'):
        release.test_image(cfg)
    for name in ('b.png', 'a.JPG', 'notes.txt'):
        (tmp_path / 'val' / name).touch()
    assert release.test_image(cfg) == tmp_path / 'val/a.JPG'
