"""Programs that read `scores`, with both settings of `rank_by`.

docs/other_programs.md says what each of them shows. Each library is installed
into an environment of its own.
"""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import mmdet
import pytest
import torch
from mmengine.config import Config

from tests.helpers import ROOT, build_model
from tests.test_tools.conftest import CONFIG, workspace  # noqa: F401

pytestmark = pytest.mark.slow
BASE = ROOT / 'configs/demo/ms-rcnn-plus_r18_fpn_freeze_demo.py'
MMDET_TOOLS = Path(mmdet.__file__).parent / '.mim/tools/analysis_tools'
RANKINGS = 'class_score', 'mask_score'

# Prints the scores that a model gives, then what the client has read.
PREDICT = """
import json, sys
import mmdet_msrcnn
from mmdet.apis import inference_detector, init_detector
config, checkpoint, image = sys.argv[1:]
model = init_detector(config, checkpoint, device='cpu')
result = inference_detector(model, image)
pred = result.pred_instances
"""
SHOW = """
print('SCORES', json.dumps([pred.scores.tolist(), seen]))
"""
SUPERVISION = """
import supervision
detections = supervision.Detections.from_mmdetection(result)
assert detections.mask.shape == tuple(pred.masks.shape)
seen = detections.confidence.tolist()
"""
SAHI = """
from sahi import AutoDetectionModel
from sahi.predict import get_prediction, get_sliced_prediction
model = AutoDetectionModel.from_pretrained(
    model_type='mmdet', model_path=checkpoint, config_path=config,
    confidence_threshold=0.0, device='cpu',
)
found = get_prediction(image, model).object_prediction_list
assert found and all(one.mask is not None for one in found)
seen = [one.score.value for one in found]
"""
# The slice is the whole image, so that its scores are known.
SLICED = (
    SAHI
    + """
found = get_sliced_prediction(
    image, model, slice_height=192, slice_width=192, verbose=0,
).object_prediction_list
seen = [one.score.value for one in found]
"""
)
INFERENCER = """
from mmdet.apis import DetInferencer
inferencer = DetInferencer(config, checkpoint, device='cpu')
(found,) = inferencer(image)['predictions']
seen = found['scores']
"""
THRESHOLD = 0.75
CONFUSION = f"""
import importlib.util, json, pickle, sys
import numpy as np
import mmdet_msrcnn
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmdet.registry import DATASETS
tool, config, dump = sys.argv[1:]
spec = importlib.util.spec_from_file_location('tool', tool)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
init_default_scope('mmdet')
dataset = DATASETS.build(Config.fromfile(config).test_dataloader.dataset)
results = pickle.load(open(dump, 'rb'))
scores = np.concatenate([r['pred_instances']['scores'] for r in results])
# Boxes of random heads match by chance.
matrix = tool.calculate_confusion_matrix(
    dataset, results, {THRESHOLD}, tp_iou_thr=1.0
)
kept = int(matrix[-1].sum())
print('SCORES', json.dumps([scores.tolist(), kept]))
"""
TORCHMETRICS = """
import json, sys
import torch
from torchmetrics.detection import MeanAveragePrecision
preds, target = torch.load(sys.argv[1], weights_only=True)
metric = MeanAveragePrecision(iou_type='segm')
metric.update([preds], [target])
print('SCORES', json.dumps(float(metric.compute()['map'])))
"""
# Its database, MongoDB, is not on PyPI. These classes read its import format.
FIFTYONE = """
import json, sys
from fiftyone.utils.coco import COCOObject
annotations, results = sys.argv[1:]
content = json.load(open(annotations))
classes = {cat['id']: cat['name'] for cat in content['categories']}
sizes = {one['id']: (one['width'], one['height']) for one in content['images']}
found = [
    COCOObject.from_anno_dict(result).to_detection(
        sizes[result['image_id']], classes, load_segmentation=True
    )
    for result in json.load(open(results))
]
assert all(one.mask.any() and one.label in classes.values() for one in found)
print('SCORES', json.dumps([one.confidence for one in found]))
"""


@pytest.fixture(scope='module')
def model(workspace):  # noqa: F811
    """A config for each ranking, a checkpoint and an image."""
    folder = workspace.folder
    text = CONFIG.format(base=str(BASE), data=f'{folder}/digits/')
    workspace.config.write_text(text)
    cfg = Config.fromfile(workspace.config)
    state = build_model(cfg).state_dict()
    for name, value in state.items():
        # Scores that differ, in another order by mask score.
        if 'fc_cls.weight' in name:
            value *= 30
        if 'mask_iou_head' in name and name.endswith('bias'):
            value += 0.5
    checkpoint = folder / 'model.pth'
    meta = dict(dataset_meta=dict(cfg.metainfo))
    torch.save(dict(meta=meta, state_dict=state), checkpoint)
    configs = {}
    for ranking in RANKINGS:
        cfg = Config.fromfile(workspace.config)
        cfg.model.test_cfg.rcnn.rank_by = ranking
        configs[ranking] = folder / f'{ranking}.py'
        cfg.dump(configs[ranking])
    return configs, checkpoint, folder / 'digits/val/000001.png'


def environment(folder, *requirements, shared=True) -> Path:
    """Create an environment; ``shared`` adds the packages of this one."""
    subprocess.run([sys.executable, '-m', 'venv', folder], check=True)
    python = folder / 'bin/python'
    if shared:
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        site = subprocess.check_output([python, '-c', code], text=True)
        path = Path(site.strip()) / 'dependencies.pth'
        path.write_text(sysconfig.get_path('purelib'))
    install = [python, '-m', 'pip', 'install', '--quiet', *requirements]
    subprocess.run(install, check=True)
    return python


