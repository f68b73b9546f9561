"""Loading by mmdet's pipeline and by ours."""

from mmdet_msrcnn.lab.benchmarks import loading
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_loading(source):
    rows = loading.measure_loading(source, 1)
    assert_printable(rows, loading.COLUMNS)
    assert [row['pipeline'] for row in rows] == list(loading.PIPELINES)
    # Images of five and of three instances.
    assert {row['instances'] for row in rows} == {4}
    assert {row['differences'] for row in rows} == {0}


def test_the_densest_images_come_first(source):
    assert loading.densest(source._replace(num=1)) == [2]
