"""Errors that every rank of a distributed run raises."""

import json
import time
from datetime import timedelta

import pytest
from mmengine.dist import is_main_process

from mmdet_msrcnn.utils.all_ranks import raise_on_all_ranks, run_on_main_rank
from tests.ranks import run_ranks

# What each of two ranks finds, and the message of both.
CASES = {
    'none': ((None, None), 'nothing'),
    'second': ((None, OSError('full')), 'OSError: full'),
    'both': ((ValueError('a'), OSError('b')), 'ValueError: a'),
    'afterwards': ((None, None), 'nothing'),
}


def message(error: Exception | None) -> str:
    try:
        raise_on_all_ranks(error)
    except Exception as raised:
        return f'{type(raised).__name__}: {raised}'
    return 'nothing'


def work(rank, folder):
    found = {
        case: message(errors[rank]) for case, (errors, _) in CASES.items()
    }
    (folder / f'rank{rank}.json').write_text(json.dumps(found))


def test_two_ranks_raise_the_error_of_the_first_that_has_one(tmp_path):
    run_ranks(work, tmp_path, 2)
    expected = {case: said for case, (_, said) in CASES.items()}
    for rank in range(2):
        found = json.loads((tmp_path / f'rank{rank}.json').read_text())
        assert found == expected


def test_a_process_alone_raises_its_own_error():
    raise_on_all_ranks(None)
    own = FloatingPointError('not finite')
    with pytest.raises(FloatingPointError, match='not finite') as raised:
        raise_on_all_ranks(own)
    # With the place where it was found.
    assert raised.value.__cause__ is own


def wait_for_main(rank, folder):
    def write() -> None:
        assert is_main_process()
        # Longer than the collectives of this group wait.
        time.sleep(4)
        (folder / 'written').touch()

    def fail() -> None:
        raise OSError('disk full')

    def fail_with_more() -> None:
        json.loads('{')

    class Local(Exception):
        pass

    def fail_of_no_module() -> None:
        raise Local('no module')

    def fail_otherwise() -> None:
        raise AssertionError('broken image')

    run_on_main_rank(write)
    assert (folder / 'written').is_file()
    with pytest.raises(OSError, match='disk full'):
        run_on_main_rank(fail)
    with pytest.raises(RuntimeError, match='Local: no module'):
        run_on_main_rank(fail_of_no_module)
    # A type that takes more than a message
    with pytest.raises((RuntimeError, ValueError), match='Expecting') as seen:
        run_on_main_rank(fail_with_more)
    assert type(seen.value) is RuntimeError
    assert str(seen.value).startswith('JSONDecodeError: ')
    with pytest.raises(AssertionError, match='broken image'):
        run_on_main_rank(fail_otherwise)
    (folder / f'ended{rank}').touch()


def test_ranks_wait_for_the_main_one_however_long(tmp_path):
    run_ranks(wait_for_main, tmp_path, 2, timeout=timedelta(seconds=2))
    assert (tmp_path / 'ended0').is_file()
    assert (tmp_path / 'ended1').is_file()


def test_a_process_alone_works_itself():
    done = []
    run_on_main_rank(lambda: done.append(1))
    assert done == [1]
    with pytest.raises(ValueError, match='own'):
        run_on_main_rank(fail_alone)


def fail_alone():
    raise ValueError('own')
