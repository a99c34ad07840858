# `make run` sets everything up and runs the server; `make help` lists the other targets.

MAKEFLAGS += --no-print-directory
SIDE_BY_SIDE := --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync)
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
STAMPS := .venv/stamps
NETWORK := Check the network and the index settings of
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input --no-deps
PYTEST := $(BIN)/pytest
COVERAGE := COVERAGE_FILE=$(CURDIR)/.coverage/data $(BIN)/coverage
LIBRARIES := import ctypes; ctypes.CDLL("libEGL.so.1"); ctypes.CDLL("libGLESv2.so.2")

NODE_TOOLS := web/node_modules/.bin
INTEROP := $(addprefix tests/interop/,werift libdatachannel libwebrtc firefox)
NODE_PACKAGES := $(patsubst %,%/node_modules/.package-lock.json,web examples)
INTEROP_PACKAGES := $(patsubst %,%/node_modules/.package-lock.json,$(INTEROP))
PRETTIER := $(NODE_TOOLS)/prettier --config web/.prettierrc.json --log-level warn

PAGE := server/holistic_rtc/http/static/index.html
PAGE_SOURCES := $(shell find web schema -type f -not -path '*/node_modules/*' -not -path 'web/sdk/dist/*' \
	-not -path web/sdk/LICENSE -not -path web/sdk/NOTICE 2>/dev/null)

# make run HOST=0.0.0.0 PORT=9000 ARGS="--pose-model full", or PORT=9000 make run. Some shells have a HOST of their own.
SERVE := $(if $(filter command,$(origin HOST)),--host $(HOST)) $(if $(PORT),--port $(PORT)) $(ARGS)


.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

.PHONY: setup
setup: $(STAMPS)/package $(STAMPS)/model $(PAGE) ## install and build everything needed to run

.PHONY: run
run: setup ## set up, then run the server (HOST=, PORT=, and ARGS= for other options of holistic-rtc serve)
	@exec $(BIN)/holistic-rtc serve $(SERVE)

.PHONY: test
test: checks ## lint, types, and the tests, in Python and TypeScript
	@$(MAKE) test-integration
	@$(MAKE) test-e2e

.PHONY: test-integration
test-integration: $(STAMPS)/package $(STAMPS)/dev
	$(PYTEST) tests/integration -m "not alone" --numprocesses 2 --dist loadfile
	$(PYTEST) tests/integration -m alone

.PHONY: test-e2e
test-e2e: $(STAMPS)/package $(STAMPS)/dev $(NODE_PACKAGES) chromium
	$(PYTEST) tests/e2e -m "not alone" --numprocesses 2 --dist loadfile
	$(PYTEST) tests/e2e -m alone

.PHONY: test-interop
test-interop: setup $(STAMPS)/dev $(INTEROP_PACKAGES) chromium firefox gstreamer proxies turnserver ## tests with other clients (docs/interop.md), proxies and a TURN server
	$(PYTEST) tests/interop tests/turn

.PHONY: test-abuse
test-abuse: setup $(STAMPS)/dev ## attacks on a server while a legitimate session runs
	$(PYTEST) tests/abuse

.PHONY: test-cluster
test-cluster: setup $(STAMPS)/dev redisserver chromium proxies ## several nodes with a real Redis
	$(PYTEST) tests/cluster -m "not alone" --numprocesses 2 --dist loadfile
	$(PYTEST) tests/cluster -m alone

.PHONY: test-package
test-package: setup $(STAMPS)/dev wheel ## the wheel in an empty environment, and the npm package from a fresh clone
	$(PYTEST) tests/package

.PHONY: checks
checks: setup $(STAMPS)/libraries $(STAMPS)/dev $(NODE_PACKAGES) ## lint, types, and the tests that need no running server
	@$(MAKE) $(SIDE_BY_SIDE) lint-web test-unit lint-python test-web

.PHONY: test-unit
test-unit: $(STAMPS)/model $(STAMPS)/dev
	$(PYTEST) tests/unit --numprocesses 2

.PHONY: coverage
coverage: setup $(STAMPS)/libraries $(STAMPS)/dev ## which lines of server/ run in tests/unit and tests/integration
	@$(COVERAGE) erase
	@$(MAKE) test-unit test-integration PYTEST="$(COVERAGE) run -m pytest"
	@$(COVERAGE) combine --append --quiet
	$(COVERAGE) report

.PHONY: test-web
test-web: web/node_modules/.package-lock.json
	cd web && npm test

.PHONY: test-docker
test-docker: $(STAMPS)/package $(STAMPS)/dev chromium ## build the image, start it with docker compose, and test it; needs a Docker engine
	$(PYTEST) tests/docker

.PHONY: lint
lint: lint-python lint-web ## lint and types

.PHONY: lint-python
lint-python: $(STAMPS)/package $(STAMPS)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

.PHONY: lint-web
lint-web: $(NODE_PACKAGES)
	cd web && npm run lint
	cd web && npm run typecheck
	$(NODE_TOOLS)/eslint --config web/eslint.config.js examples
	$(NODE_TOOLS)/tsc --project examples
	$(PRETTIER) --check examples $(INTEROP) tests/interop/node

.PHONY: format
format: $(STAMPS)/dev web/node_modules/.package-lock.json ## format everything
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	cd web && npm run format
	$(PRETTIER) --write examples $(INTEROP) tests/interop/node

.PHONY: bench
bench: setup $(STAMPS)/libraries $(STAMPS)/dev chromium ## measure speed, delay and leaks, as one table
	@$(BIN)/python -m benchmarks

