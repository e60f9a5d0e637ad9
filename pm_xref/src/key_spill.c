/*
 * key_spill.c - what does not fit in memory: partitions in temporary files
 *
 * Keys of both sides are written to a pair of files per partition, chosen by the
 * highest bits of the hash.  Then each pair is matched by itself: the smaller file
 * becomes a set in memory, whichever side it is.  A pair of which neither fits is
 * split by the next bits of the hash, and so on until the bits are used up: from then
 * on the set may become as large as it must, which only takes many different keys of
 * one hash.
 *
 * Temporary files belong to the resource owner: they are gone after an error.
 */
#include "pm_xref_module.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#define PARTITIONS_MIN  4
#define PARTITIONS_MAX  64
#define SPLIT           16
#define BITS_OF_SLOTS   24 /* the lowest bits place keys in a set */
#define BITS_PARTITIONS (64 - BITS_OF_SLOTS)

/* Keys in a file. */
typedef struct KeyFile
{
	BufFile *file; /* NULL: nothing was written */
	uint64 count;
} KeyFile;

typedef struct Partition
{
	KeyFile parents;
	KeyFile children;
} Partition;

struct KeySpill
{
	KeyKind kind;
	Size limit;
	int bits; /* of the hash that are used */
	int partitions;
	Partition *partition;
};

/* The number of bits that tell so many partitions apart. */
static int
bits_of(int partitions)
{
	int bits = 0;

	while (1 << bits < partitions)
		bits++;
	return bits;
}

/* Partitions by the bits of the hash after the first used ones. */
static KeySpill *
make_spill(KeyKind kind, Size limit, int used, int partitions)
{
	KeySpill *spill = palloc0(sizeof(KeySpill));

	spill->kind = kind;
	spill->limit = limit;
	spill->bits = used + bits_of(partitions);
	spill->partitions = partitions;
	spill->partition = palloc0(partitions * sizeof(Partition));
	return spill;
}

/* Partitions for about so many keys of the smaller side. */
KeySpill *
pm_xref_make_spill(KeyKind kind, double estimate, Size limit)
{
	double capacity = pm_xref_set_capacity(kind, limit);
	int partitions = PARTITIONS_MIN;

	while (partitions < PARTITIONS_MAX && partitions * capacity < estimate * 1.5)
		partitions *= 2;
	return make_spill(kind, limit, 0, partitions);
}

/* The partition of a hash. */
static inline Partition *
partition_of(KeySpill *spill, uint64 hash)
{
	return spill->partition + (hash >> (64 - spill->bits)) % spill->partitions;
}

/* Appends a key of a batch, with its row if it is a child's. */
static void
write_key(KeyFile *to, const KeyBatch *batch, int i, bool child)
{
	if (to->file == NULL)
		to->file = BufFileCreateTemp(false);
	to->count++;
	if (child)
		BufFileWrite(to->file, (void *) &batch->row[i], sizeof(RowPlace));
	if (batch->kind == KEY_TEXT)
	{
		int32 length = (int32) batch->word[i][1];

		BufFileWrite(to->file, &length, sizeof(length));
		BufFileWrite(to->file, batch->bytes.data + batch->word[i][0], length);
	}
	else
		BufFileWrite(to->file, (void *) batch->word[i],
		             batch->kind == KEY_UUID ? 2 * sizeof(uint64) : sizeof(uint64));
}

/* Writes parent keys, which have their hashes, to their partitions. */
void
pm_xref_spill_parents(KeySpill *spill, const KeyBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
		write_key(&partition_of(spill, batch->hash[i])->parents, batch, i, false);
}

/* Writes child keys, which have their hashes, and their rows to their partitions. */
void
pm_xref_spill_children(KeySpill *spill, const KeyBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
		write_key(&partition_of(spill, batch->hash[i])->children, batch, i, true);
}

/* Reads exactly so many bytes; throws if the file ends. */
static void
read_bytes(BufFile *file, void *to, Size size)
{
	if (BufFileRead(file, to, size) != size)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not read from temporary file: %m")));
}

