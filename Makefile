# Every target only calls ./dev, which prepares .venv first: nothing needs to be installed by hand.
.PHONY: help demo test lint format bench docs clean

help:
	@echo "make demo   run the main job on the lab: an emulated AWS organisation, no account needed"
	@echo "make test   lint, then all tests"
	@echo "make lint   ruff, mypy, import contracts, the house rules"
	@echo "make format rewrite the code in the house style"
	@echo "make bench  measurements against the stated peers"
	@echo "make docs   regenerate the generated parts of docs/"
	@echo "make clean  remove the environment and caches"

demo:
	@./dev run watchword lab demo

test: lint
	@./dev run pytest -n 2 tests

lint:
	@./dev run scripts/lint

format:
	@./dev run ruff format .
	@./dev run ruff check --fix-only .

bench:
	@./dev run scripts/bench

docs:
	@./dev run python scripts/docs.py

clean:
	@./dev clean
