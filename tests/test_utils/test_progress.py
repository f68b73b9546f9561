"""Lines that say what a program is doing."""

from mmdet_msrcnn.utils import progress
from mmdet_msrcnn.utils.progress import report_step, track_long


def test_standard_output_stays_free(capsys):
    report_step('Matching')
    assert capsys.readouterr() == ('', 'Matching\n')


def test_progress_is_shown_only_if_it_takes_long(monkeypatch, capsys):
    assert list(track_long([3, 1, 2], 'Counting')) == [3, 1, 2]
    assert capsys.readouterr() == ('', '')
    now = iter(range(0, 1000, 6))
    monkeypatch.setattr(progress.time, 'monotonic', lambda: next(now))
    # A name of the user, which is no markup
    text = 'Counting A [/TTA] [bold]'
    assert list(track_long([3, 1, 2], text)) == [3, 1, 2]
    printed = capsys.readouterr()
    assert printed.out == ''
    assert text in printed.err
