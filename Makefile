# Targets for developers. `make` without a target lists them.

PYTHON ?= python3
BIN := .venv/bin
# Containers often set this. Tests start hundreds of processes, which would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-library test-commands test-python coverage test-bounds test-slow newest-numba soak
.PHONY: lint types docs docs-fresh site look-at-site check bench man dist clean
.DELETE_ON_ERROR:

help:  ## List these targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@

.venv/documented: .venv/tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	touch $@

demo/docstrings.txt: corpora/docstrings.py | .venv/installed
	mkdir -p demo
	$(BIN)/python corpora/docstrings.py > $@

demo/vectors.safetensors: demo/docstrings.txt
	$(BIN)/w2v train $< --model skipgram --tokenizer words --lowercase -o $@

demo: demo/vectors.safetensors  ## Install, train skip-gram on Python's documentation, print nearest neighbours.
	$(BIN)/w2v similar list integer probability thread -k 5 -v $<
	$(BIN)/w2v analogy min minimum max -k 3 -v $<

test: test-library test-commands  ## Install, and run the tests.

# Two halves that take about as long, so that `check` can run them beside other targets.
COMMAND_TESTS := tests/alignment tests/cli tests/cluster tests/embeddings tests/evaluation tests/plots

test-library: .venv/tested
	$(BIN)/python -m pytest $(COMMAND_TESTS:%=--ignore=%)

test-commands: .venv/tested
	W2V_SCREENSHOTS=build $(BIN)/python -m pytest $(COMMAND_TESTS)

