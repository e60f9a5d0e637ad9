/*
 * family.h - families of products as this process knows them
 */
#ifndef PM_CATALOG_FAMILY_H
#define PM_CATALOG_FAMILY_H

#include "pm_catalog_module.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
#include "utils/uuid.h"

#include "pm_attribute.h"
#include "pm_formula.h"

/* What a name in a formula stands for: an attribute of the family, or a column of products. */
typedef struct Operand
{
	int attribute; /* -1: none */
	int column;    /* its bit; -1: none */
} Operand;

typedef struct FamilyAttribute
{
	PmText code;
	PmAttribute rule;
	int bit; /* of filled */
	bool is_mandatory;
	bool per_locale;
	bool per_channel;
	text *pattern; /* anchored at both ends; NULL: none */
	char *pattern_shown;
	char *expression; /* NULL: not computed */
	PmFormula *formula;
	Operand *operands; /* of the formula's steps */
} FamilyAttribute;

/* The value of one attribute must compare so with that of another one. */
typedef struct FamilyRule
{
	int left;
	int right;
	char *comparison;
	char *shown;
} FamilyRule;

typedef struct Family
{
	pg_uuid_t id; /* hash key: must be first */
	char *code;
	FamilyAttribute *attributes; /* in the order of pm_text_compare */
	int attribute_count;
	int computed_count;
	FamilyRule *rules;
	int rule_count;
	uint32 mandatory_columns; /* their bits */
	int bytes;                /* size of filled with all bits */
} Family;

/* The columns of products that have a bit in filled come first: 0 up to this. */
#define FIRST_ATTRIBUTE_BIT 32

/* Where the columns of products are; the bit of a column is its place in by_bit. */
typedef struct ProductColumns
{
	AttrNumber id;
	AttrNumber title;
	AttrNumber family_id;
	AttrNumber technical_specs;
	AttrNumber filled;
	AttrNumber by_bit[FIRST_ATTRIBUTE_BIT];
} ProductColumns;

/* A rule that a value breaks. */
typedef struct Fault
{
	char *path;
	char *value; /* NULL: there is none */
	char *rule;
	char *message;
} Fault;

/* What a check has found. */
typedef struct Findings
{
	const char *root; /* the column that the object stands in */
	List *faults;     /* of Fault */
	uint8 *filled;    /* bits of what has a value */
} Findings;

/* family.c */
extern const Family *pm_catalog_family(const pg_uuid_t *id);
extern const ProductColumns *pm_catalog_product_columns(Relation products);
extern int pm_catalog_column_bit(PmText name);
extern const char *pm_catalog_column_name(int bit);
extern void pm_catalog_family_init(void);

/* family_check.c */
extern int pm_catalog_family_match(const Family *family, const JsonbValue *key, int *next);
extern JsonbValue *pm_catalog_family_values(const Family *family, Jsonb *object);
extern void pm_catalog_family_check(const Family *family, Jsonb *object, bool has_locale,
                                    bool has_channel, Findings *findings);
extern void pm_catalog_family_fault(Findings *findings, const char *path, char *value,
                                    const char *rule, char *message);
extern char *pm_catalog_family_describe(const Findings *findings);
extern void
pm_catalog_family_report(const Family *family, const Findings *findings, Relation table,
                         const char *subject) pg_attribute_noreturn();

/* family_formula.c */
extern Jsonb *
pm_catalog_family_compute(const Family *family, Jsonb *object, HeapTuple product,
                          TupleDesc desc, const ProductColumns *columns);

#endif
