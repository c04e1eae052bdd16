# `make` lists the commands. VENV is the virtual environment, PYTHON the interpreter that makes it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PACKAGES := libs/schemas libs/runtime $(addprefix services/,plc-gateway vision-gateway inference historian api simulator)
PAGE_SOURCES := $(shell find services/web/src services/web/index.html services/web/package-lock.json services/web/vite.config.ts -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test test-compose lint types imports format docs lock bench faults soak backup restore restore-drill doctor screenshots clean packages

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: packages $(VENV)/.services services/web/dist/index.html ## run the whole line on this machine; Ctrl-C stops it
	@exec $(BIN)/python deploy/local/run.py

test: packages $(VENV)/.installed services/web/dist/index.html lint types imports ## lint, types, import laws, and every test
	@deploy/local/install.sh chromium tshark promtool amtool redis-server rclone rtsp-server
	$(BIN)/pytest

lint: $(VENV)/.installed ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed ## mypy, strict
	$(BIN)/mypy $(addsuffix /jidoka,$(PACKAGES))

imports: $(VENV)/.installed ## the laws of import
	$(BIN)/lint-imports

format: $(VENV)/.installed ## mend style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed ## write the generated documents anew
	$(BIN)/python -m jidoka.schemas docs
	$(BIN)/python -m jidoka.api openapi > services/api/openapi.json
	$(BIN)/python deploy/mosquitto/acl.py > deploy/mosquitto/topics.acl
	$(BIN)/python deploy/k8s/rules.py > deploy/k8s/base/rules.yaml
	sed 's/127.0.0.1/simulator/' deploy/config/line.toml > deploy/config/compose.toml

lock: $(VENV)/.installed ## resolve and hash all requirements anew
	$(BIN)/python requirements/lock.py

bench: $(VENV)/.installed ## print the ratios of the benchmarks
	$(BIN)/python benchmarks/run.py

faults: packages $(VENV)/.installed ## kill processes in overlap and count the records (up to 40 minutes)
	$(BIN)/pytest tests/faults --timeout=2400 -s

test-compose: $(VENV)/.installed ## bring the whole compose file up and test it (needs a container engine)
	$(BIN)/pytest tests/deploy --timeout=2400

soak: packages $(VENV)/.installed ## hours of load, counted and weighed
	$(BIN)/pytest tests/soak --timeout=7200 -s

backup: ## write a backup of the running line's database
	@$(BIN)/python deploy/backup/local.py once

restore: ## put a backup in the database's place: make restore FILE=...
	@$(BIN)/python deploy/backup/local.py replace "$(FILE)"

restore-drill: ## restore the newest backup beside the database and compare
	@$(BIN)/python deploy/backup/local.py drill

doctor: ## check a running installation, a line for each finding
	@$(PYTHON) deploy/doctor

screenshots: packages $(VENV)/.installed services/web/dist/index.html ## every page in both themes and two sizes, into docs/pictures/pages
	@deploy/local/install.sh chromium
	$(BIN)/python tests/e2e/shots.py

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) services/web/dist services/web/node_modules

packages:
	@deploy/local/install.sh

# two steps, so that `make run` does not wait for what only tests need
$(VENV)/.services: requirements/run.txt $(addsuffix /pyproject.toml,$(PACKAGES))
	@echo "installing the Python packages"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(addprefix -e ,$(PACKAGES))
	@touch $@

$(VENV)/.installed: $(VENV)/.services requirements/dev.txt
	@echo "installing the test tools"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

services/web/dist/index.html: $(VENV)/.services $(PAGE_SOURCES)
	@echo "building the page"
	@cd services/web && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-audit --no-fund && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build -- --logLevel warn
