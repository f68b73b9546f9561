# What provides mmengine, mmcv and mmdet: openmmlab or onedl.
BASE ?= openmmlab
VENV ?= $(if $(filter openmmlab,$(BASE)),.venv,.venv-$(BASE))
PYTHON ?= python3
PY := $(VENV)/bin/python
READY := $(VENV)/.mmdet_msrcnn-ready
REQUIREMENTS := requirements.txt requirements-$(BASE).txt
MMCV = $(shell grep 'mmcv==' requirements-$(BASE).txt)
SOD := pysodmetrics==1.6.2
# In place of Python's own flags, which set -O3 and -g.
MMCV_CFLAGS := -O3 -DNDEBUG -g0
HEADER := $(abspath $(VENV))/torch_headers.hpp
# What a cell of docs/robustness.md tests, in an environment of its own.
CELL = .venv-cells/$(BASE)-$(notdir $(PYTHON))-torch$(TORCH)-numpy$(NUMPY)
CELL_EXTRAS := $(BASE),camouflage,cityscapes,demo,dev,docs,lvis,onnx
CELL_TESTS := $(addprefix tests/test_,apis checkpoints compat evaluation hooks models visualization) \
  tests/test_tools/test_main_job.py

DEMO := work_dirs/demo
DEMO_CONFIGS := configs/demo
DETECTOR := $(DEMO)/mask-rcnn
HEADS := ms-rcnn ms-rcnn-plus

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test coverage test-slow test-packaging test-cell test-gpu stress mutations lint format docs clean-demo

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
	@echo 'Variables: VENV=PATH (environment to use or create, default .venv), PYTHON=python3, BASE=onedl'

setup: $(READY) ## create the environment; installed packages are kept

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { \
	  echo 'The tested versions need Python 3.11 or 3.12: make PYTHON=python3.11 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Install torch before mmcv, and mmcv without build isolation. Otherwise pip
# builds mmcv without its ops. pysodmetrics would bring an older numpy, and an
# OpenCV that replaces opencv-python.
$(READY): $(REQUIREMENTS) setup.py pyproject.toml runtime/pyproject.toml | $(PY)
	$(PY) tools/missing_requirements.py $(REQUIREMENTS) > $(VENV)/missing.txt
	$(PY) -m pip install -r $(VENV)/missing.txt 'setuptools>=64,<81' wheel ninja psutil packaging
	$(PY) -c 'import cv2' || { echo 'OpenCV lacks a system library. Try: apt-get install libgl1 libglib2.0-0'; exit 1; }
	$(PY) -c 'import torch, mmcv._ext' 2> /dev/null || { \
	  echo 'Building the ops of $(MMCV): up to 8 minutes on 2 cores'; \
	  CFLAGS='$(MMCV_CFLAGS)' $(PY) tools/precompile_headers.py $(HEADER); \
	  CFLAGS='$(MMCV_CFLAGS) -include $(HEADER)' $(PY) -m pip install \
	    --no-build-isolation --no-cache-dir --force-reinstall --no-deps $(MMCV) || exit 1; \
	  rm -f $(HEADER)*; }
	$(PY) -c 'import py_sod_metrics' 2> /dev/null || $(PY) -m pip install --quiet --no-deps $(SOD)
	$(PY) -m pip install --quiet --no-build-isolation --no-deps --editable . --editable ./runtime
	$(PY) -c 'import mmdet_msrcnn'
	touch $@

demo: $(DEMO)/report.md ## generate digits, train, evaluate and report
	@cat $<
	@ls -d "$(CURDIR)/$(DEMO)"/report.* "$(CURDIR)/$(DEMO)"/*.png "$(CURDIR)/$(DEMO)"/overlays*

data/digits/val.json: | $(READY)
	$(PY) tools/datasets/make_digits.py data/digits

# An interrupted training resumes after its last epoch. It skips evaluation,
# because a later step evaluates.
$(DETECTOR)/trained: | $(READY) data/digits/val.json
	$(PY) tools/train.py $(DEMO_CONFIGS)/mask-rcnn_r18_fpn_demo.py --work-dir $(@D) --resume \
	  --cfg-options train_cfg.val_begin=1000
	touch $@

# A head resumes only on the detector that it began with, and --resume would
# ignore load_from.
$(HEADS:%=$(DEMO)/%/trained): $(DEMO)/%/trained: $(DETECTOR)/trained
	test $(@D)/last_checkpoint -nt $< || rm -rf $(@D)
	$(PY) tools/train.py $(DEMO_CONFIGS)/$*_r18_fpn_freeze_demo.py --work-dir $(@D) \
	  $$(test ! -e $(@D)/last_checkpoint || echo --resume) \
	  --cfg-options train_cfg.val_begin=1000 train_cfg.type=mmdet_msrcnn.CachedTrainLoop \
	  load_from=$(DETECTOR)/$$(basename "$$(cat $(DETECTOR)/last_checkpoint)")
	touch $@

$(HEADS:%=$(DEMO)/%/results.mask_scores.json): $(DEMO)/%/results.mask_scores.json: $(DEMO)/%/trained
	$(PY) tools/test.py $(DEMO_CONFIGS)/$*_r18_fpn_freeze_demo.py \
	  $(@D)/$$(basename "$$(cat $(@D)/last_checkpoint)") --work-dir $(@D) \
	  --cfg-options test_evaluator.outfile_prefix=$(@D)/results

$(DEMO)/report.md: $(HEADS:%=$(DEMO)/%/results.mask_scores.json)
	$(PY) tools/analyze_results.py 'MS R-CNN=$(word 1,$^)' 'MS R-CNN+=$(word 2,$^)' \
	  --ann data/digits/val.json --img-dir data/digits/val --out-dir $(DEMO) > /dev/null

# More threads would make the two processes wait for each other.
test: $(READY) lint ## lint and the fast tests
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile

coverage: $(READY) ## the fast tests, with code coverage
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile --cov --cov-report term --cov-report xml

test-slow: $(READY) ## training runs through mmdet's entry points, packaging
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile -m slow

test-packaging: $(READY) ## wheel, sdist and mim in a new environment
	$(PY) -m pytest -q -m slow tests/test_packaging.py

# pip chooses the other versions, by the ranges of pyproject.toml.
test-cell: ## other versions: BASE=onedl PYTHON=python3.13 TORCH=2.13.0 NUMPY=2.5.5
	@test -n '$(TORCH)' -a -n '$(NUMPY)' || { echo 'Set TORCH and NUMPY: make help'; exit 1; }
	$(PYTHON) -m venv $(CELL)
	$(CELL)/bin/python -m pip install torch==$(TORCH) numpy==$(NUMPY) --editable '.[$(CELL_EXTRAS)]'
	$(MAKE) setup VENV=$(CELL)
	OMP_NUM_THREADS=1 $(CELL)/bin/python -m pytest -q -n 2 --dist loadfile -m 'not stress' $(CELL_TESTS)

test-gpu: $(READY) ## compare results on a GPU with those on the CPU
	$(PY) -m pytest -q -rs tests/test_gpu.py

stress: $(READY) ## 20 kills, 2,000 steps and 2,000 detections: about 20 minutes
	$(PY) -m pytest -q -s -m stress

mutations: $(READY) ## break the code on purpose; a test must fail
	OMP_NUM_THREADS=1 $(PY) tests/mutations.py

lint: $(READY) ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(READY) ## rewrite the code in the project's style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: $(READY) ## the documentation as a site, in site/; broken links fail
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

clean-demo: ## delete the demo's outputs, to train again
	rm -rf $(DEMO)
