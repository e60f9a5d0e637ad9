# ProductsManager - build, try, test.  "make help" lists the targets.
#
# The order of EXTENSIONS is the order of their dependencies.  What each target
# does stands in the extension's Makefile or in the script it calls.

all: build

EXTENSIONS = pm_gtin pm_jobs pm_xref pm_cache pm_core pm_suppliers pm_catalog pm_imports

# pg_regress over the whole system: sql/x.sql with expected/x.out, in order.
REGRESS = \
	supplier_file
# Isolation tests over the whole system: test/specs/x.spec, test/expected/x.out.
ISOLATION =

include common/common.mk

SECONDS = 60
SILENT = $(if $(V),,-s)
SUBMAKE = $(MAKE) $(SILENT) --no-print-directory
# As many jobs as processors, unless the caller says -j.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# Installing needs sudo unless the server's directories are ours.
SUDO = $(shell test -w "$$($(PG_CONFIG) --pkglibdir)" || echo sudo)
export PG_CONFIG WERROR

.PHONY: all help deps build common $(EXTENSIONS) install uninstall clean distclean \
	run stop psql health backup check installcheck lint bench fuzz coverage soak docs unit privileges

help:
	@echo 'make run           build, install, start a private server, import sample files, report'
	@echo 'make stop          stop the private server; "make run" continues it'
	@echo 'make psql          psql on the private server, database db_catalog'
	@echo 'make health        how the databases of the private server are'
	@echo 'make backup DIR=x  dump its databases into a new directory; deploy/restore.sh restores'
	@echo 'make check         build, install and run every test on throw-away servers'
	@echo 'make deps          install the Debian packages needed (debian-packages.txt)'
	@echo 'make build         compile;  make install, make uninstall: into the server of PG_CONFIG'
	@echo 'make installcheck  SQL tests on the running server that PG_CONFIG and PGHOST etc. name'
	@echo 'make bench         benchmarks, as ratios to baselines of the same run'
	@echo 'make lint          layout, static analysis, and the rules of the house'
	@echo 'make privileges    accept what PUBLIC may do as it is now (make lint compares)'
	@echo 'make fuzz          fuzz each pure parser for SECONDS=60'
	@echo 'make coverage      lines of C that the tests execute'
	@echo 'make soak          the heavy tests in full; [PARTS=...] extensions, system, fuzz'
	@echo 'make docs          write the generated part of docs/ again'
	@echo 'make clean         remove what was built;  make distclean: and the private server'
	@echo 'Variables: PG_CONFIG=... CC=clang WERROR=1 V=1'

deps:
	@deploy/packages.sh

build: $(EXTENSIONS)

common:
	@echo 'build: common'
	+@$(SUBMAKE) -C common

$(EXTENSIONS): common
	@echo 'build: $@'
	+@$(SUBMAKE) -C $@

install: build
	@for e in $(EXTENSIONS); do \
		echo "install: $$e"; \
		$(SUDO) env -u MAKEFLAGS $(SUBMAKE) -C $$e install CC='$(CC)' PG_CONFIG='$(PG_CONFIG)' \
			WERROR='$(WERROR)' COVERAGE='$(COVERAGE)' || exit 1; \
	done

uninstall:
	@for e in $(EXTENSIONS); do \
		$(SUDO) env -u MAKEFLAGS $(SUBMAKE) -C $$e uninstall PG_CONFIG='$(PG_CONFIG)' || exit 1; \
	done

unit: common
	@echo 'build: test/unit'
	+@$(SUBMAKE) -C test/unit

clean:
	+@for e in $(EXTENSIONS); do $(SUBMAKE) -C $$e clean || exit 1; done
	+@$(SUBMAKE) -C common clean
	@rm -rf build

distclean: clean
	@deploy/cluster.sh remove

# What needs packages starts make again once they are there: only then are
# pg_config and the compilers found.
run check lint bench fuzz coverage soak docs: deps
	+@$(SUBMAKE) $(JOBS) do-$@

.PHONY: do-run do-check do-lint do-bench do-fuzz do-coverage do-soak do-docs

do-run: install
	@deploy/run.sh

stop:
	@deploy/cluster.sh stop

psql:
	@deploy/cluster.sh psql db_catalog

health:
	@deploy/cluster.sh psql -X -q -d db_core -f deploy/health.sql

backup:
	@deploy/cluster.sh with deploy/backup.sh $(or $(DIR),$(error say where: make backup DIR=directory))

do-check:
	+@$(SUBMAKE) install unit WERROR=1
	@test/sandbox.sh test/with_cluster.sh test/run_tests.pl $(EXTENSIONS) system

PG_TESTS = $(dir $(shell $(PG_CONFIG) --pgxs))../test
RESULTS = build/installcheck/system
installcheck:
	+@for e in $(EXTENSIONS); do $(SUBMAKE) -C $$e installcheck || exit 1; done
	@mkdir -p $(RESULTS)
ifneq ($(strip $(REGRESS)),)
	@$(PG_TESTS)/regress/pg_regress --bindir=$$($(PG_CONFIG) --bindir) \
		--inputdir=. --outputdir=$(RESULTS) --dbname=regress_system $(REGRESS)
endif
ifneq ($(strip $(ISOLATION)),)
	@$(PG_TESTS)/isolation/pg_isolation_regress --bindir=$$($(PG_CONFIG) --bindir) \
		--inputdir=test --outputdir=$(RESULTS) --dbname=isolation_system $(ISOLATION)
endif

do-lint:
	@test/lint/run.sh $(EXTENSIONS)

privileges: deps
	@for e in $(EXTENSIONS); do \
		test/sandbox.sh -s test/lint/built.sh --privileges $$e > $$e/test/privileges.new && \
		mv $$e/test/privileges.new $$e/test/privileges.expected || exit 1; \
	done

do-bench: build
	@bench/run.sh

do-fuzz:
	+@$(SUBMAKE) -C test/fuzz run SECONDS='$(SECONDS)'

do-coverage:
	@test/sandbox.sh -s test/coverage.sh $(EXTENSIONS)

do-soak: install
	@test/soak.sh $(PARTS)

do-docs: install
	@docs/generate.sh $(EXTENSIONS)
