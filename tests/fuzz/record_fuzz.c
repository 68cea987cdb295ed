/*
 * record: any bytes, in any blocks and reads, under any options, are read as
 * the model reads them.  The first bytes of an input choose the options.
 */

#include "../unit/probe.h"
#include "record/split.h"

#define CHOICES 6 /* bytes that choose */
#define MOST 500  /* bytes of the texts: as many answers must have room */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
some_scan(size_t n)
{
	size_t have = 0;

	while (split_name(have) != NULL)
		have++;
	return split_name(n % have);
}

static void
choose(struct job *job, const uint8_t c[CHOICES])
{
	job->opt = READER_DEFAULTS;
	job->opt.scan = some_scan(c[0]);
	job->opt.ragged = (enum ragged)(c[1] % 3);
	job->opt.no_header = (c[1] & 4) != 0;
	job->opt.require_eol = (c[1] & 8) != 0;
	job->nowait = (c[1] & 32) != 0;
	if ((c[1] & 64) != 0)
		job->opt.dialect = (struct dialect){';', '\''};
	if ((c[1] & 128) != 0)
		job->opt.max_record = 1 + c[2];
	job->opt.block = 1 + c[3];
	job->chunk = c[4];
	job->cut = c[5];
}

/* The texts of a job's files stand behind each other, parted by 0xf5. */
static void
part(struct job *job, const char *text, size_t n)
{
	const char *end;

	do {
		end = memchr(text, 0xf5, n);
		if (end == NULL || job->nfiles == MAX_FILES - 1)
			end = text + n;
		job->file[job->nfiles++] =
		    (struct file){text, (size_t)(end - text)};
		n -= (size_t)(end - text);
		text = end;
		if (n > 0)
			text++, n--;
		else
			return;
	} while (true);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run want, got;
	struct job job = {.nfiles = 0};

	if (size < CHOICES || size > MOST)
		return 0;
	choose(&job, data);
	part(&job, (const char *)data + CHOICES, size - CHOICES);
	model_run(&job, &want);
	reader_run(&job, &got);
	if (!got.agrees || !runs_equal(&want, &got)) {
		show_difference(&job, &want, &got);
		abort();
	}
	return 0;
}
