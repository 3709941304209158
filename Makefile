# The two commands of this project are `make demo` and `make test`; both work on a fresh machine with Python and make.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
DEMO_READY := $(VENV)/.demo-ready
READY := $(VENV)/.ready

# Hundreds of processes begin within the tests: each would compile our sources anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo docs docs-check test pytest test-slow fuzz screenshots figures translations measure-click benchmark benchmark-training check-equality check-onnx check-scale check-hour check-wheel check-packaging check-kills study study-finetuning verdict-report lint format train clean

# Both hippocampi of a real brain from two clicks; results in demo-output/.
demo: $(DEMO_READY)
	$(PY) Testing/demo.py demo-output

# Seconds and memory of one pass beside the papers' text written down literally: docs/speed.md (a quarter of an hour).
benchmark: $(READY)
	$(PY) Testing/benchmarks/speed.py

# What a training step costs, beside torch's plain one, the processor's best, and busy programs: docs/step.json.
benchmark-training: $(READY)
	$(PY) Testing/benchmarks/step.py

# Whether the fast paths give the plain path's masks, on every validation case (minutes).
check-equality: $(READY)
	$(PY) Testing/benchmarks/equality.py $(DATA)

# Whether the runner without torch gives the engine's masks, on every validation case (minutes).
check-onnx: $(READY)
	$(PY) Testing/benchmarks/without_torch.py $(DATA)

# The wheel in an empty environment of every Python that is here (minutes).
check-wheel: $(READY)
	PYTHONPATH=Testing $(PY) Testing/benchmarks/wheels.py

# The extension built and packaged by the CMake modules of Slicer's own sources, without Slicer (half a minute): name
# checkouts of both by SLICER_SOURCES and CTK_SOURCES. Needs CMake 3.28.
check-packaging: $(READY)
	$(PY) Testing/benchmarks/slicer_package.py $(SLICER_SOURCES) $(CTK_SOURCES)

# Two thousand volumes through a cluster of two processes whose workers are killed: docs/scale.json (a quarter of an hour).
check-scale: $(READY)
	PYTHONPATH=Testing $(PY) Testing/benchmarks/many.py --members 60 --volumes 120 --kills 0
	PYTHONPATH=Testing $(PY) Testing/benchmarks/many.py
	$(if $(wildcard $(BRAINS)/images),PYTHONPATH=Testing $(PY) Testing/benchmarks/many.py --brains $(BRAINS))

# What `mednca train --hours 1` makes of twenty phantoms of left atria: docs/hour-atria.json (an hour and a quarter).
check-hour: $(READY)
	PYTHONPATH=Testing $(PY) Testing/benchmarks/hour.py

# Whether a SIGKILL at any moment of segment, import, calibrate and train leaves anything half done (minutes).
check-kills: $(READY)
	PYTHONPATH=Testing $(PY) Testing/benchmarks/kills.py --kills 64

# What fine-tuning on ten cases with inverted contrast wins back, and how fast: docs/finetuning.json (ten minutes).
study-finetuning: $(READY)
	$(PY) Testing/benchmarks/finetune.py $(DATA)

# All that is claimed of the models, measured (docs/study; hours on two cores, goes on where it was stopped).
study: $(READY)
	$(VENV)/bin/mednca study docs/study/full.json --out runs/study --data hippocampus=$(DATA) --data prostate=$(PROSTATE) \
		--data brains=$(BRAINS)

# What the light of MODEL is worth, by the samples that it carries of its cases, nonsense and, where SCANS holds images/
# and labels/, clicks in them (a quarter of an hour, hippocampus-mednca twice that).
verdict-report: CASES = $(if $(filter prostate%,$(MODEL)),$(PROSTATE),$(DATA))
verdict-report: $(READY)
	$(VENV)/bin/mednca verdict-report $(MODEL) --images $(CASES)/images --labels $(CASES)/labels --reuse --out runs/$(MODEL)-verdicts \
		$(if $(SCANS),--scan-images $(SCANS)/images --scan-labels $(SCANS)/labels)

