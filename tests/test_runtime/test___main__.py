"""The command line."""

import io
import json
import re
import subprocess
import sys

import cv2
import pytest
from msrcnn_runtime import __main__ as runtime
from msrcnn_runtime.__main__ import main

from tests.helpers import ROOT
from tests.test_runtime.conftest import write_model


def test_a_folder(model, photos, tmp_path, capsys):
    out = tmp_path / 'out'
    main([str(photos), str(model), '--out-dir', str(out)])
    assert f'{photos / "a.jpg"}: 2 detections' in capsys.readouterr().out
    names = sorted(path.name for path in out.iterdir())
    assert names == ['a.jpg.png', 'b.png.png', 'detections.json']
    assert cv2.imread(str(out / 'b.png.png')).shape == (80, 160, 3)
    found = json.loads((out / 'detections.json').read_text())
    assert [image['file_name'] for image in found['images']] == [
        'a.jpg',
        'b.png',
    ]
    assert len(found['annotations']) == 4


def test_an_image(model, photos, tmp_path):
    # As a user starts it
    command = '-m', 'msrcnn_runtime', photos / 'b.png', model
    done = subprocess.run(
        [sys.executable, *command, '--out-dir', tmp_path, '--threads', '1'],
        check=True,
        capture_output=True,
        text=True,
    )
    assert 'b.png: 2 detections' in done.stdout
    assert (tmp_path / 'b.png.png').is_file()


def test_only_good_masks_are_drawn(model, photos, tmp_path):
    out = tmp_path / 'out'
    image, arguments = photos / 'b.png', ('--out-dir', str(out))
    main([str(image), str(model), *arguments, '--min-score', '0.9'])
    drawn, original = (
        cv2.imread(str(out / 'b.png.png')),
        cv2.imread(str(image)),
    )
    assert (drawn == original).all()


def test_an_image_that_is_not_read_does_not_stop_the_others(
    model, photos, tmp_path
):
    (photos / 'a0.png').write_bytes(b'no image')
    out = tmp_path / 'out'
    with pytest.raises(SystemExit, match='a0.png is not an image'):
        main([str(photos), str(model), '--out-dir', str(out)])
    found = json.loads((out / 'detections.json').read_text())
    assert len(found['images']) == 2


def test_the_images_are_not_overwritten(model, photos, capsys):
    content = (photos / 'b.png').read_bytes()
    for images in (photos, photos / 'b.png'):
        with pytest.raises(SystemExit, match='is the folder of the images'):
            main([str(images), str(model), '--out-dir', str(photos)])
    assert (photos / 'b.png').read_bytes() == content
    assert len([*photos.iterdir()]) == 3


def test_the_annotations_are_not_overwritten(model, photos, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    ann = out / 'detections.json'
    ann.write_text('corrected')
    linked = tmp_path / 'linked.json'
    linked.symlink_to(ann)
    for path in (ann, linked):
        command = [str(photos), str(model), '--out-dir', str(out)]
        with pytest.raises(SystemExit, match='--ann .* would be overwritten'):
            main([*command, '--ann', str(path)])
    assert ann.read_text() == 'corrected'


def test_what_is_found_before_an_interruption_is_kept(
    model, photos, tmp_path, monkeypatch
):
    draw, calls = runtime.draw, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return draw(*args)

    monkeypatch.setattr(runtime, 'draw', interrupted)
    out = tmp_path / 'out'
    with pytest.raises(SystemExit, match='msrcnn-detect: interrupted'):
        main([str(photos), str(model), '--out-dir', str(out)])
    found = json.loads((out / 'detections.json').read_text())
    assert [image['file_name'] for image in found['images']] == ['a.jpg']


def test_names_that_cannot_be_written_or_printed(
    model, photos, tmp_path, monkeypatch
):
    image = (photos / 'b.png').read_bytes()
    (photos / ('n' * 251 + '.png')).write_bytes(image)
    (photos / 'ü.png').write_bytes(image)
    printed = io.TextIOWrapper(io.BytesIO(), encoding='ascii')
    monkeypatch.setattr('sys.stdout', printed)
    out = tmp_path / 'out'
    with pytest.raises(SystemExit, match='nn.png.png was not written: File'):
        main([str(photos), str(model), '--out-dir', str(out)])
    found = json.loads((out / 'detections.json').read_text())
    assert len(found['images']) == 3
    assert not [*out.glob('.*')]


@pytest.mark.parametrize('score', ['nan', '-1', '2'])
def test_min_score_is_a_score(model, photos, tmp_path, score, capsys):
    arguments = [str(photos), str(model), '--out-dir', str(tmp_path)]
    with pytest.raises(SystemExit):
        main([*arguments, f'--min-score={score}'])
    assert '--min-score must be in [0, 1]' in capsys.readouterr().err


def test_ids_of_an_annotation_file(photos, tmp_path, monkeypatch):
    """The snippet of the README evaluates; perfect labels have an AP of 1."""
    model = write_model(tmp_path / 'half.onnx', first_row=14)
    out = tmp_path / 'out'
    arguments = [str(photos), str(model), '--out-dir', str(out)]
    main(arguments)
    content = json.loads((out / 'detections.json').read_text())
    images = {1: 70, 2: 60}
    categories = {0: 8, 1: 4}
    for image in content['images']:
        image['id'] = images[image['id']]
    for category in content['categories']:
        category['id'] = categories[category['id']]
    for ann in content['annotations']:
        ann['image_id'] = images[ann['image_id']]
        ann['category_id'] = categories[ann['category_id']]
    content['images'].reverse()
    (tmp_path / 'val.json').write_text(json.dumps(content))
    main([*arguments, '--ann', str(tmp_path / 'val.json')])
    readme = (ROOT / 'runtime/README.md').read_text()
    (snippet,) = [
        text
        for text in re.findall(r'```python\n(.+?)```', readme, re.DOTALL)
        if 'COCOeval' in text
    ]
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(snippet, names)
    assert names['evaluator'].stats[0] == pytest.approx(1)
    # Sizes are those of masks.
    found = names['evaluator'].cocoDt.dataset['annotations']
    areas = [ann['area'] for ann in content['annotations']]
    assert [ann['area'] for ann in found] == areas
    assert areas != [
        ann['bbox'][2] * ann['bbox'][3] for ann in content['annotations']
    ]
    with pytest.raises(SystemExit, match='not an annotation file'):
        main([*arguments, '--ann', str(photos / 'notes.txt')])


def test_output_folder_is_a_file(model, photos, tmp_path):
    arguments = [str(photos), str(model), '--out-dir', str(model)]
    with pytest.raises(SystemExit, match='is a file, not a folder'):
        main(arguments)


def test_messages(model, photos, tmp_path):
    out = '--out-dir', str(tmp_path / 'out')
    with pytest.raises(SystemExit, match='none.onnx does not exist'):
        main([str(photos), str(tmp_path / 'none.onnx'), *out])
    with pytest.raises(SystemExit, match='no file, and no folder'):
        main([str(tmp_path / 'none'), str(model), *out])
    assert not (tmp_path / 'out').exists()