# The folders whose tests call kernels. In the others, a run without compilation repeats the same
# Python code: see `make coverage`.
empty :=
space := $(empty) $(empty)
comma := ,
KERNEL_ROOMS := factorization kernels models negative_sampling networks text text_classification topics
KERNEL_SOURCES := $(subst $(space),$(comma),$(KERNEL_ROOMS:%=w2v/%/*))

test-python: .venv/tested  ## Run the tests of kernels and trainers uncompiled, and report their coverage.
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest $(KERNEL_ROOMS:%=tests/%)
	$(BIN)/python -m coverage report --include='$(KERNEL_SOURCES)' --skip-covered --show-missing --fail-under=95

coverage: .venv/tested  ## Run all tests uncompiled, and report the coverage of the whole program.
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage report --skip-covered --show-missing --fail-under=95

# An index does not depend on the type of numbers: kernels are compiled again for one type only, and
# with few optimizations: compiling took 46 s in place of 59 s for two of the files.
test-bounds: .venv/tested  ## Test the kernels with array bounds checks.
	NUMBA_BOUNDSCHECK=1 NUMBA_OPT=1 $(BIN)/python -m pytest -k "not float64 and not is_the_gradient" \
		tests/kernels tests/text/test_vocabulary.py tests/negative_sampling/test_rounds.py \
		tests/models/test_wild.py::test_a_run_ends_well_or_says_why_not tests/topics/test_lda.py \
		tests/topics/test_coherence_windows.py tests/topics/test_sparse_sampler.py

test-slow: .venv/tested  ## Run tests on random examples, and quality tests on the corpora in W2V_DATA (default: ../shared/data).
	W2V_DRAWS=free $(BIN)/python -m pytest -m hypothesis
	$(BIN)/python -m pytest -m slow -s

.venv-numba/installed: pyproject.toml
	$(PYTHON) -m venv .venv-numba
	.venv-numba/bin/python -m pip install --quiet --disable-pip-version-check -e . pytest hypothesis
	touch $@

KERNEL_TESTS := .venv-numba/bin/python -m pytest tests/kernels

newest-numba: .venv-numba/installed  ## Test the kernels with the newest Numba, even if we do not support it yet.
	.venv-numba/bin/python -m pip install --quiet --disable-pip-version-check --pre --upgrade numba
	.venv-numba/bin/python -c 'import numba, llvmlite; print(numba.__version__, llvmlite.__version__)'
	rm -rf .venv-numba/kernels  # the cache does not distinguish the pointer modes of llvmlite
	NUMBA_CACHE_DIR=.venv-numba/kernels/typed $(KERNEL_TESTS)
	LLVMLITE_ENABLE_IR_LAYER_TYPED_POINTERS=0 NUMBA_CACHE_DIR=.venv-numba/kernels/opaque $(KERNEL_TESTS)

soak: .venv/tested  ## Run random commands, interruptions and resumes for ten minutes.
	$(BIN)/python tests/soak.py

lint: .venv/tested  ## Run ruff: rules and format.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/tested  ## Run mypy.
	$(BIN)/mypy

# Numbers and short words such as x, y, n are removed: they say little about a topic.
demo/topics.safetensors: demo/docstrings.txt
	tr A-Z a-z < $< | sed -E 's/[^a-z]+/ /g; s/\b[a-z]{1,2}\b//g' | \
		$(BIN)/w2v train - --model lda --topics 12 --tokenizer words --stopwords english \
		--min-df 5 --max-df 0.15 --epochs 200 --deterministic -o $@

.github/map.png: demo/vectors.safetensors .venv/tested
	$(BIN)/w2v plot list float thread path exception socket -k 12 --method tsne -v $< -o $@

.github/topics.png: demo/topics.safetensors .venv/tested
	$(BIN)/w2v topics $< --plot $@

demo/explorer.html: demo/vectors.safetensors .venv/tested
	$(BIN)/w2v plot --top 4000 --method tsne -v $< -o $@

# The page shows the beginnings of the documents as they were, line by line.
demo/topics.html: demo/topics.safetensors demo/docstrings.txt
	$(BIN)/w2v topics $^ -o $@

.github/explorer.png: demo/explorer.html
	chromium --headless --no-sandbox --hide-scrollbars --window-size=1200,760 \
		--screenshot=$@ 'file://$(CURDIR)/$<#word=thread&mark=socket&mark=matrix&mark=exception' 2>/dev/null

docs: .venv/tested .github/map.png .github/topics.png .github/explorer.png  ## Regenerate the tables and pictures of README and manual.
	$(BIN)/python tests/readme.py

docs-fresh: .venv/tested  ## Check that generated parts and transcripts are up to date.
	$(BIN)/python tests/readme.py --check

SITE := build/site

# Not --quiet: it would also hide the warnings that --strict counts.
site: .venv/documented demo/explorer.html demo/topics.html  ## Build the site of README and manual in build/site, and check its links.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean --config-file .site/mkdocs.yml --site-dir ../$(SITE)
	$(BIN)/python .site/check.py $(SITE)

look-at-site: site  ## Open all pages of the site in Chromium; check width, colours and search; write screenshots.
	$(BIN)/python .site/browse.py $(SITE) build/site-screens

# In this order, the second half of the tests finds kernels in the cache that the first has compiled.
CHECKS := lint types test-library test-python test-commands test-bounds docs-fresh

# macOS has GNU make 3.81, which cannot keep the outputs of targets apart.
check: .venv/tested  ## Run lint, types, test, test-python, test-bounds and docs-fresh, as CI does.
	$(MAKE) -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) --no-print-directory $(CHECKS)

.venv-release/installed: pyproject.toml
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet --disable-pip-version-check -e . build twine click-man
	touch $@

man: .venv-release/installed  ## Write the man pages to man/.
	.venv-release/bin/python tests/release.py --man man

# ADDRESS=https://github.com/OWNER/w2v puts the address of the repository into the metadata.
dist: .venv-release/installed  ## Build sdist and wheel, check what they hold, install the wheel and run it.
	.venv-release/bin/python tests/release.py $(if $(ADDRESS),--address $(ADDRESS)) --try

.venv-peers/installed:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check gensim==4.4.0 fasttext==0.9.3 scikit-learn tomotopy==0.14.0 torch==2.13.0
	touch $@

bench: .venv/tested .venv-peers/installed  ## Measure speed and quality beside other tools, on the corpora in W2V_DATA; takes six hours.
	$(BIN)/python tests/bench/enwiki.py --write
	$(BIN)/python tests/bench/settings.py --write
	$(BIN)/python tests/bench/presets.py --write
	$(BIN)/python tests/bench/subwords.py --seeds 1 --write
	$(BIN)/python tests/bench/small_vectors.py --write
	$(BIN)/python tests/bench/sizes.py --write
	$(BIN)/python tests/bench/startup.py --write
	$(BIN)/python tests/bench/rounds.py --write
	$(BIN)/python tests/bench/scaling.py --write
	$(BIN)/python tests/bench/more_cores.py --write
	$(BIN)/python tests/bench/large.py --once 10 --write
	$(BIN)/python tests/bench/queries.py --write
	$(BIN)/python tests/bench/imdb.py --write
	$(BIN)/python tests/bench/lsa.py --write
	$(BIN)/python tests/bench/lda.py --write
	$(BIN)/python tests/bench/many_documents.py --write
	$(BIN)/python tests/bench/newsgroups.py --write
	$(BIN)/python tests/bench/networks.py --write
	$(BIN)/python tests/bench/sentiment.py --write
	$(BIN)/python tests/bench/classifiers.py --write
	$(BIN)/python tests/bench/small_classifiers.py --write
	$(BIN)/python tests/bench/cluster.py --write
	$(BIN)/python tests/bench/cluster.py --topics --write
	$(BIN)/python tests/bench/cluster.py --paper --megabytes 100 --write
	$(BIN)/python tests/bench/large_rounds.py --write
	$(BIN)/python tests/bench/speed_chart.py

clean:  ## Remove all files that these targets have made.
	rm -rf .venv .venv-peers .venv-numba .venv-release demo build dist man *.egg-info
	rm -rf .coverage .hypothesis
	rm -rf .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
