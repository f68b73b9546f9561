"""Patches are checked by what their tests do without and with them."""

import re
import subprocess
from functools import partial

import pytest

from mmdet_msrcnn.lab.upstream import patches as module
from mmdet_msrcnn.lab.upstream.commands import run_python
from mmdet_msrcnn.lab.upstream.patches import (
    Finding,
    apply,
    check_patch,
    check_patches,
    copy_of,
    read_patches,
    select,
)
from tests.helpers import ROOT
from tests.test_lab.test_upstream.trees import (
    CODE,
    FIXED,
    TEST,
    write_package,
    write_patch,
)

FOLDER = ROOT / 'docs/upstream'
PAGE = ROOT / 'docs/upstream.md'


@pytest.fixture
def sources(tmp_path):
    return write_package(tmp_path / 'sources')


def check(tmp_path, sources, base='openmmlab', **kwargs) -> Finding:
    patch = write_patch(tmp_path, **kwargs)
    return check_patch(patch, base, copy_of(sources, tmp_path))


def test_fails_before_and_passes_after(tmp_path, sources):
    found = check(tmp_path, sources)
    assert (found.before, found.after) == ('fails', 'passes')
    assert not found.problem
    assert str(found) == (
        'lib-patches/0001-double.patch [openmmlab]: fails before, passes '
        'after. double adds one.'
    )
    assert (sources / 'lib/__init__.py').read_text() == CODE
    assert not (sources / 'tests').exists()


# kwargs of the patch, what the test did before, what the problem is
PROBLEMS = {
    'does not apply': (
        dict(old=CODE.replace('number', 'value')),
        'fails',
        'does not apply: .* Make it again',
    ),
    'passes without the patch': (
        dict(test=TEST.replace('== 6', '> 3')),
        'passes',
        'passes without the patch. Make it show the fault',
    ),
    'is not repaired': (
        dict(new=CODE.replace('+ 1', '* 3')),
        'fails',
        'pytest: .*failed',
    ),
    'does not run': (
        dict(test='from lib import triple\n'),
        'does not run',
        'pytest: .*error',
    ),
    'is in a base that is not named': (
        dict(bases=('onedl',)),
        'fails',
        'Add openmmlab to its bases',
    ),
}


@pytest.mark.parametrize('kind', PROBLEMS)
def test_problem_is_named(tmp_path, sources, kind):
    kwargs, before, problem = PROBLEMS[kind]
    found = check(tmp_path, sources, **kwargs)
    assert found.before == before
    assert re.search(problem, found.problem)
    assert f'PROBLEM: {found.problem}' in str(found)


def test_test_that_does_not_end(tmp_path, sources, monkeypatch):
    monkeypatch.setattr(
        module, 'run_python', partial(run_python, max_seconds=0.01)
    )
    found = check(tmp_path, sources)
    assert found.before == 'times out'
    assert found.problem == 'pytest: stopped after 0.01 s.'


def test_base_without_the_fault_needs_no_patch(tmp_path):
    sources = write_package(tmp_path / 'sources', code=FIXED)
    found = check(tmp_path, sources, base='onedl')
    assert (found.before, found.after) == ('passes', 'not needed')
    assert not found.problem


def test_all_together(tmp_path, sources):
    # Far enough from the function that neither patch has it as context
    longer = CODE + '\n' * 6 + 'NUMBERS = ()\n'
    (sources / 'lib/__init__.py').write_text(longer)
    patches = [
        write_patch(tmp_path, old=longer, new=longer.replace('+ 1', '* 2')),
        write_patch(
            tmp_path,
            '0002-numbers',
            longer,
            longer.replace('()', '(1, 2)'),
            'from lib import NUMBERS\n\n\n'
            'def test_numbers():\n    assert NUMBERS\n',
        ),
    ]
    *each, together = check_patches(patches, 'openmmlab', sources, tmp_path)
    assert [found.after for found in (*each, together)] == ['passes'] * 3
    assert not any(found.problem for found in (*each, together))


def test_patches_that_exclude_each_other(tmp_path, sources):
    other = CODE.replace('number + 1', '2 * number')
    patches = [
        write_patch(tmp_path),
        write_patch(tmp_path, '0002-other', new=other),
    ]
    *each, together = check_patches(patches, 'openmmlab', sources, tmp_path)
    assert not any(found.problem for found in each)
    assert '0002-other.patch does not apply' in together.problem


def test_applies_within_a_repository(tmp_path, sources):
    subprocess.run(['git', 'init', '--quiet', tmp_path], check=True)
    assert apply(write_patch(tmp_path), sources, 'code') == ''
    assert (sources / 'lib/__init__.py').read_text() == FIXED


def test_unknown_base(tmp_path):
    write_patch(tmp_path)
    (tmp_path / 'patches.yml').write_text(
        '[{patch: lib-patches/0001-double.patch, fault: "", bases: [mmlab]}]'
    )
    with pytest.raises(ValueError, match="'mmlab'.* Use 'openmmlab' or"):
        read_patches(tmp_path)


def test_no_table(tmp_path):
    with pytest.raises(FileNotFoundError, match='Run the tool in a clone'):
        read_patches(tmp_path)


def test_patch_without_a_test(tmp_path):
    write_patch(tmp_path, test='')
    (tmp_path / 'patches.yml').write_text(
        '[{patch: lib-patches/0001-double.patch, fault: "", bases: [onedl]}]'
    )
    with pytest.raises(ValueError, match='adds no test. Add a file'):
        read_patches(tmp_path)


def test_select(tmp_path):
    patches = [write_patch(tmp_path), write_patch(tmp_path, '0002-other')]
    assert select(patches, []) == patches
    assert select(patches, [patches[1].path]) == patches[1:]
    with pytest.raises(ValueError, match='0003.* is not in .* Use one of'):
        select(patches, [tmp_path / '0003-no.patch'])


def test_table_has_every_patch():
    table = {patch.path for patch in read_patches(FOLDER)}
    assert table == {*FOLDER.rglob('*.patch')}


@pytest.mark.parametrize('patch', read_patches(FOLDER), ids=lambda p: p.name)
def test_patch_can_be_sent(patch):
    text = patch.path.read_text()
    # Its tests are new files, so that they apply where tests are left out.
    assert text.count('--- /dev/null') == len(patch.tests) == 1
    (subject,) = re.findall(r'^Subject: \[PATCH\] (.*(?:\n .*)?)', text, re.M)
    assert len(' '.join(subject.split())) <= 72
    assert not [line for line in added(text) if len(line) > 79]
    assert f'](upstream/{patch.name})' in PAGE.read_text()


def added(text: str) -> list[str]:
    """Lines that a patch adds."""
    return re.findall(r'^\+(?!\+\+ )(.*)', text, re.MULTILINE)
