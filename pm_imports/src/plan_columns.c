/*
 * plan_columns.c - the columns of target_row, those that rows are sent with, and those of
 * the file that they come from
 */
#include "plan.h"

#include "pm_blank.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The columns of target_row, in its order. */
static const struct
{
	const char *name;
	TargetType type;
} known_columns[] = {
    {"gtin",                   TARGET_GTIN     },
    {"asin",                   TARGET_ASIN     },
    {"sku",                    TARGET_TEXT     },
    {"supplier_sku",           TARGET_TEXT     },
    {"manufacturer_reference", TARGET_TEXT     },
    {"external_id",            TARGET_TEXT     },
    {"title",                  TARGET_TEXT     },
    {"short_description",      TARGET_TEXT     },
    {"description",            TARGET_TEXT     },
    {"long_description",       TARGET_TEXT     },
    {"brand",                  TARGET_TEXT     },
    {"category",               TARGET_TEXT     },
    {"family",                 TARGET_TEXT     },
    {"status",                 TARGET_TEXT     },
    {"is_active",              TARGET_BOOLEAN  },
    {"is_featured",            TARGET_BOOLEAN  },
    {"weight",                 TARGET_NUMERIC  },
    {"width",                  TARGET_NUMERIC  },
    {"height",                 TARGET_NUMERIC  },
    {"depth",                  TARGET_NUMERIC  },
    {"technical_specs",        TARGET_JSONB    },
    {"slug",                   TARGET_TEXT     },
    {"tags",                   TARGET_TEXTS    },
    {"cost",                   TARGET_NUMERIC  },
    {"stock",                  TARGET_INTEGER  },
    {"lead_time_days",         TARGET_INTEGER  },
    {"min_quantity",           TARGET_INTEGER  },
    {"price",                  TARGET_NUMERIC  },
    {"compare_at_amount",      TARGET_NUMERIC  },
    {"price_type",             TARGET_TEXT     },
    {"price_min_quantity",     TARGET_INTEGER  },
    {"currency",               TARGET_TEXT     },
    {"location",               TARGET_TEXT     },
    {"on_hand",                TARGET_INTEGER  },
    {"low_stock_threshold",    TARGET_INTEGER  },
    {"images",                 TARGET_ADDRESSES},
};

/* Those of them that the catalog rounds, and to how many decimals. */
static const struct
{
	const char *name;
	int decimals;
} rounded_columns[] = {
    {"weight", 3},
    {"width",  2},
    {"height", 2},
    {"depth",  2}
};

StaticAssertDecl(lengthof(known_columns) < COLUMNS_MAX, "columns are counted in arrays");

/* The number of a column of target_row, from 1, and its type; 0: there is none. */
int
pm_imports_plan_column(const char *name, TargetType *type)
{
	for (int i = 0; i < lengthof(known_columns); i++)
		if (strcmp(known_columns[i].name, name) == 0)
		{
			*type = known_columns[i].type;
			return i + 1;
		}
	return 0;
}

/* The name of a column of target_row. */
const char *
pm_imports_plan_column_name(int column)
{
	return known_columns[column - 1].name;
}

/* How many decimals the catalog rounds a target to; 0: to none. */
int
pm_imports_plan_decimals(const Target *target)
{
	for (int i = 0; i < lengthof(rounded_columns); i++)
		if (strcmp(rounded_columns[i].name, target->name) == 0)
			return rounded_columns[i].decimals;
	return 0;
}

/* Is a target sent with each row? */
static bool
is_sent(const Target *target)
{
	return !target->is_absent &&
	       (target->name_count > 0 || target->position > 0 || target->is_constant ||
	        target->has_default || target->computed != NULL);
}

/* Which columns rows are sent with, and what makes their digests those of this plan. */
void
pm_imports_plan_choose(ImportPlan *plan)
{
	StringInfoData list;
	char *shape;

	plan->column_count = 0;
	initStringInfo(&list);
	for (int column = 1; column <= lengthof(known_columns); column++)
	{
		bool used = false;

		for (int i = 0; i < plan->target_count; i++)
			used |= plan->targets[i].column == column && is_sent(&plan->targets[i]);
		if (used)
		{
			plan->columns[plan->column_count++] = column;
			appendStringInfo(&list, "%s%s", list.len == 0 ? "{" : ",",
			                 pm_imports_plan_column_name(column));
		}
	}
	appendStringInfoChar(&list, '}');
	plan->column_list = list.data;
	plan->key_target = -1;
	plan->gtin_target = -1;
	for (int i = 0; i < plan->target_count; i++)
		if (strcmp(plan->targets[i].name, plan->key) == 0)
			plan->key_target = i;
		else if (plan->targets[i].type == TARGET_GTIN && is_sent(&plan->targets[i]))
			plan->gtin_target = i;
	if (plan->key_target < 0 || strstr(plan->column_list, plan->key) == NULL)
		pm_imports_plan_bad(psprintf("key \"%s\"", plan->key), "has no source");

	if (plan->gtin_target >= 0 && plan->gtins == NULL)
		plan->gtins = pm_imports_seen_create(plan->memory, UNIQUE_KILOBYTES);

	shape = psprintf("%s %s %s", plan->column_list, plan->key, plan->merge_options);
	plan->shape = XXH3_64bits(shape, strlen(shape));
}

