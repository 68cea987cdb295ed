#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "input.h"
#include "output.h"
#include "utf8.h"

#define TEXT(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

/* What stands before, between and behind the records of each form. */
static const struct frame {
	struct field before, between, after;
} frames[] = {
    [BATCH_CSV] = {TEXT(""), TEXT(""), TEXT("")}, /* the header is before */
    [BATCH_JSONL] = {TEXT(""), TEXT("\n"), TEXT("\n")},
    [BATCH_JSON] = {TEXT("["), TEXT(",\n"), TEXT("]\n")},
};

/* A batch is another one under another header. */
static void
restart_hash(struct filling *f)
{
	const struct record *head = &f->opt->header->raw;

	XXH3_128bits_reset(f->hash);
	if (head->raw != NULL)
		XXH3_128bits_update(f->hash, head->raw, head->len);
}

struct rows
rows_of(const struct writer *w)
{
	if (w == NULL)
		return (struct rows){0, 0};
	return (struct rows){w->bytes + w->len, w->records};
}

struct filling *
filling_new(const struct batch_options *opt, const struct writer *rows)
{
	struct filling *f = mem_new(1, sizeof *f);

	f->opt = opt;
	f->rows = rows;
	f->number = 1;
	f->hash = XXH3_createState();
	if (f->hash == NULL) {
		free(f);
		errno = ENOMEM;
		return NULL;
	}
	restart_hash(f);
	return f;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	spool_free(b->input);
	spool_free(b->origins);
	spool_free(b->raw);
	free(b);
}

void
filling_free(struct filling *f)
{
	if (f == NULL)
		return;
	batch_free(f->open);
	buf_free(&f->text);
	buf_free(&f->key);
	buf_free(&f->new_key);
	buf_free(&f->why);
	XXH3_freeState(f->hash);
	free(f);
}

/* The header's record, with which CSV begins, or nothing. */
static struct field
header_line(const struct batch_options *opt)
{
	const struct record *raw = &opt->header->raw;

	if (raw->raw == NULL)
		return (struct field){"", 0};
	return (struct field){raw->raw, raw->len + raw->end};
}

/* What a batch begins with. */
static struct field
batch_opening(const struct batch_options *opt)
{
	return opt->form == BATCH_CSV ? header_line(opt) :
					frames[opt->form].before;
}

void
batch_key(struct buf *key, const struct field *field, size_t n, char quote)
{
	const struct field *value;
	size_t i, len;

	for (i = 0; i < n; i++) {
		value = &field[i];
		len = value->raw != NULL ? value->len : 0;
		buf_need(key, sizeof len + len);
		if (value->raw == NULL)
			len = SIZE_MAX; /* missing is not empty */
		else
			len = field_decode(value, quote,
			    key->data + key->len + sizeof len);
		buf_add(key, &len, sizeof len);
		key->len += value->raw != NULL ? len : 0;
	}
}

static int
batch_add(struct batch *b, struct field text)
{
	b->bytes += text.len;
	return spool_add(b->input, text.raw, text.len);
}

/*
 * The spools of a batch, and what stands before its records; with raw also one
 * for the records as they came, where what is handed over is not CSV.
 */
static int
batch_begin(struct batch *b, const struct batch_options *opt, bool raw)
{
	const struct field line = header_line(opt);

	b->input = spool_new();
	if (b->input == NULL || batch_add(b, batch_opening(opt)) < 0)
		return -1;
	if (!raw || opt->form == BATCH_CSV)
		return 0;
	b->raw = spool_new();
	return b->raw != NULL ? spool_add(b->raw, line.raw, line.len) : -1;
}

/* What stands behind its records; its id. */
static int
batch_finish(struct batch *b, const struct batch_options *opt)
{
	struct digest content;

	if (batch_add(b, frames[opt->form].after) < 0 ||
	    spool_settle(b->input) < 0 ||
	    (b->raw != NULL && spool_settle(b->raw) < 0) ||
	    (b->origins != NULL && spool_settle(b->origins) < 0))
		return -1;
	content = spool_digest(b->input);
	b->id = digest_of((const uint64_t[]){b->at.number, b->at.first,
			      content.high, content.low},
	    4 * sizeof(uint64_t));
	return 0;
}

/* Begins a batch with the record that r returned last. */
static int
filling_begin(struct filling *f, struct reader *r)
{
	struct batch *b = mem_new(1, sizeof *b);

	f->open = b;
	f->raw_bytes = header_line(f->opt).len;
	b->at.number = f->number;
	b->at.first = reader_place(r)->record;
	b->first_line = reader_line(r);
	b->at.from = f->to;
	b->opened = input_now();
	if (f->dry)
		return 0;
	b->origins = f->opt->origins ? spool_new() : NULL;
	if (f->opt->origins && b->origins == NULL)
		return -1;
	return batch_begin(b, f->opt, f->opt->origins || f->opt->csv);
}

/* Adds a record to the open batch, and notes where it came from. */
static int
filling_keep(struct filling *f, struct reader *r, const struct record *rec,
    struct field text)
{
	struct batch *b = f->open;
	const struct field between = frames[f->opt->form].between;

	if (between.len > 0 && b->records > 0 && batch_add(b, between) < 0)
		return -1;
	if (b->origins != NULL) {
		const struct origin e = {.record = reader_place(r)->record,
		    .line = reader_line(r),
		    .byte = reader_place(r)->byte,
		    .rows = rows_of(f->rows),
		    .at = b->bytes,
		    .len = text.len,
		    .raw_at = b->raw != NULL ? f->raw_bytes : b->bytes,
		    .raw_len = rec->len,
		    .raw_end = rec->end};

		if (spool_add(b->origins, &e, sizeof e) < 0)
			return -1;
	}
	if (b->raw != NULL &&
	    spool_add(b->raw, rec->raw, rec->len + rec->end) < 0)
		return -1;
	f->raw_bytes += rec->len + rec->end;
	return batch_add(b, text);
}

