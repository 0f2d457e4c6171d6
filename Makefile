# make book    the executed book, as HTML
# make test    every unit test and every notebook
# Both set up what they need in .venv first, with the first of these that is 3.11 or newer:
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# Small networks run best on one thread each, several side by side; so do their tests.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n < 4 ? n : 4 )))
# A backstop only: a cell takes seconds, and minutes where many others want the processor.
CELL_TIMEOUT ?= 1800
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest -q -rs -n $(JOBS)
KEEP := --keep-count --keep-id

# nbgrader has an environment of its own.
GRADING := .venv-grading
GRADING_READY := $(GRADING)/.ready

.PHONY: help book print test unit newest dist lint format assignments grade clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make book        execute every notebook and build the book: _build/html/index.html"
	@echo "make test        run every unit test and every notebook, and try the built book in a browser"
	@echo "make print       the built book as one PDF, by Chromium: _build/gan_tutorial.pdf"
	@echo "make unit        run the fast unit tests only, without the notebooks"
	@echo "make newest      the same with the newest torch there is, in an environment of its own"
	@echo "make dist        the library as a wheel and a source archive in _build/dist"
	@echo "make assignments  student versions of the problem sets in _build/assignments;"
	@echo "                 STUDENTS=file SECRET=text gives everyone parameters of their own"
	@echo "make grade SUBMISSIONS=dir  gradebook, feedback and summary in _build/grading"
	@echo "make lint        check style and spelling; make format mends what can be mended"
	@echo "make clean       remove what was built; make distclean removes .venv as well"
	@echo "Options: JOBS=$(JOBS) (side by side), CELL_TIMEOUT=$(CELL_TIMEOUT) (seconds a cell may take)"

book: $(READY)
	@$(PY) tools/book/build_book.py --jobs $(JOBS) --timeout $(CELL_TIMEOUT)

print: $(READY)
	@$(PY) tools/book/print_book.py

test: $(READY) $(GRADING_READY)
	@echo "Unit tests, the examples in the docstrings, every notebook cell by cell, and, where"
	@echo "make book has built it and there is a Chromium, the book in a browser:"
	@notebooks=$$($(PY) tools/book/toc.py) && : what takes longest begins first && \
	    TQDM_DISABLE=1 $(PYTEST) --dist loadscope -o timeout=$(CELL_TIMEOUT) \
	    --nbval-lax --nbval-cell-timeout=$(CELL_TIMEOUT) \
	    --nbval-kernel-startup-timeout=$(CELL_TIMEOUT) $$notebooks tests gan_tutorial

assignments: $(READY) $(GRADING_READY)
	@$(GRADING)/bin/python tools/grading/assignments.py _build/assignments \
	    $(if $(STUDENTS),--students "$(STUDENTS)") $(if $(SECRET),--secret "$(SECRET)")

grade: $(READY)
	@[ -n "$(SUBMISSIONS)" ] || { echo "Say which: make grade SUBMISSIONS=folder"; exit 2; }
	@$(PY) tools/grading/grade.py "$(SUBMISSIONS)" --jobs $(JOBS) \
	    $(if $(SECRET),--secret "$(SECRET)") $(GRADE_OPTIONS)

unit: $(READY)
	@$(PYTEST) -m "not slow"

newest:
	@$(MAKE) --no-print-directory VENV=.venv-newest .venv-newest/.ready
	@.venv-newest/bin/python -m pip --disable-pip-version-check -qq install --upgrade torch
	@$(MAKE) --no-print-directory VENV=.venv-newest unit

dist: OUT ?= _build/dist
dist: $(READY)
	@version=$$($(PY) -c "import gan_tutorial; print(gan_tutorial.__version__)"); \
	    [ "$${TAG:-v$$version}" = "v$$version" ] \
	    || { echo "The tag is $$TAG, but the version is $$version: tag it v$$version."; exit 1; }
	@rm -rf $(OUT)
	@$(PY) -m uv build --quiet --no-build-isolation --python $(PY) --out-dir $(OUT) .
	@ls $(OUT)

lint: $(READY)
	@$(PY) -m ruff check --quiet && $(PY) -m ruff format --quiet --check \
	    || { echo "make format mends most of this."; exit 1; }
	@floors=$$($(VENV)/bin/lint-imports --no-cache --no-logo) || { echo "$$floors"; exit 1; }
	@$(PY) -m mypy --no-error-summary
	@$(PY) -m codespell_lib
	@notebooks="$$($(PY) tools/book/toc.py) $(wildcard exercises/*.ipynb)" && \
	    $(PY) -m nbstripout --verify $(KEEP) $$notebooks \
	    || { echo "make format removes the outputs."; exit 1; }
	@$(PY) tools/book/setup_cell.py --check || { echo "make format writes it."; exit 1; }
	@echo "Style, floors, types and spelling are fine."

format: $(READY)
	@$(PY) tools/book/setup_cell.py
	@$(PY) -m ruff check --quiet --fix; $(PY) -m ruff format --quiet
	@notebooks="$$($(PY) tools/book/toc.py) $(wildcard exercises/*.ipynb)" && \
	    $(PY) -m nbstripout $(KEEP) $$notebooks

clean:
	@rm -rf _build .pytest_cache .ruff_cache *.egg-info
	@find . -name __pycache__ -not -path './$(VENV)*/*' -prune -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV) $(GRADING) .venv-newest

$(READY): requirements.txt pyproject.toml tools/setup.sh
	@sh tools/setup.sh $(VENV) $(PYTHON)
	@touch $@

$(GRADING_READY): requirements-grading.txt | $(READY)
	@echo "Setting up $(GRADING) for the problem sets ..."
	@$(PY) -m venv $(GRADING)
	@$(GRADING)/bin/python -m pip --disable-pip-version-check -qq install -r requirements-grading.txt
	@touch $@