/* The number of the column of this name, from 0; -1: there is none. */
static int
field_of(const PmText *columns, int count, const char *name)
{
	size_t size = strlen(name);

	for (int i = 0; i < count; i++)
		if (columns[i].size == size && memcmp(columns[i].data, name, size) == 0)
			return i;
	return -1;
}

/* A name without blanks around it, and with a space for each run of them inside. */
static PmText
plain_name(PmText name)
{
	PmText text = pm_blank_trim(name);
	char *out = palloc(text.size + 1);

	return (PmText){out, pm_blank_collapse(text, out)};
}

/* Likewise of the only column whose name is this one but for blanks. */
static int
field_like(const PmText *plain, int count, const char *name)
{
	PmText wanted = plain_name((PmText){name, strlen(name)});
	int found = -1;

	for (int i = 0; wanted.size > 0 && i < count; i++)
		if (plain[i].size == wanted.size &&
		    memcmp(plain[i].data, wanted.data, wanted.size) == 0)
		{
			if (found >= 0)
				return -1;
			found = i;
		}
	return found;
}

/*
 * Finds the columns of the file that sources name.  plain: their names without blanks, to
 * find those that were not found; NULL: the names themselves.
 */
static void
bind_names(ImportPlan *plan, const PmText *columns, const PmText *plain, int count)
{
	for (int i = 0; i < plan->target_count; i++)
	{
		Target *target = &plan->targets[i];

		for (int j = 0; j < target->name_count; j++)
		{
			int *field = target->is_joined ? &target->fields[j] : &target->field;

			if (*field < 0)
				*field = plain == NULL ? field_of(columns, count, target->names[j])
				                       : field_like(plain, count, target->names[j]);
		}
	}
}

/*
 * Finds the columns of the file that sources name: of a table that has no such name the
 * one that differs by blanks alone.  Called again when the reader has met more of them, as
 * those of XML and JSON do.
 */
void
pm_imports_plan_bind(ImportPlan *plan, const PmReader *reader)
{
	const PmText *columns;
	int count = pm_reader_columns(reader, &columns);
	PmFormat format = pm_reader_found(reader)->format;

	if (count == plan->columns_known)
		return;
	plan->columns_known = count;
	for (int i = 0; i < plan->target_count; i++)
	{
		Target *target = &plan->targets[i];

		target->field = target->position - 1;
		for (int j = 0; target->is_joined && j < target->name_count; j++)
			target->fields[j] = target->positions[j] - 1;
	}
	bind_names(plan, columns, NULL, count);
	if (format == PM_FORMAT_CSV || format == PM_FORMAT_XLSX)
	{
		MemoryContext old = MemoryContextSwitchTo(plan->scratch);
		PmText *plain = palloc(Max(1, count) * sizeof(PmText));

		for (int i = 0; i < count; i++)
			plain[i] = plain_name(columns[i]);
		bind_names(plan, columns, plain, count);
		MemoryContextSwitchTo(old);
		MemoryContextReset(plan->scratch);
	}
}

/*
 * Leaves out what is mapped from columns by name that the file, whose header is known and
 * has the key, does not have: the catalog keeps what it has of it.  Returns how many
 * targets that were.
 */
int
pm_imports_plan_leave_out(ImportPlan *plan)
{
	int count = 0;

	for (int i = 0; i < plan->target_count; i++)
	{
		Target *target = &plan->targets[i];

		target->is_absent = target->field < 0 && target->name_count > 0 &&
		                    !target->is_joined && !target->has_default &&
		                    target->computed == NULL;
		count += target->is_absent;
	}
	if (count > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(plan->memory);

		pm_imports_plan_choose(plan);
		MemoryContextSwitchTo(old);
	}
	return count;
}
