"""The report as one file of HTML."""

import base64
import json
import re
import shutil
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.html_report import as_script, picture
from mmdet_msrcnn.analysis.report import evaluate
from mmdet_msrcnn.analysis.report_folder import write_report
from tests.test_evaluation.coco_cases import SIZE


class Page(HTMLParser):
    """Collects the attributes that load something, and the cells."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.cells: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.loaded += [found[k] for k in ('src', 'href') if k in found]

    def handle_data(self, data):
        if self.tags and self.tags[-1] in ('td', 'th'):
            self.cells.append(data.strip())


def rows_of(text: str) -> list[dict]:
    """The gallery in a page."""
    return json.loads(re.search(r'id="rows">(.*?)</script>', text, re.S)[1])


@pytest.fixture(scope='module')
def images(protocol_case, tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    for image in protocol_case[0].dataset['images']:
        picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
        cv2.imwrite(str(folder / image['file_name']), picture)
    return folder


@pytest.fixture(scope='module')
def report(protocol_case, images, tmp_path_factory):
    """Folder of a report, whose model has a name of HTML."""
    coco, detections, protocol = protocol_case
    samples = resample_images(8, 2)
    evaluations = {
        name: evaluate(coco, detections, protocol, samples)
        for name in ('<b>a</b></script>', 'b')
    }
    out = tmp_path_factory.mktemp('report')
    write_report(out, coco, evaluations, images, num_overlays=1)
    return out


def test_nothing_is_loaded_from_elsewhere(report):
    text = (report / 'report.html').read_text()
    page = Page()
    page.feed(text)
    assert page.loaded == []
    outside_plotly = re.sub(
        r'<script>.*?</script>', '', text, count=1, flags=re.S
    )
    assert not re.search(r'https?://', outside_plotly)
    assert 'cdn' not in outside_plotly


def test_names_are_text(report):
    text = (report / 'report.html').read_text()
    assert '<b>a</b>' not in text
    assert '&lt;b&gt;a&lt;/b&gt;&lt;/script&gt;' in text


def test_the_gallery_is_that_of_the_json(report):
    text = (report / 'report.html').read_text()
    rows = rows_of(text)
    content = json.loads((report / 'report.json').read_text())
    expected = [
        dict(row, model=model)
        for model, gallery in content['gallery'].items()
        for row in gallery
    ]
    pictures = [row.pop('picture') for row in rows]
    assert rows == expected
    assert len(rows) > 20
    for url in pictures[:3]:
        head, _, data = url.partition(',')
        assert head == 'data:image/jpeg;base64'
        image = cv2.imdecode(
            np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR
        )
        assert max(image.shape) <= 240


def test_numbers_are_those_of_the_markdown(report):
    page = Page()
    page.feed((report / 'report.html').read_text())
    markdown = (report / 'report.md').read_text()
    row = next(line for line in markdown.splitlines() if line[:4] == '| b ')
    for cell in row.strip('|').split('|')[1:]:
        assert cell.strip() in page.cells


def test_script_cannot_be_left():
    text = as_script(['</script><b>', 'ü'])
    assert '<' not in text
    assert json.loads(text) == ['</script><b>', 'ü']


def test_missed_instances_have_no_red(protocol_case, images):
    coco, detections, _ = protocol_case
    ann = next(iter(coco.anns.values()))
    sources = dict(missed=ann, background=detections[0])
    for kind, source in sources.items():
        row = dict(kind=kind, source=source)
        data = picture(coco, row, images).partition(',')[2]
        image = cv2.imdecode(
            np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR
        ).astype(int)
        red = (image[..., 2] > 180) & (image[..., 1] < 120)
        assert red.any() == (kind == 'background')
        green = (image[..., 1] > 170) & (image[..., 2] < 130)
        assert green.any() or kind == 'background'


def test_without_images_there_are_no_pictures(protocol_case, tmp_path):
    coco, detections, protocol = protocol_case
    one = evaluate(coco, detections, protocol, resample_images(8, 2))
    write_report(tmp_path, coco, {'a': one})
    text = (tmp_path / 'report.html').read_text()
    rows = rows_of(text)
    assert rows
    assert not any('picture' in row for row in rows)
    assert 'No pictures: run again with --img-dir.' in text
    assert 'Mask in red' not in text


def test_other_iou_thresholds_have_no_gallery(protocol_case, tmp_path):
    coco, detections, protocol = protocol_case
    protocol = dict(protocol, iou_thrs=[0.6])
    one = evaluate(coco, detections, protocol, resample_images(8, 2))
    write_report(tmp_path, coco, {'a': one})
    text = (tmp_path / 'report.html').read_text()
    assert 'id="rows"' not in text
    assert json.loads((tmp_path / 'report.json').read_text())['errors'] == {}


@pytest.fixture(scope='module')
def browser():
    """Chromium without a screen."""
    selenium = pytest.importorskip('selenium', reason='it drives the browser')
    chromium, driver = map(shutil.which, ('chromium', 'chromedriver'))
    if not chromium or not driver:
        pytest.skip('needs chromium and chromedriver, to open the report')
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = chromium
    for argument in ('--headless', '--no-sandbox', '--disable-gpu'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', dict(browser='ALL'))
    assert selenium
    chrome = Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


@pytest.mark.slow
def test_filters_in_a_browser(browser, report):
    from selenium.webdriver.support.ui import Select

    rows = rows_of((report / 'report.html').read_text())
    browser.get((report / 'report.html').as_uri())

    def cards():
        return browser.find_elements('class name', 'card')

    assert len(cards()) == min(len(rows), 60)
    browser.find_element('id', 'more').click()
    assert len(cards()) == min(len(rows), 120)
    for filters in (
        dict(kind='duplicate'),
        {'kind': 'missed', 'class': 'class1'},
        {'model': 'b', 'kind': 'poor mask', 'class': 'class2'},
    ):
        for name in ('model', 'class', 'kind'):
            select = Select(browser.find_element('id', name))
            select.select_by_value(filters.get(name, ''))
        expected = [
            row
            for row in rows
            if all(row[name] == value for name, value in filters.items())
        ]
        assert expected
        found = cards()
        assert len(found) == len(expected)
        shown = browser.find_element('id', 'count').text
        assert shown == f'{len(expected)} found, {len(expected)} shown'
        texts = sorted(card.text.splitlines()[0] for card in found)
        assert texts == sorted(f'{r["kind"]}: {r["class"]}' for r in expected)
    # Four plots, and no error of a script.
    assert len(browser.find_elements('class name', 'main-svg')) >= 4
    assert [
        e for e in browser.get_log('browser') if e['level'] == 'SEVERE'
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize('width', [1280, 400])
def test_the_page_fits_its_window(browser, report, width):
    # A window of Chromium cannot be that narrow.
    browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        dict(width=width, height=900, deviceScaleFactor=1, mobile=False),
    )
    browser.get((report / 'report.html').as_uri())
    size = browser.execute_script(
        'return [document.documentElement.scrollWidth, window.innerWidth]'
    )
    plots = browser.find_elements('css selector', '.plots > div')
    for plot in plots:
        svg = plot.find_element('class name', 'main-svg')
        assert svg.size['width'] <= plot.size['width'] + 1
    assert size[0] <= size[1] == width