# Style and types beside all tests, as many files at a time as there are cores.
test: $(READY)
	$(MAKE) --jobs=2 lint pytest

pytest: $(READY)
	Testing/host/system_packages.sh $(PY)
	$(PY) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --timeout 300 --durations 40

# The tests that `make test` leaves out for their time.
test-slow: $(READY)
	Testing/host/system_packages.sh $(PY)
	$(PY) -m pytest -m slow --numprocesses auto --timeout 300 --durations 40

# Damaged and odd files and requests, thousands of each kind, for ten minutes; fails on any that is not refused in a
# sentence or read as it stands.
fuzz: $(READY)
	PYTHONPATH=Testing $(PY) -m fuzz --seconds 600 --least 2000

# Pictures of both modules, drawn off screen, and the figures; look at them before you commit them.
screenshots: $(READY) figures
	Testing/host/system_packages.sh $(PY)
	Testing/host/browser.sh
	$(PY) Testing/screenshots.py

# The figures of docs/how-it-works.md, of a bundled model, and the good data set in the trainer's panel (seconds).
figures: $(READY)
	$(PY) Testing/how_figures.py
	$(PY) Testing/good_data_set.py

# Bring the files for translators into step with the code, and compile what Slicer loads of them.
translations: $(READY)
	$(PY) Testing/translations.py

# All documents as a site, with the reference of the code: build/site/index.html. Fails on a broken link (with --quiet
# MkDocs does not: what it does not say it does not count), and on a list or a table that is not shown as one.
docs:
	$(PYTHON) -m venv build/docs-venv
	build/docs-venv/bin/pip install --quiet --no-compile --disable-pip-version-check -r docs/requirements.txt
	build/docs-venv/bin/python Testing/make_docs.py build/docs-src
	NO_MKDOCS_2_WARNING=1 build/docs-venv/bin/mkdocs build
	test -f build/site/index.html
	build/docs-venv/bin/python Testing/make_docs.py --look build/site

# Every command that the documents tell people to type, typed in an empty environment (an hour, and pip's network).
docs-check: $(READY)
	$(PY) Testing/docs_check.py

# Seconds from the mouse click to the mask on screen, and the longest gap between two ticks of the event loop: docs/click.json.
measure-click: $(READY)
	$(PY) Testing/measure_click.py docs/click.json

# Style and types; `make format` mends what of it can be mended by itself.
lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright --pythonpath $(PY)

format: $(READY)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# How the bundled models were made (hours on two cores; goes on where it was stopped). MODEL is one of the presets, as
# hippocampus-m3dnca; DATA holds images/ and labels/ of its data set. The model is runs/MODEL/result. (The prostate's is of
# folds: its card has the command.)
MEDNCA_DATA ?= ../shared/data
DATA ?= $(MEDNCA_DATA)/hippocampus
MODEL ?= hippocampus-m3dnca
PROSTATE ?= $(MEDNCA_DATA)/prostate
BRAINS ?= $(MEDNCA_DATA)/brains
train: $(READY)
	$(VENV)/bin/mednca train --preset $(MODEL) --keep-names --images $(DATA)/images --labels $(DATA)/labels \
		--run runs/$(MODEL)

# The environment: what the demo needs, and the rest. Nothing is compiled ahead: Python does it for what it imports.
PIP := $(PY) -m pip install --quiet --no-compile --disable-pip-version-check
define environment
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(foreach file,$(filter %.txt,$^),-r $(file))
	$(PIP) --no-deps --no-build-isolation --editable .
endef

$(DEMO_READY): requirements.txt pyproject.toml
	$(environment)
	touch $(DEMO_READY)

$(READY): requirements.txt requirements-test.txt pyproject.toml
	$(environment)
	touch $(DEMO_READY) $(READY)

clean:
	rm -rf $(VENV) demo-output build *.egg-info .pytest_cache .ruff_cache
