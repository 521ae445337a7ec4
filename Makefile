# What one does here. Every target first sets up what it needs in .venv: a fresh machine needs Python 3.11 or later,
# pip and a network. Once that is done it is done again only when pyproject.toml or constraints/ change.
#
#   make plan     the best plan of the bundled scenario: prints the table, writes it to runs/
#   make test     all tests but the proofs: the fast ones first
#   make proof    the statistical proofs at their full count
#   make lint     style, types, import contracts
#   make bench    the benchmarks
#
# PYTHON=python3.12 picks the interpreter, VENV=.venv-3.12 the environment, SCENARIO=my.toml the scenario.

SHELL = /bin/sh
PYTHON ?=
VENV ?= .venv
SCENARIO ?= scenarios/library/cdnow.toml
RUN = "$(VENV)/bin/python"
READY = $(VENV)/.set-up

ifneq ($(words $(VENV)),1)
$(error VENV="$(VENV)": the name of the environment must not contain spaces)
endif

# Somebody else's search path or interpreter home would shadow ours.
unexport PYTHONPATH PYTHONHOME

.PHONY: help plan test proof lint bench
help:
	@sed -n 's/^#   make/  make/p' Makefile

plan: $(READY)
	$(RUN) -m scenarios optimize "$(SCENARIO)"

test: $(READY)
	$(RUN) -m pytest -m "not slow and not proof"
	$(RUN) -m pytest -m "slow and not proof"

proof: $(READY)
	$(RUN) -m pytest -m proof

lint: $(READY)
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	"$(VENV)/bin/lint-imports" --no-logo

bench: $(READY)
	$(RUN) -m benchmarks

# --- set-up ----------------------------------------------------------------------------------------------------

# Candidates are run, not looked up: a command may exist and fail (pyenv's do, for versions that are not chosen).
# Without ensurepip (Debian splits it off) pip comes from the pip outside, which --target makes possible at any age.
define SET_UP
say() { printf '%s\n' "$$*" >&2; }
fail() { for line; do say "$$line"; done; exit 1; }
runs() { "$$@" >/dev/null 2>&1 </dev/null; }

choose() {
  seen=
  if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; else set -- python3.13 python3.12 python3.11 python3 python; fi
  for name; do
    if ! runs "$$name" -c 'import sys'; then seen="$$seen; $$name: does not run"; continue; fi
    version=$$("$$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! runs "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      seen="$$seen; $$name: version $$version is too old"
    elif ! runs "$$name" -c 'import venv'; then seen="$$seen; $$name: version $$version, without the module venv"
    elif runs "$$name" -c 'import ensurepip'; then from=ensurepip; return
    elif runs "$$name" -m pip --version; then from=pip; return
    else seen="$$seen; $$name: version $$version, without pip"
    fi
  done
  fail "contactpolicy needs Python 3.11 or later with pip (on Debian and Ubuntu: apt install python3-venv)." \
    "Looked at$${seen#;}." "Another interpreter is given by: make PYTHON=/path/to/python"
}

create() {
  if [ -e "$$VENV" ] && [ ! -e "$$VENV/pyvenv.cfg" ] && [ -n "$$(ls -A "$$VENV")" ]; then
    fail "$$VENV exists and is not an environment of Python's: move it away, or choose another name by VENV=NAME"
  fi
  choose
  say "setting up $$VENV with $$name (Python $$version)"
  if [ $$from = ensurepip ]; then
    "$$name" -m venv --clear "$$VENV"
  else
    "$$name" -m venv --clear --without-pip "$$VENV"
    site=$$("$$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    PIP_REQUIRE_VIRTUALENV=0 "$$name" -m pip install -qq --target "$$site" pip
  fi
}

PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_USER PIP_DISABLE_PIP_VERSION_CHECK
python=$$VENV/bin/python
if ! runs "$$python" -m pip --version; then create; fi
runs "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || fail "$$VENV holds a Python older than 3.11: remove it, or choose another name by VENV=NAME"
runs "$$python" -c 'import pip; raise SystemExit(tuple(map(int, pip.__version__.split(".")[:2])) < (21, 3))' \
  || "$$python" -m pip install -qq --upgrade 'pip>=21.3'
tested=constraints/$$("$$python" -c 'import sys; print("py311" if sys.version_info < (3, 12) else "py312")').txt
say "installing the versions of $$tested (a minute or two)"
if ! "$$python" -m pip install -qq -c "$$tested" -e '.[dev,bench]'; then
  say "These exact versions cannot be had here; trying whatever the ranges of pyproject.toml allow."
  "$$python" -m pip install -qq -e '.[dev,bench]' \
    || fail "The packages cannot be installed: the lines above say why. Is there a network, or a package index set for pip?"
  say "Installed, but not the versions the tests are run with."
fi
endef

$(READY): export SET_UP_SCRIPT = $(SET_UP)
$(READY): export VENV := $(VENV)
$(READY): export PYTHON := $(PYTHON)
$(READY): pyproject.toml constraints/py311.txt constraints/py312.txt
	@rm -f "$@"
	@sh -eu -c "$$SET_UP_SCRIPT"
	@touch "$@"