/* How many records may be added at once behind a first one? */
static size_t
room_behind(const struct filling *f)
{
	const struct batch_options *opt = f->opt;

	if (f->open == NULL || f->past || opt->form != BATCH_CSV ||
	    opt->bytes > 0 || opt->nkeys > 0 || opt->origins)
		return 0;
	if (opt->records == 0)
		return SIZE_MAX;
	return (size_t)(opt->records - f->open->records - 1);
}

/* Must the open batch be closed before a record of len bytes? */
static bool
filling_is_full(const struct filling *f, size_t len)
{
	const struct batch_options *opt = f->opt;
	const struct frame *frame = &frames[opt->form];
	const uint64_t bytes =
	    f->open->bytes + len + frame->between.len + frame->after.len;

	if (opt->bytes > 0 && bytes > opt->bytes)
		return true;
	return opt->nkeys > 0 &&
	    (f->key.len != f->new_key.len ||
		memcmp(f->key.data, f->new_key.data, f->key.len) != 0);
}

enum filling_status
filling_add(struct filling *f, struct reader *r, struct record *rec)
{
	const struct batch_options *opt = f->opt;
	const struct reader_place *const place = reader_place(r);
	const uint64_t from = place->byte;
	const size_t n = 1 + reader_extend(r, rec, room_behind(f), SIZE_MAX);
	struct field text = {rec->raw, rec->len + rec->end};
	struct buf old_key;
	struct batch *b;
	size_t alone;
	char *end;

	f->why.len = 0;
	if (opt->form != BATCH_CSV) {
		f->text.len = 0;
		buf_need(&f->text, json_most(opt->json, rec->len));
		end = json_object(opt->json,
		    &(struct field){rec->raw, rec->len}, 1, f->text.data);
		if (end == NULL) {
			utf8_say(&f->why, "%s", json_error(opt->json));
			return FILLING_BAD;
		}
		text =
		    (struct field){f->text.data, (size_t)(end - f->text.data)};
	}
	alone = text.len + batch_opening(opt).len + frames[opt->form].after.len;
	if (opt->bytes > 0 && alone > opt->bytes) {
		utf8_say(&f->why,
		    "alone it makes a batch of %n bytes, and -b allows %n",
		    alone, (size_t)opt->bytes);
		return FILLING_BAD;
	}
	f->new_key.len = 0;
	batch_key(&f->new_key, rec->field, opt->nkeys, opt->quote);
	if (!f->past && f->open != NULL && filling_is_full(f, text.len))
		return FILLING_FULL;
	if (f->open == NULL && filling_begin(f, r) < 0)
		return FILLING_ERROR;
	if (!f->dry && filling_keep(f, r, rec, text) < 0)
		return FILLING_ERROR;
	b = f->open;
	b->records += n;
	b->at.last = place->record;
	b->rows = rows_of(f->rows);
	b->at.to = from + rec->len + rec->end;
	if (opt->hash) {
		if (f->skipped != 0)
			XXH3_128bits_update(f->hash, &f->skipped,
			    sizeof f->skipped);
		f->skipped = 0;
		XXH3_128bits_update(f->hash, rec->raw, rec->len + rec->end);
	}
	old_key = f->key;
	f->key = f->new_key;
	f->new_key = old_key;
	if (b->records == opt->records && !f->past)
		return FILLING_DONE;
	return FILLING_OPEN;
}

void
filling_skip(struct filling *f, const struct fault *bad)
{
	/* Never 0, so that the next good record knows of it. */
	f->skipped = XXH3_64bits_withSeed(bad->raw, bad->len, f->skipped) | 1;
}

struct batch *
filling_take(struct filling *f, uint64_t next_line)
{
	struct batch *b = f->open;
	XXH128_hash_t h = XXH3_128bits_digest(f->hash);

	if (!f->dry && batch_finish(b, f->opt) < 0)
		return NULL;
	b->last_line = next_line - 1;
	b->at.hash = (struct digest){h.high64, h.low64};
	restart_hash(f);
	f->to = b->at.to;
	f->number++;
	f->open = NULL;
	return b;
}

int
batch_origin(const struct batch *b, uint64_t i, struct origin *origin)
{
	const long n =
	    spool_read(b->origins, i * sizeof *origin, origin, sizeof *origin);

	if (n >= 0 && n != (long)sizeof *origin)
		errno = EIO;
	return n == (long)sizeof *origin ? 0 : -1;
}

struct batch *
batch_part(const struct batch *b, const struct batch_options *opt, uint64_t i,
    uint64_t n)
{
	struct batch *part;
	struct origin first, last;
	uint64_t end;

	if (batch_origin(b, i, &first) < 0 ||
	    batch_origin(b, i + n - 1, &last) < 0)
		return NULL;
	part = mem_new(1, sizeof *part);
	part->at.number = b->at.number;
	part->records = n;
	part->at.first = first.record;
	part->at.last = last.record;
	part->first_line = first.line;
	part->last_line = last.line;
	end = last.at + last.len;
	if (batch_begin(part, opt, opt->csv) < 0 ||
	    spool_copy(part->input, b->input, first.at, end) < 0)
		goto fail;
	part->bytes += end - first.at;
	if (part->raw != NULL &&
	    spool_copy(part->raw, b->raw, first.raw_at,
		last.raw_at + last.raw_len + last.raw_end) < 0)
		goto fail;
	if (batch_finish(part, opt) == 0)
		return part;
fail:
	batch_free(part);
	return NULL;
}

const struct spool *
batch_csv(const struct batch *b)
{
	return b->raw != NULL ? b->raw : b->input;
}
