"""A cache is written whole or not at all, and read as it was written."""

import pytest
import torch

from mmdet_msrcnn.feature_cache.storage import Storage, new_cache
from mmdet_msrcnn.utils.locks import locked

KEY = dict(checkpoint='abc', views=[1])


def image(num, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return dict(
        feats=torch.rand(num, 2, 3, generator=generator).half(),
        labels=torch.randint(5, (num,), generator=generator),
        trained=torch.rand(num, generator=generator) > 0.5,
    )


def write(folder, images, max_gb=1.0):
    with new_cache(folder, max_gb, KEY) as writer:
        for fields in images:
            writer.add(fields)


@pytest.mark.parametrize('counts', [(3, 0, 2), (0, 1), (0,)])
def test_what_is_read_is_what_was_written(tmp_path, counts):
    images = [image(num, seed) for seed, num in enumerate(counts)]
    write(tmp_path / 'a/cache', images)
    storage = Storage(tmp_path / 'a/cache')
    assert storage.key == KEY
    assert len(storage) == len(counts)
    for index, fields in enumerate(images):
        found = storage.read(index)
        assert {*found} == {*fields}
        for name, value in fields.items():
            assert found[name].dtype == value.dtype
            assert torch.equal(found[name], value), name
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['cache']


def test_what_is_read_can_be_changed(tmp_path):
    write(tmp_path / 'cache', [image(3)])
    storage = Storage(tmp_path / 'cache')
    storage.read(0)['labels'].zero_()
    assert torch.equal(storage.read(0)['labels'], image(3)['labels'])


def test_the_limit_is_kept_and_nothing_stays(tmp_path):
    # 12 + 8 + 1 bytes a RoI
    images = [image(1000), image(1000)]
    write(tmp_path / 'fits', images, max_gb=42e-6)
    with pytest.raises(ValueError, match=r'max_gb=4.1e-05 after 1 images'):
        write(tmp_path / 'cache', images, max_gb=41e-6)
    assert not (tmp_path / 'cache').exists()
    assert not [*tmp_path.rglob('.cache-partial/*.bin')]
    # and it can be tried again
    write(tmp_path / 'cache', images)
    assert len(Storage(tmp_path / 'cache')) == 2


def test_an_interrupted_cache_is_written_anew(tmp_path):
    partial = tmp_path / '.cache-partial'
    partial.mkdir()
    (partial / 'feats.bin').write_bytes(b'old')
    (partial / 'other.bin').write_bytes(b'old')
    write(tmp_path / 'cache', [image(2)])
    names = {path.name for path in (tmp_path / 'cache').iterdir()}
    assert names == {'feats.bin', 'labels.bin', 'trained.bin', 'index.json'}


def test_two_processes_do_not_write_one_cache(tmp_path):
    partial = tmp_path / '.cache-partial'
    partial.mkdir()
    with (
        locked(partial),
        pytest.raises(RuntimeError, match='another process'),
    ):
        write(tmp_path / 'cache', [image(2)])


@pytest.mark.parametrize('damage', ['shorter', 'longer', 'gone'])
def test_a_damaged_file_is_named(tmp_path, damage):
    write(tmp_path / 'cache', [image(2)])
    path = tmp_path / 'cache/labels.bin'
    if damage == 'gone':
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes(content[:-1] if damage == 'shorter' else content * 2)
    with pytest.raises(ValueError, match=r'labels.bin should have 16 bytes'):
        Storage(tmp_path / 'cache')


def test_files_of_others_are_not_lost(tmp_path):
    (tmp_path / 'cache').mkdir()
    (tmp_path / 'cache/mine.txt').touch()
    with pytest.raises(FileExistsError, match='has files, but no index.json'):
        write(tmp_path / 'cache', [image(2)])
    assert (tmp_path / 'cache/mine.txt').is_file()