def scores_of(python, code, *arguments, cwd=None):
    """Run a client and return what it prints."""
    done = subprocess.run(
        [python, '-W', 'ignore', '-c', code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # A progress bar may stand before it.
    return json.loads(done.stdout.rpartition('SCORES ')[2])


@pytest.fixture(scope='module')
def with_clients(tmp_path_factory):
    folder = tmp_path_factory.mktemp('clients') / 'env'
    return environment(folder, 'supervision==0.31.2', 'sahi==0.12.8')


@pytest.mark.parametrize('ranking', RANKINGS)
@pytest.mark.parametrize(
    'client',
    [SUPERVISION, SAHI, SLICED, INFERENCER],
    ids=['supervision', 'sahi', 'sahi sliced', 'DetInferencer'],
)
def test_clients_that_run_the_model(with_clients, model, client, ranking):
    configs, *files = model
    code = PREDICT + client + SHOW
    scores, seen = scores_of(with_clients, code, configs[ranking], *files)
    assert len(set(scores)) >= 4
    # sahi leaves out detections without a mask, and merges slices.
    assert len(seen) >= 3
    assert {round(s, 5) for s in seen} <= {round(s, 5) for s in scores}


def test_the_rankings_differ(model):
    configs, *files = model
    code = PREDICT + 'seen = pred.mask_scores.tolist()' + SHOW
    by_class, mask_scores = scores_of(
        sys.executable, code, configs['class_score'], *files
    )
    by_mask, _ = scores_of(sys.executable, code, configs['mask_score'], *files)
    assert by_mask == sorted(mask_scores, reverse=True) != by_class


@pytest.fixture(scope='module')
def written(workspace, model, tmp_path_factory):  # noqa: F811
    """COCO files of mmdet's metric and dumps of test.py, by ranking."""
    configs, checkpoint, _ = model
    folders = {}
    for ranking, config in configs.items():
        out = folders[ranking] = tmp_path_factory.mktemp(ranking)
        cfg = Config.fromfile(config)
        cfg.test_evaluator = dict(
            type='CocoMetric',
            metric=['bbox', 'segm'],
            ann_file=str(workspace.folder / 'digits/val.json'),
            outfile_prefix=f'{out}/results',
        )
        cfg.dump(out / 'mmdet.py')
        workspace.run(
            ROOT / 'tools/test.py',
            out / 'mmdet.py',
            checkpoint,
            *('--work-dir', out, '--out', out / 'dump.pkl'),
        )
    return folders


def test_coco_files_of_mmdets_metric(written):
    boxes, masks = (
        [
            [one['score'] for one in json.loads(path.read_text())]
            for path in (
                written[ranking] / f'results.{kind}.json'
                for ranking in RANKINGS
            )
        ]
        for kind in ('bbox', 'segm')
    )
    assert sorted(masks[0]) == sorted(masks[1]) == sorted(boxes[1])
    assert sorted(boxes[0]) != sorted(boxes[1])


def test_confusion_matrix(written, model):
    configs, *_ = model
    tool = MMDET_TOOLS / 'confusion_matrix.py'
    kept = {}
    for ranking in RANKINGS:
        dump = written[ranking] / 'dump.pkl'
        files = tool, configs[ranking], dump
        scores, kept[ranking] = scores_of(sys.executable, CONFUSION, *files)
        own = sorted(scores)
        assert len(set(own)) > 5
        # Detections above the threshold, which none of the digits matches.
        assert kept[ranking] == sum(score >= THRESHOLD for score in own)
    assert kept['class_score'] > kept['mask_score'] > 0


def test_fuse_results_does_not_start():
    """https://github.com/open-mmlab/mmdetection/blob/v3.3.0/tools/analysis_tools/fuse_results.py#L59"""
    done = subprocess.run(
        [sys.executable, MMDET_TOOLS / 'fuse_results.py', 'a.json'],
        capture_output=True,
        text=True,
    )
    assert "no attribute 'models_name'" in done.stderr


def test_torchmetrics(tmp_path):
    python = environment(
        tmp_path / 'env', 'torchmetrics[detection]==1.9.0', shared=False
    )
    # The first two detections find the instance: half of it, and all of it.
    masks = torch.zeros(2, 20, 20, dtype=torch.bool)
    masks[0, 5:15, 5:10] = masks[1, 5:15, 5:15] = True
    labels = torch.zeros(2, dtype=torch.long)
    target = dict(masks=masks[1:], labels=labels[:1])
    found = []
    for scores in ([0.9, 0.8], [0.45, 0.7]):
        preds = dict(scores=torch.tensor(scores), labels=labels, masks=masks)
        torch.save([preds, target], tmp_path / 'data.pth')
        found.append(scores_of(python, TORCHMETRICS, tmp_path / 'data.pth'))
    # At nine of ten thresholds the whole mask comes second, or first.
    assert found == pytest.approx([0.55, 1.0], abs=1e-3)


def test_fiftyone(written, workspace, tmp_path):  # noqa: F811
    python = environment(
        tmp_path / 'env', 'fiftyone==1.22.1', 'pycocotools', shared=False
    )
    annotations = workspace.folder / 'digits/val.json'
    for ranking in RANKINGS:
        results = written[ranking] / 'results.segm.json'
        found = scores_of(python, FIFTYONE, annotations, results)
        expected = [one['score'] for one in json.loads(results.read_text())]
        assert found == pytest.approx(expected)
