"""The mutations of tests/mutations.py fit the current code."""

import pytest

from tests.helpers import ROOT
from tests.mutations import failed_test, mutate, read_tables

MUTATIONS = read_tables()


@pytest.mark.parametrize('name', MUTATIONS)
def test_a_mutation_changes_its_file(name):
    mutation = MUTATIONS[name]
    source = (ROOT / mutation.file).read_text()
    assert mutate(source, mutation) != source
    for test in mutation.tests:
        assert (ROOT / test).is_file()


def test_old_text_that_is_not_found_once_is_named():
    mutation = MUTATIONS['ids-from-0']
    with pytest.raises(ValueError, match=r'0 times in .*truth\.py, not once'):
        mutate('start = 1', mutation)
    with pytest.raises(ValueError, match=r'2 times in .*truth\.py, not once'):
        mutate('f(start=1, start=1)', mutation)


def test_what_fails_is_named(tmp_path):
    file = tmp_path / 'test_one.py'
    file.write_text('def test_one():\n    pass\n')
    assert failed_test(tmp_path, (file.name,)) is None
    file.write_text('def test_one():\n    assert False\n')
    assert failed_test(tmp_path, (file.name,)) == 'test_one.py::test_one'
    file.write_text('import time\n\n\ndef test_one():\n    time.sleep(60)\n')
    assert failed_test(tmp_path, (file.name,), 1) == 'the limit of 1 s'
    with pytest.raises(RuntimeError, match='pytest ended with status 4'):
        failed_test(tmp_path, ('missing.py',))
