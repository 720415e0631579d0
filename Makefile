# make demo         build everything and walk through the examples
# make test         run every test, Rust and Python, against the installed wheel
# make test-cluster on a real Slurm of one machine, which is brought up for it (skipped, loudly, where that can't be)
# make check        formatting, lints, types, stubs
# make leaks        the tests with Python's own checks, graphs computed again and again, Rust under valgrind
# make torture      workflows are killed again and again, and must converge; prints the figures (TORTURE_MINUTES=3)
# make bench        the engine's and the fronts' timings, beside their peers
# make conformance  dask's and Snakemake's own tests against tureen
# make pictures     draw the pictures of docs/ again
# make clean        remove what was built

PYTHON ?= python3
IN_VENV := .venv/bin/python
VALGRIND := valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=1

.PHONY: demo test test-cluster check check-rust check-docs check-python leaks leaks-python leaks-rust torture bench conformance pictures clean venv dev-venv

demo: venv
	$(IN_VENV) examples/demo.py

test: dev-venv
	cargo test --locked --workspace
	$(IN_VENV) -m pytest

test-cluster: dev-venv
	$(IN_VENV) -m pytest -rs tests/cluster

check: check-rust check-docs check-python

check-rust:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --quiet -- -D warnings

check-docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

check-python: dev-venv
	$(IN_VENV) -m ruff check
	$(IN_VENV) -m ruff format --check
	$(IN_VENV) -m mypy
	$(IN_VENV) -m mypy.stubtest tureen._tureen

leaks: leaks-python leaks-rust

# Files left open and the like are warnings, and warnings are errors.
leaks-python: dev-venv
	PYTHONDEVMODE=1 $(IN_VENV) -W error -m pytest
	$(IN_VENV) tools/find_leaks.py

# Random cases are few, and graphs of a million left out: each step takes about fifty times as long.
leaks-rust: export PROPTEST_CASES = 2
leaks-rust:
	cargo --config 'target."cfg(unix)".runner = "$(VALGRIND)"' test --locked --lib --test it \
		--package tureen-engine --package tureen-text --package tureen-draw -- --skip million --test-threads 1

torture:
	cargo test --locked --package tureen --test it torture::whole -- --ignored --nocapture

bench: dev-venv .venv-peers
	cargo bench --locked --package tureen-engine
	for script in bench/*.py; do echo "== $$script"; $(IN_VENV) $$script || exit 1; done

# The programs that tureen is timed beside.
.venv-peers: bench/requirements.txt
	$(PYTHON) -m venv $@
	env -u PYTHONDONTWRITEBYTECODE $@/bin/python -m pip install --quiet --requirement bench/requirements.txt
	touch $@

conformance:
	$(PYTHON) conformance/run.py

pictures: venv
	.venv/bin/tureen -s examples/peasoup/Snakefile -d examples/peasoup --dag svg --forceall > docs/peasoup.svg

clean:
	rm -rf target .venv .venv-peers dist tureen.data demo-output .cache

# Both do nothing when no source has changed.
venv:
	@$(PYTHON) tools/make_venv.py

dev-venv:
	@$(PYTHON) tools/make_venv.py --dev