/* Goes to the start of a file. */
static void
rewind_file(KeyFile *from)
{
	if (from->file != NULL && BufFileSeek(from->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
		        (errcode_for_file_access(), errmsg("could not rewind temporary file: %m")));
}

/*
 * Reads the next keys into the batch, with their hashes; *done counts those read.
 * False: there are no more.
 */
static bool
read_batch(KeyFile *from, uint64 *done, KeyBatch *batch, bool child)
{
	pm_xref_clear_batch(batch);
	CHECK_FOR_INTERRUPTS();
	for (; batch->count < BATCH_KEYS && *done < from->count; (*done)++)
	{
		uint64 *word = batch->word[batch->count];

		if (child)
			read_bytes(from->file, &batch->row[batch->count], sizeof(RowPlace));
		if (batch->kind == KEY_TEXT)
		{
			int32 length;

			read_bytes(from->file, &length, sizeof(length));
			enlargeStringInfo(&batch->bytes, length);
			read_bytes(from->file, batch->bytes.data + batch->bytes.len, length);
			word[0] = batch->bytes.len;
			word[1] = length;
			batch->bytes.len += length;
		}
		else
		{
			word[1] = 0;
			read_bytes(from->file, word,
			           batch->kind == KEY_UUID ? 2 * sizeof(uint64) : sizeof(uint64));
		}
		batch->count++;
	}
	pm_xref_hash_batch(batch);
	return batch->count > 0;
}

/* Closes the files of a partition: its space on disk is free again. */
static void
close_partition(Partition *partition)
{
	if (partition->parents.file != NULL)
		BufFileClose(partition->parents.file);
	if (partition->children.file != NULL)
		BufFileClose(partition->children.file);
	partition->parents.file = partition->children.file = NULL;
}

static void
match_partition(const KeySpill *spill, Partition *partition, RowFound found, void *context);

/* Splits a partition into smaller ones and matches those. */
static void
split_partition(const KeySpill *spill, Partition *partition, RowFound found, void *context)
{
	KeySpill *parts = make_spill(spill->kind, spill->limit, spill->bits, SPLIT);
	KeyBatch *batch = pm_xref_make_batch(spill->kind);
	uint64 done;

	rewind_file(&partition->parents);
	for (done = 0; read_batch(&partition->parents, &done, batch, false);)
		pm_xref_spill_parents(parts, batch);
	rewind_file(&partition->children);
	for (done = 0; read_batch(&partition->children, &done, batch, true);)
		pm_xref_spill_children(parts, batch);
	close_partition(partition);
	for (int i = 0; i < parts->partitions; i++)
		match_partition(parts, &parts->partition[i], found, context);
}

/*
 * Fills a set with the keys of a file.  NULL: they do not fit; the bits of the hash
 * are not used up then.
 */
static KeySet *
load(const KeySpill *spill, KeyFile *from, bool child, KeyBatch *batch)
{
	bool last = spill->bits + bits_of(SPLIT) > BITS_PARTITIONS;
	KeySet *set = pm_xref_make_set(spill->kind, (double) from->count,
	                               last ? MaxAllocHugeSize : spill->limit, child);
	uint64 done = 0;

	rewind_file(from);
	while (read_batch(from, &done, batch, child))
		if (!pm_xref_set_add(set, batch))
		{
			pm_xref_free_set(set);
			return NULL;
		}
	return set;
}

/* Matches one pair of files and closes them. */
static void
match_partition(const KeySpill *spill, Partition *partition, RowFound found, void *context)
{
	bool by_children = partition->children.count < partition->parents.count;
	KeyBatch *batch;
	KeySet *set;
	uint64 done;

	if (partition->children.count == 0)
	{
		close_partition(partition);
		return;
	}
	batch = pm_xref_make_batch(spill->kind);
	set = by_children ? load(spill, &partition->children, true, batch)
	                  : load(spill, &partition->parents, false, batch);
	if (set == NULL)
		split_partition(spill, partition, found, context);
	else
	{
		if (by_children)
		{
			rewind_file(&partition->parents);
			for (done = 0; read_batch(&partition->parents, &done, batch, false);)
				pm_xref_set_mark(set, batch);
		}
		rewind_file(&partition->children);
		for (done = 0; read_batch(&partition->children, &done, batch, true);)
		{
			bool lacks[BATCH_KEYS];

			pm_xref_set_lacks(set, batch, lacks);
			for (int i = 0; i < batch->count; i++)
				if (lacks[i])
					found(context, &batch->row[i]);
		}
		pm_xref_free_set(set);
		close_partition(partition);
	}
	pfree(batch->bytes.data);
	pfree(batch);
}

/* Calls found for each row whose key is no parent's, and closes all files. */
void
pm_xref_match_spilled(KeySpill *spill, RowFound found, void *context)
{
	for (int i = 0; i < spill->partitions; i++)
		match_partition(spill, &spill->partition[i], found, context);
}
