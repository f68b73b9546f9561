"""Lines that say what a program is doing."""

from mmdet_msrcnn.utils.progress import report_step


def test_standard_output_stays_free(capsys):
    report_step('Matching')
    assert capsys.readouterr() == ('', 'Matching\n')
