# pm_extension.mk - builds, installs and tests one extension; included by its Makefile
#
# Before including it, an extension's Makefile sets
#   EXTENSION   its name; the version is read from the control file
#   OBJS        its objects, src/x.o, listed one by one
#   SQL_PARTS   the parts of its script, in order; the first one is the guard
#   REGRESS     tests test/sql/x.sql with test/expected/x.out, in order
#   ISOLATION   tests test/specs/x.spec with test/expected/x.out
#   PG_CPPFLAGS, SHLIB_LINK_INTERNAL   if it needs a library
# and, as files where they stand, updates/*.sql (update scripts), test/t/*.pl
# (TAP tests) and test/pgtap/*.sql (pgTAP tests).

all:

PM_TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
include $(PM_TOP)/common/common.mk

EXTVERSION := $(shell sed -n "s/^default_version *= *'\([^']*\)'.*/\1/p" $(EXTENSION).control)
# what an extension requires, before it what that requires
needs = $(foreach extension,$(shell sed -n "s/^requires *= *'\([^']*\)'.*/\1/p" $(PM_TOP)/$(1)/$(1).control 2>/dev/null | tr ',' ' '),$(call needs,$(extension)) $(extension))
REQUIRES := $(call needs,$(EXTENSION))
PM_SCRIPT = sql/$(EXTENSION)--$(EXTVERSION).sql
PM_COMMON = $(PM_TOP)/common/libpm_common.a

MODULE_big = $(EXTENSION)
DATA = $(wildcard updates/*.sql)
DATA_built = $(PM_SCRIPT)
PG_CPPFLAGS += -I$(PM_TOP)/common
PG_CFLAGS = $(PM_FLAGS) -Wno-declaration-after-statement -Wno-unused-parameter -Wno-sign-compare
SHLIB_LINK = $(PM_COMMON) -Wl,--exclude-libs,ALL $(PM_LINK_FLAGS)
EXTRA_CLEAN += .flags src/*.d src/*.gcno src/*.gcda

# The flags PostgreSQL was built with are gcc's; clang ignores what it does not know.
ifeq ($(findstring clang,$(CC)),)
PG_CFLAGS += -Wshadow=compatible-local
else
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-ignored-attributes
endif

PM_RESULTS = $(PM_TOP)/build/installcheck/$(EXTENSION)
REGRESS_OPTS = --inputdir=test --outputdir=$(PM_RESULTS)
ISOLATION_OPTS = --inputdir=test --outputdir=$(PM_RESULTS) $(addprefix --load-extension=,$(REQUIRES) $(EXTENSION))

# No bitcode for the JIT compiler: it could inline the thin wrappers alone, not
# the archive that does the work, and building would take twice as long.
override with_llvm = no

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) was not found: run "make deps" or set PG_CONFIG)
endif
include $(PGXS)

$(shlib): $(PM_COMMON)

$(PM_SCRIPT): $(SQL_PARTS) $(EXTENSION).control Makefile
	cat $(SQL_PARTS) > $@.new
	mv $@.new $@

$(OBJS): .flags
.flags: FORCE
	$(call record,$@,$(CC) $(CPPFLAGS) $(CFLAGS))

$(PM_RESULTS):
	mkdir -p $@
installcheck: | $(PM_RESULTS)

-include $(OBJS:.o=.d)