.PHONY: soak
soak: setup $(STAMPS)/dev ## attack a server for an hour, and report what it leaks (SOAK_MINUTES=)
	@$(if $(filter command,$(origin SOAK_MINUTES)),SOAK_MINUTES=$(SOAK_MINUTES)) $(BIN)/python -m benchmarks.soak

.PHONY: generate
generate: $(STAMPS)/package $(STAMPS)/dev ## generate readers, tables, settings and colours from their sources
	$(BIN)/flatc --python --gen-onefile -o server/holistic_rtc/wire schema/landmarks.fbs
	$(BIN)/flatc --ts -o web/tests/generated schema/landmarks.fbs
	$(BIN)/flatc --csharp --gen-onefile -o examples/unity/Generated schema/landmarks.fbs
	$(BIN)/python scripts/generate_parts.py
	$(BIN)/python scripts/generate_compose.py
	$(BIN)/python scripts/generate_messages.py
	$(BIN)/python scripts/generate_palette.py

.PHONY: lock
lock: ## update the locks to the newest versions of all Python dependencies
	@command -v uv >/dev/null || { echo "uv is needed: install it (python3 -m pip install uv)" >&2; exit 1; }
	uv pip compile pyproject.toml --upgrade --extra jobs --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --upgrade --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock
	uv pip compile pyproject.toml --upgrade --extra docs --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -c requirements-dev.lock -o requirements-docs.lock

.PHONY: docs
docs: $(STAMPS)/package $(STAMPS)/docs web/node_modules/.package-lock.json ## build the site of docs/, in build/docs
	$(BIN)/mkdocs build --quiet --strict --site-dir build/docs

.PHONY: wheel
wheel: $(STAMPS)/venv $(PAGE) ## build a wheel with everything that the server needs, in dist/
	@rm -rf build dist
	@scripts/quietly "Building the wheel" "$(NETWORK) pip" $(PIP:install=wheel) --wheel-dir dist .

.PHONY: clean
clean: ## remove everything generated here, but not the model bundle in the cache folder
	rm -rf .venv web/sdk/dist web/sdk/LICENSE web/sdk/NOTICE $(dir $(NODE_PACKAGES) $(INTEROP_PACKAGES)) server/holistic_rtc/http/static server/*.egg-info build dist
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage


$(STAMPS)/venv:
	@scripts/check-node
	@python=$$(scripts/find-python) && echo "Making .venv with $$python ..." && "$$python" -m venv .venv
	@mkdir -p $(@D) && touch $@

$(STAMPS)/packages: requirements.lock $(STAMPS)/venv
	@scripts/quietly "Installing the Python packages, about 200 MB" "$(NETWORK) pip" $(PIP) --require-hashes -r $<
	@touch $@

$(STAMPS)/package: pyproject.toml $(STAMPS)/packages
	@scripts/quietly "Installing holistic-rtc" "$(NETWORK) pip" $(PIP) --editable .
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/packages
	@scripts/quietly "Installing the tools for tests" "$(NETWORK) pip" $(PIP) --require-hashes -r $<
	@touch $@

$(STAMPS)/docs: requirements-docs.lock $(STAMPS)/packages
	@scripts/quietly "Installing the tools for the documentation" "$(NETWORK) pip" $(PIP) --require-hashes -r $<
	@touch $@

# Of the reference engine: mediapipe's library is linked against these, whether it draws or not.
$(STAMPS)/libraries: $(STAMPS)/venv
	@test "$$(uname)" != Linux || $(BIN)/python -c '$(LIBRARIES)' 2>/dev/null \
		|| scripts/install-debian-packages MediaPipe libegl1 libgles2
	@touch $@

$(STAMPS)/model: $(STAMPS)/package
	@$(BIN)/holistic-rtc models fetch
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	@scripts/check-node
	@scripts/quietly "Installing the npm packages of $*" "$(NETWORK) npm" npm ci --prefix $* --no-audit --no-fund
	@touch $@

$(PAGE): web/node_modules/.package-lock.json $(PAGE_SOURCES)
	@scripts/quietly "Building the page" "Look at the page's sources" npm run build --prefix web
	@touch $@

.PHONY: chromium
chromium:
	@scripts/find-chromium >/dev/null || scripts/install-debian-packages "The browser tests" chromium

.PHONY: firefox
firefox:
	@scripts/find-firefox >/dev/null || scripts/install-debian-packages "The Firefox tests" firefox-esr

# Debian's Python has the bindings, so its packages are looked for there.
.PHONY: gstreamer
gstreamer:
	@/usr/bin/python3 tests/interop/gstreamer/peer.py check 2>/dev/null || scripts/install-debian-packages "The GStreamer tests" \
		python3-gst-1.0 gir1.2-gst-plugins-bad-1.0 gstreamer1.0-nice $(addprefix gstreamer1.0-plugins-,base good bad)

.PHONY: proxies
proxies:
	@for proxy in nginx haproxy; do PATH=$$PATH:/usr/sbin command -v $$proxy >/dev/null \
		|| scripts/install-debian-packages "The tests with proxies" $$proxy || exit 1; done

.PHONY: turnserver
turnserver:
	@command -v turnserver >/dev/null || scripts/install-debian-packages "The TURN tests" coturn

.PHONY: redisserver
redisserver:
	@command -v redis-server >/dev/null || scripts/install-debian-packages "The tests with several nodes" redis-server
