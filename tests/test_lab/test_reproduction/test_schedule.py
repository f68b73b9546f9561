"""The runs of a table, with a protocol that trains nothing."""

from types import SimpleNamespace

import pytest
from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction import Recipe, Row, Table, schedule
from mmdet_msrcnn.lab.reproduction.schedule import (
    run_all,
    runs_of,
    runs_of_table,
)

TABLE = Table(
    'Heads',
    (),
    tuple(
        Row(name, name, ()) for name in ('head', 'detector', 'none', 'free')
    ),
)


class Protocol:
    """A shared detector, a head on top, and a head without training."""

    detector = 'detector'
    detector_is_shared = True

    def recipe(self, variant):
        if variant == 'none':
            return None
        train = Config(dict(train_cfg=dict(max_epochs=2)))
        if variant == 'free':
            train = None
        starts = variant != 'detector'
        cache = 'kind' if variant == 'cached' else None
        return Recipe(None, train, Config({}), starts, cache=cache)


def names(runs, folder):
    return [run.folder.relative_to(folder).as_posix() for run in runs]


def test_seeds_and_the_model_that_a_run_starts_from(tmp_path):
    first, second = runs_of('head', Protocol(), tmp_path, 2)
    assert names([first, second], tmp_path) == ['head/seed0', 'head/seed1']
    assert second.recipe.train.randomness == dict(seed=1)
    assert first.recipe.train.randomness == dict(seed=0)
    start = str(tmp_path / 'detector/seed0/train/epoch_2.pth')
    assert first.recipe.train.load_from == start
    assert first.start == second.start
    # One detector for all heads, one test of what is not trained.
    assert len(runs_of('detector', Protocol(), tmp_path, 2)) == 1
    assert len(runs_of('free', Protocol(), tmp_path, 2)) == 1
    assert runs_of('none', Protocol(), tmp_path, 2) == []


def test_heads_of_all_seeds_share_the_cache_of_their_detector(tmp_path):
    runs = runs_of('cached', Protocol(), tmp_path, 2)
    folder = str(tmp_path / 'detector/seed0/feature_cache/kind')
    assert [r.recipe.train.train_cfg.cache_dir for r in runs] == [folder] * 2
    (free,) = runs_of('head', Protocol(), tmp_path, 1)
    assert 'cache_dir' not in free.recipe.train.train_cfg


def test_the_detector_has_a_seed_of_its_own(tmp_path):
    (detector,) = runs_of('detector', Protocol(), tmp_path, 2, 3)
    assert names([detector], tmp_path) == ['detector/seed3']
    assert detector.recipe.train.randomness == dict(seed=3)
    heads = runs_of('head', Protocol(), tmp_path, 2, 3)
    assert names(heads, tmp_path) == ['head/seed0', 'head/seed1']
    assert {head.start.seed for head in heads} == {3}
    runs = runs_of_table(TABLE, 'head', Protocol(), tmp_path, 1, 3)
    assert names(runs, tmp_path) == ['detector/seed3', 'head/seed0']


def test_what_others_start_from_comes_first_and_once(tmp_path):
    runs = runs_of_table(TABLE, None, Protocol(), tmp_path, 2)
    assert names(runs, tmp_path) == [
        'detector/seed0',
        'head/seed0',
        'head/seed1',
        'free/seed0',
    ]
    (detector, free) = runs_of_table(TABLE, 'free', Protocol(), tmp_path, 2)
    assert (detector.variant, free.variant) == ('detector', 'free')


def test_other_systems_are_not_run(tmp_path):
    rows = Row('MNC', None, (), 'https://a'), Row('free', 'free', ())
    table = Table('Systems', (), rows)
    runs = runs_of_table(table, None, Protocol(), tmp_path, 1)
    assert names(runs, tmp_path) == ['detector/seed0', 'free/seed0']


class FromAnother(Protocol):
    """A variant that starts from another one than the detector."""

    def recipe(self, variant):
        recipe = super().recipe('detector')
        start = 'large' if variant == 'fine-tuned' else None
        return recipe._replace(start=start)


def test_training_can_start_from_another_variant(tmp_path):
    runs = runs_of_table(
        Table('', (), (Row('', 'fine-tuned', ()),)),
        None,
        FromAnother(),
        tmp_path,
        2,
    )
    assert names(runs, tmp_path) == [
        'large/seed0',
        'fine-tuned/seed0',
        'fine-tuned/seed1',
    ]
    start = str(tmp_path / 'large/seed0/train/epoch_2.pth')
    assert runs[2].recipe.train.load_from == start


@pytest.mark.parametrize('submit', [None, 'segm', 'bbox'])
def test_a_failure_is_kept_and_the_others_go_on(
    monkeypatch, tmp_path, capsys, submit
):
    runs = [
        SimpleNamespace(
            variant=name, seed=0, folder=tmp_path / name, is_complete=done
        )
        for name, done in (('a', True), ('b', False), ('c', False))
    ]
    done, sent = [], []

    def execute(run, tools, gpus):
        done.append((run.variant, tools, gpus))
        if run.variant == 'b':
            raise RuntimeError('no space')

    monkeypatch.setattr(schedule, 'execute', execute)
    monkeypatch.setattr(
        schedule,
        'write_submission',
        lambda run, tools, gpus, kind: sent.append((run.variant, kind)),
    )
    failures = run_all(runs, tmp_path, 3, submit)
    assert failures == {'b': 'RuntimeError: no space'}
    assert done == [(name, tmp_path, 3) for name in 'abc']
    assert sent == ([('a', submit), ('c', submit)] if submit else [])
    out = capsys.readouterr().out
    assert '[1/3] a, seed 0' in out
    assert (', complete' in out) == (submit is None)
    assert 'RuntimeError: no space' in out
