# Everything a person or CI runs. `make demo` and `make test` need nothing but Python 3.11 or later.

.DEFAULT_GOAL := help
.PHONY: help demo install nmap test check types suite format bench test-neo4j-newer clean

# uv from the PATH, else one of our own in .uv/. It finds a Python 3.11 or later, or brings one.
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := .uv/bin/uv
UV_NEEDED := .uv/bin/uv
endif
RUN := $(UV) run --no-sync
# Two processes, each with servers of its own: much of what tests do is waiting for them.
PYTEST := pytest -n 2 --dist loadfile --no-loadscope-reorder

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.uv/bin/uv:
	@sh .ci/get-uv

install: $(UV_NEEDED)
	@$(UV) sync --locked --quiet

nmap:
	@sh .ci/get-nmap

demo: install nmap ## Scan this machine and a sample estate, answer, serve the API
	@$(RUN) cmdb demo

test: install nmap ## Run the tests
	@$(RUN) $(PYTEST)

check: install ## Everything CI checks: format, lint, types, import contracts, tests (docs are tests)
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) lint-imports
	@$(MAKE) --no-print-directory -j 2 types suite

# Side by side: what mypy does takes a minute, what pytest does many, and its summary comes last.
types:
	$(RUN) mypy

suite:
	$(RUN) $(PYTEST)

format: install ## Bring the code into its form
	$(RUN) ruff format
	$(RUN) ruff check --fix

bench: $(UV_NEEDED) ## Measure ingest, impact and streaming against peers (takes a while)
	@$(UV) sync --locked --quiet --group bench
	@for benchmark in $$(grep -l '^if __name__ == "__main__"' benchmarks/*.py); do \
	  echo "== $$benchmark"; PYTHONPATH=tests $(RUN) python $$benchmark || exit 1; \
	done

test-neo4j-newer: $(UV_NEEDED) ## The store's tests against Neo4j 2025.10.1 (brings a Java of its own, needs Maven)
	@$(UV) sync --locked --quiet --group java
	CMDB_LAB_NEO4J_VERSION=2025.10.1 CMDB_CI=1 $(RUN) pytest -m neo4j

clean: ## Remove what make made
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
