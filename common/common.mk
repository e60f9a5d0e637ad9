# common.mk - what every Makefile of the project shares
#
# The list of the shared C sources, the warnings, and the variables a caller
# may set:
#   CC=clang      another compiler
#   WERROR=1      warnings are errors
#   COVERAGE=1    count executed lines (gcov)
#   PG_CONFIG=... the server to build for

# Pure C: no PostgreSQL, so that unit tests and fuzzers link it alone.
PM_COMMON_SOURCES = \
	pm_asin.c \
	pm_attribute.c \
	pm_blank.c \
	pm_boolean.c \
	pm_case.c \
	pm_cell.c \
	pm_cron.c \
	pm_csv.c \
	pm_csv_dialect.c \
	pm_csv_open.c \
	pm_csv_record.c \
	pm_csv_split.c \
	pm_currency.c \
	pm_date.c \
	pm_date_parse.c \
	pm_date_pattern.c \
	pm_date_scan.c \
	pm_decimal.c \
	pm_digital_link.c \
	pm_digital_link_format.c \
	pm_encoding.c \
	pm_fields.c \
	pm_fold.c \
	pm_formula.c \
	pm_gs1.c \
	pm_gs1_ai.c \
	pm_gs1_codes.c \
	pm_gs1_coupon.c \
	pm_gs1_message.c \
	pm_gs1_rules.c \
	pm_gtin.c \
	pm_gtin_class.c \
	pm_gzip.c \
	pm_heading.c \
	pm_html.c \
	pm_input.c \
	pm_isbn.c \
	pm_json.c \
	pm_json_record.c \
	pm_json_scan.c \
	pm_jwt.c \
	pm_key_file.c \
	pm_measure.c \
	pm_mention.c \
	pm_number.c \
	pm_reader.c \
	pm_resolve.c \
	pm_resolve_clean.c \
	pm_resolve_code.c \
	pm_resolve_extract.c \
	pm_resolve_label.c \
	pm_resolve_method.c \
	pm_resolve_shape.c \
	pm_resolve_words.c \
	pm_spell.c \
	pm_store.c \
	pm_typed_code.c \
	pm_strings.c \
	pm_suggest.c \
	pm_tags.c \
	pm_transform.c \
	pm_transform_table.c \
	pm_transform_text.c \
	pm_transform_typed.c \
	pm_unit.c \
	pm_upce.c \
	pm_utf8.c \
	pm_uuid7.c \
	pm_value_fault.c \
	pm_words.c \
	pm_workbook.c \
	pm_xlsx.c \
	pm_xlsx_sheet.c \
	pm_xlsx_write.c \
	pm_xml.c \
	pm_xml_record.c \
	pm_zip.c

# What a program that uses pm_reader.h links besides.
PM_READER_LIBS = -lzip -lz -lexpat -lm

# Tables that awk makes of pm_gtin/data/*.csv, included by the sources above.
PM_COMMON_GENERATED = \
	pm_gs1_ai_table.h \
	pm_gs1_prefix_table.h

ifeq ($(origin CC),default)
CC = gcc
endif
ifeq ($(origin PG_CONFIG),undefined)
PG_CONFIG := $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
endif

PM_WARNINGS = -Wall -Wextra -Wmissing-prototypes -Wvla
PM_FLAGS = $(PM_WARNINGS) -MMD -MP
ifeq ($(WERROR),1)
PM_FLAGS += -Werror
endif
ifeq ($(COVERAGE),1)
PM_FLAGS += --coverage -Og
PM_LINK_FLAGS = --coverage
endif

# For the pure C, which does not see the headers of PostgreSQL.
PM_PURE_FLAGS = -std=gnu99 -Wshadow -Wstrict-prototypes $(PM_FLAGS)

# $(call record,FILE,TEXT): FILE changes only when TEXT does.  Objects depend on
# such a file of their compiler and flags, so that a change of flags rebuilds them.
record = @echo '$(2)' | cmp -s - $(1) || echo '$(2)' > $(1)

# Prints a variable, e.g. make -s show-REGRESS; scripts read the lists that way.
show-%:
	@echo $($*)

.PHONY: FORCE
FORCE:
