"""Images that are held back from the training."""

import json
import sys

import pytest

from tests.helpers import load_tool

split_coco = load_tool('datasets/split_coco')
CONTENT = dict(
    info=dict(version='1'),
    images=[
        dict(id=7 * i, file_name=f'{i}.png', height=9, width=9)
        for i in range(10)
    ],
    annotations=[
        dict(id=i, image_id=7 * (i % 10), category_id=1, bbox=[0, 0, 5, 5])
        for i in range(1, 31)
    ],
    categories=[dict(id=1, name='a')],
)


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'ann.json').write_text(json.dumps(CONTENT))

    def call(*arguments):
        command = ['split_coco.py', *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', command)
        split_coco.main()

    return call


def read(path):
    with open(path) as file:
        return json.load(file)


def test_every_image_is_in_one_part_with_its_annotations(run, capsys):
    run('ann.json', 0.2, 'fit.json', 'held.json')
    fit, held = read('fit.json'), read('held.json')
    assert len(held['images']) == 2
    assert (
        'Wrote held.json: 2 images, 6 annotations' in capsys.readouterr().out
    )
    for name in ('images', 'annotations'):
        both = sorted(fit[name] + held[name], key=lambda one: one['id'])
        assert both == CONTENT[name]
    for part in (fit, held):
        img_ids = {image['id'] for image in part['images']}
        assert {ann['image_id'] for ann in part['annotations']} == img_ids
        assert part['categories'] == CONTENT['categories']
        assert part['info'] == CONTENT['info']


def test_the_seed_decides(run):
    for seed, name in ((0, 'a'), (0, 'b'), (1, 'c')):
        run('ann.json', 0.5, 'fit.json', f'{name}.json', '--seed', seed)
    assert read('a.json') == read('b.json') != read('c.json')


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('ann.json', 0.01, 'fit.json', 'held.json'), '10 images are 0; each'),
        (('ann.json', 0.99, 'fit.json', 'held.json'), '10 images are 10;'),
        (('ann.json', 0.2, 'ann.json', 'held.json'), 'is an input'),
        (('ann.json', 0.2, 'a.json', 'a.json'), 'both parts'),
        (('none.json', 0.2, 'fit.json', 'held.json'), 'none.json'),
        (('ann.json', 1.5, 'fit.json', 'held.json'), '2'),
        (('ann.json', 0.2, 'a.json', 'b.json', '--seed', -1), '2'),
    ],
)
def test_what_is_wrong_is_said(run, tmp_path, arguments, message):
    with pytest.raises(SystemExit, match=message):
        run(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ['ann.json']
    assert read('ann.json') == CONTENT
