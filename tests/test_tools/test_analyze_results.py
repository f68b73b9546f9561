"""The report compared with the evaluation."""

import json
import re
import sys

import pytest

from mmdet_msrcnn.analysis.bootstrap import bootstrap, resample_images
from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.analysis.report import summary
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    mean_precision,
    share_of_gain,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.tables import box_precision
from tests.helpers import load_tool, squeezed
from tests.test_evaluation.coco_cases import random_case

analyze_results = load_tool('analyze_results')


def run(monkeypatch, *arguments) -> None:
    command = ['analyze_results.py', *map(str, arguments)]
    monkeypatch.setattr(sys, 'argv', command)
    analyze_results.main()


@pytest.fixture
def case(tmp_path):
    """Three files: a good and a bad mask score, and none at all."""
    coco, detections = random_case()
    (tmp_path / 'ann.json').write_text(json.dumps(coco.dataset))
    # A class of the annotations that was not trained is not evaluated.
    protocol = dict(cat_ids=[10, 20], img_ids=coco.getImgIds())
    detections = [det for det in detections if det['category_id'] < 30]
    detections = MaskEvaluation(coco, detections, **protocol).detections
    variants = dict(good=[], bad=[], none=[])
    for det in detections:
        for name, mask_iou in (
            ('good', det['true_iou']),
            ('bad', 1 - det['true_iou']),
        ):
            score = dict(mask_iou=mask_iou, mask_score=det['score'] * mask_iou)
            variants[name].append(dict(det, **score))
        keys = ('mask_iou', 'mask_score')
        plain = {k: v for k, v in det.items() if k not in keys}
        variants['none'].append(plain)
    for name, dets in variants.items():
        content = dict(
            protocol,
            max_dets=100,
            iou_thrs=[0.5, 0.75],
            detections=dets,
        )
        (tmp_path / f'{name}.json').write_text(json.dumps(content))
    return coco, protocol, variants, tmp_path


def test_table_differences_and_intervals(case, monkeypatch):
    coco, protocol, variants, folder = case
    run(
        monkeypatch,
        *(f'{name}={folder}/{name}.json' for name in variants),
        f'--ann={folder}/ann.json',
        f'--out-dir={folder}/out',
        '--bootstrap=30',
    )
    report = json.loads((folder / 'out/report.json').read_text())
    aps = {}
    for name, dets in variants.items():
        masks = MaskEvaluation(coco, dets, **protocol, iou_thrs=[0.5, 0.75])
        aps[name] = {
            ranking: mean_precision(masks.precision_by(key)[..., 0])
            for ranking, key in masks.rankings.items()
        }
        row = report['models'][name]['row']
        for ranking, value in aps[name].items():
            assert row[ranking] == pytest.approx(value)
            low, high = report['models'][name]['intervals'][ranking]
            assert low < value < high
    assert list(aps['none']) == ['class_score', 'oracle']
    # One oracle for all heads on the same detections.
    assert aps['none']['oracle'] == aps['good']['oracle']
    assert aps['bad']['oracle'] == aps['good']['oracle']
    assert aps['bad']['starred'] != aps['good']['starred']
    assert aps['bad']['mask_score'] < aps['good']['mask_score']

    bad = report['differences']['bad - good']['row']
    share = {
        name: share_of_gain(*(aps[name][key] for key in GAIN))
        for name in ('good', 'bad')
    }
    assert bad['share'] == pytest.approx(share['bad'] - share['good'])
    assert bad['share'] < 0
    # The same boxes and class scores on the same resamples
    intervals = report['differences']['bad - good']['intervals']
    assert intervals['class_score'] == [0, 0]
    assert 'share' not in report['differences']['none - good']['row']
    text = (folder / 'out/report.md').read_text()
    assert '| none |' in squeezed(text)
    assert '\ngood:\n' in text
    figures = re.findall(r'!\[.+\]\((.+)\)', text)
    # The gallery of rank changes needs the images.
    assert figures == ['score_vs_iou.png', 'precision.png', 'reliability.png']
    assert all((folder / 'out' / figure).exists() for figure in figures)


def arguments_of_good(folder) -> tuple[str, ...]:
    return (
        f'good={folder}/good.json',
        f'--ann={folder}/ann.json',
        f'--out-dir={folder}/out',
        '--bootstrap=2',
    )


def test_steps_are_said_on_standard_error(case, monkeypatch, capsys):
    variants, folder = case[-2:]
    arguments = arguments_of_good(folder)
    run(monkeypatch, *arguments)
    thresholds = (folder / 'out/report.json').rename(folder / 'held.json')
    run(monkeypatch, *arguments, f'--thresholds={thresholds}')
    printed = capsys.readouterr()
    num = len(variants['good'])
    for line in (
        f'Matching {num} detections of good with 4 rankings',
        'Computing the F1 of good at given thresholds',
        'Drawing the figures',
    ):
        assert line in printed.err.splitlines()
        assert line not in printed.out


def test_twin_without_mask_scores_comes_first(case, monkeypatch):
    folder = case[-1]
    run(
        monkeypatch,
        *(f'{name}={folder}/{name}.json' for name in ('none', 'good')),
        f'--ann={folder}/ann.json',
        f'--out-dir={folder}/out',
        '--bootstrap=2',
    )
    assert '\ngood:\n' in (folder / 'out/report.md').read_text()
    assert (folder / 'out/score_vs_iou.png').exists()


def test_thresholds_are_not_overwritten(case, monkeypatch):
    folder = case[-1]
    arguments = arguments_of_good(folder)
    run(monkeypatch, *arguments)
    given = folder / 'out/report.json'
    before = given.read_bytes()
    with pytest.raises(SystemExit, match='report.json is an input'):
        run(monkeypatch, *arguments, f'--thresholds={given}')
    assert given.read_bytes() == before


