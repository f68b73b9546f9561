"""Types of command-line arguments."""

import argparse

import pytest

from mmdet_msrcnn.utils.arguments import natural, positive, score_thr


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    parser.add_argument('--num', type=positive)
    return parser


@pytest.mark.parametrize(('text', 'number'), [('1', 1), ('007', 7)])
def test_a_number(parser, text, number):
    assert parser.parse_args([f'--num={text}']).num == number


@pytest.mark.parametrize(
    'text', ['0', '00', '-1', '+1', '1.0', '1e3', '1_000', '', ' 1', 'a', '²']
)
def test_what_is_none_is_named(parser, text, capsys):
    with pytest.raises(SystemExit):
        parser.parse_args([f'--num={text}'])
    message = 'argument --num: must be a whole number of at least 1, got '
    assert f'{message}{text}\n' in capsys.readouterr().err


def test_a_number_that_may_be_0():
    assert natural('0') == 0
    assert natural('12') == 12
    with pytest.raises(argparse.ArgumentTypeError, match='least 0, got -1'):
        natural('-1')


@pytest.mark.parametrize(
    ('text', 'value'), [('0', 0), ('0.25', 0.25), ('1', 1), ('auto', 'auto')]
)
def test_score_threshold(text, value):
    assert score_thr(text) == value


@pytest.mark.parametrize('text', ['-0.1', '1.1', 'nan', 'inf', 'Auto', ''])
def test_other_score_thresholds_are_named(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f'got {text}'):
        score_thr(text)
