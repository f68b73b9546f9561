"""A warning that users can do nothing about."""

import warnings

from mmdet_msrcnn.compat.pkg_resources_warning import (
    ignore_pkg_resources_warning,
)

# As setuptools 80 says it.
TEXT = (
    'pkg_resources is deprecated as an API. '
    'See https://setuptools.pypa.io/en/latest/pkg_resources.html. '
    'The pkg_resources package is slated for removal as early as '
    '2025-11-30. Refrain from using this package or pin to Setuptools<81.'
)
OTHERS = (
    ('another warning', UserWarning),
    ('This use of pkg_resources is deprecated', UserWarning),
    (TEXT, RuntimeWarning),
)


def test_this_one_warning_is_left_out():
    with warnings.catch_warnings(record=True) as before:
        warnings.simplefilter('always')
        warnings.warn(TEXT, UserWarning, stacklevel=1)
    assert len(before) == 1
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        ignore_pkg_resources_warning()
        warnings.warn(TEXT, UserWarning, stacklevel=1)
        for text, kind in OTHERS:
            warnings.warn(text, kind, stacklevel=1)
    found = [(str(warning.message), warning.category) for warning in seen]
    assert found == list(OTHERS)