# arguments, what the message says
@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('good.json',), "NAME=PREFIX.* such as 'MS R-CNN\\+=good.json'"),
        (('a={0}/missing.json',), 'missing.json does not exist'),
        (('a={0}/good.json', 'b={0}/other.json'), 'differ in max_dets'),
        (('a={0}/empty.json',), 'contains no detections'),
        (('a={0}/ann.json',), 'ann.json is not a PREFIX.mask_scores.json'),
        (('a={0}/good.json', 'a={0}/bad.json'), 'must have a different NAME'),
        (
            ('a={0}/good.json', '--out-dir={0}/ann.json'),
            '--out-dir .*ann.json is a file, not a folder',
        ),
        (('a={0}/good.json', '--num-overlays=-1'), '2'),
    ],
)
def test_what_is_wrong_is_named(case, monkeypatch, arguments, message):
    folder = case[-1]
    content = json.loads((folder / 'good.json').read_text())
    for name, change in (
        ('other', dict(max_dets=300)),
        ('empty', dict(detections=[])),
    ):
        changed = json.dumps(content | change)
        (folder / f'{name}.json').write_text(changed)
    with pytest.raises(SystemExit, match=message):
        run(
            monkeypatch,
            f'--ann={folder}/ann.json',
            f'--out-dir={folder}/out',
            *(argument.format(folder) for argument in arguments),
        )
    assert not (folder / 'out').exists()


def test_images_in_another_folder(case, monkeypatch):
    folder = case[-1]
    (folder / 'empty').mkdir()
    with pytest.raises(SystemExit, match='--img-dir must be the folder of'):
        run(
            monkeypatch,
            f'good={folder}/good.json',
            f'--ann={folder}/ann.json',
            f'--img-dir={folder}/empty',
            f'--out-dir={folder}/out',
            '--bootstrap=2',
        )
    # What was computed is kept.
    assert (folder / 'out/report.json').is_file()
    assert not (folder / 'out/report.md').exists()


def write_without(folder, coco, img_ids):
    """Write the annotations without some images and their instances."""
    content = dict(
        coco.dataset,
        images=[i for i in coco.dataset['images'] if i['id'] not in img_ids],
        annotations=[
            ann
            for ann in coco.dataset['annotations']
            if ann['image_id'] not in img_ids
        ],
    )
    (folder / 'fewer.json').write_text(json.dumps(content))


def test_only_images_of_the_annotations_are_evaluated(
    case, monkeypatch, capsys
):
    coco, protocol, variants, folder = case
    write_without(folder, coco, {2, 5, 8})
    for ann in ('ann', 'fewer'):
        run(
            monkeypatch,
            *(f'{name}={folder}/{name}.json' for name in ('good', 'bad')),
            f'--ann={folder}/{ann}.json',
            f'--out-dir={folder}/{ann}',
            '--bootstrap=5',
        )
        printed = capsys.readouterr().out
        line = (
            f'Left out 3 of 8 images of the results: {folder}/fewer.json '
            'does not contain them\n'
        )
        assert printed.startswith(line) == (ann == 'fewer')
        assert ('Left out' in printed) == (ann == 'fewer')
    protocol = dict(protocol, img_ids=[1, 3, 4, 6, 7])
    whole, fewer = (
        json.loads((folder / ann / 'report.json').read_text())['models']
        for ann in ('ann', 'fewer')
    )
    for name in ('good', 'bad'):
        dets = [
            det
            for det in variants[name]
            if det['image_id'] in protocol['img_ids']
        ]
        masks = MaskEvaluation(coco, dets, **protocol, iou_thrs=[0.5, 0.75])
        row = fewer[name]['row']
        assert row['detections'] == len(dets) < len(variants[name])
        for ranking, key in masks.rankings.items():
            expected = mean_precision(masks.precision_by(key)[..., 0])
            assert row[ranking] == pytest.approx(expected)
        for key, expected in masks.iou_statistics().items():
            assert row[key] == pytest.approx(expected)
        boxes = box_precision(coco, dets, **protocol, iou_thrs=[0.5, 0.75])
        expected = mean_precision(boxes[..., 0])
        assert row['box AP'] == pytest.approx(expected)
        assert row['box AP'] != whole[name]['row']['box AP']
        # Only these images are resampled.
        samples = resample_images(len(protocol['img_ids']), 5)
        resampled = bootstrap(masks, samples)
        intervals = summary(Figures(), resampled)['intervals']
        assert fewer[name]['intervals'].keys() == intervals.keys()
        for key, ends in intervals.items():
            assert fewer[name]['intervals'][key] == pytest.approx(ends)


def test_annotations_without_the_images_or_their_detections(case, monkeypatch):
    coco, _, variants, folder = case
    found = {det['image_id'] for det in variants['good']}
    assert found == set(range(1, 9))
    content = json.loads((folder / 'good.json').read_text())
    content['detections'] = [
        det for det in content['detections'] if det['image_id'] > 2
    ]
    (folder / 'partly.json').write_text(json.dumps(content))
    for img_ids, message in (
        (range(1, 9), 'Are these the .*none of the 8 images of the results'),
        (range(3, 9), 'partly has no detections on images of'),
    ):
        write_without(folder, coco, set(img_ids))
        with pytest.raises(SystemExit, match=message):
            run(
                monkeypatch,
                f'good={folder}/good.json',
                f'partly={folder}/partly.json',
                f'--ann={folder}/fewer.json',
                f'--out-dir={folder}/out',
            )
        assert not (folder / 'out').exists()
