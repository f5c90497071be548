# Everything runs from .venv, which is made from locked, hashed dependencies.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PIP_DISABLE_PIP_VERSION_CHECK = 1
# The tests start hundreds of processes that import the package: each would compile it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-open test quick lint lock catalogues docs pictures peers torch clean help

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

demo: $(READY)   ## grade the sample class of cnn2 and say where the report is
	$(BIN)/autograder grade cnn2 tests/samples/cnn2 --output reports/demo

demo-open: $(READY)  ## make the hidden houses of houses-open, and grade its solution
	$(BIN)/python assignments/houses-open/make_data.py
	$(BIN)/autograder grade houses-open solutions/houses-open --output reports/demo-open

pictures:        ## take the documents' pictures of pages from the report of `make demo`
	$(BIN)/python docs/take_pictures.py reports/demo

# Each file in one of four processes, twice as many as there are cores: for more than half of its time a test waits, for
# a kernel's limit, say. The longest first (tests/conftest.py); then what counts every process, with nothing beside it.
test: lint       ## the whole test suite (about half an hour on two cores)
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder -m "not alone"
	$(BIN)/python -m pytest -m alone

quick: lint      ## the tests that need no kernel and no training
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow"

lint: $(READY)   ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The lock holds names, versions and hashes, never a registry's address.
lock: $(READY)   ## compile the locks again from pyproject.toml and benchmarks/peers.in
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --extra dev \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
	  pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
	  benchmarks/peers.in --output-file benchmarks/peers.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --group docs \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
	  --output-file docs/requirements.lock

# A sentence that is new in the code stays English until its line in each catalogue is filled in.
catalogues: $(READY)  ## collect the sentences of the code for the languages, see docs/languages.md
	$(BIN)/python -m autograder.authoring.translations

# An environment of its own, so that grading and testing need none of it. A dead link or a missing page is an error.
docs: .venv-docs/.ready  ## docs/ as a site, site/index.html
	.venv-docs/bin/properdocs build --strict
	@echo "site/index.html"

.venv-docs/.ready: docs/requirements.lock
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --require-hashes --requirement docs/requirements.lock
	@touch $@

# A local version, which only a build for the processor satisfies: pip can never choose one with CUDA. Its own
# dependencies are pure Python; --no-deps keeps any other from being fetched. They come first: PyTorch without them could
# not be imported, and would be taken for installed.
TORCH := torch==2.13.0+cpu
torch: $(READY)  ## PyTorch for the processor, where pip finds it; notebooks that import it are then graded
	@if ! $(BIN)/python -m pip install --quiet filelock fsspec jinja2 mpmath networkx sympy typing-extensions; then \
	  echo "pip cannot install what PyTorch needs: see above."; \
	  exit 1; \
	elif $(BIN)/python -m pip install --quiet --no-deps "$(TORCH)"; then \
	  $(BIN)/python -c 'import torch; print("PyTorch", torch.__version__)'; \
	else \
	  echo "pip finds no $(TORCH). PyTorch's installation page (Pip, CPU) names its index of such builds:"; \
	  echo "  make torch PIP_EXTRA_INDEX_URL=ADDRESS       or, with the wheel in a folder:"; \
	  echo "  make torch PIP_FIND_LINKS=FOLDER"; \
	  exit 1; \
	fi

peers:           ## the environment of nbgrader and otter-grader, for benchmarks/peers.py
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --require-hashes --requirement benchmarks/peers.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "autograder needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:           ## remove the environment and what tests left behind
	rm -rf $(VENV) .venv-peers .venv-docs site .pytest_cache .mypy_cache .ruff_cache .hypothesis
