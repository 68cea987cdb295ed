#include "sandbox.h"

#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/landlock.h>) && !defined(__SANITIZE_ADDRESS__)
#define HAS_LANDLOCK /* the leak check opens files at the end */
#endif
#endif

#ifdef HAS_LANDLOCK

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem.h"

/* Of newer versions than the header may be. */
#define REFER ((uint64_t)1 << 13)        /* version 2: to other directories */
#define TRUNCATE ((uint64_t)1 << 14)     /* 3 */
#define IOCTL_DEVICE ((uint64_t)1 << 15) /* 5 */
#define TCP ((uint64_t)3)                /* 4: bind and connect */
#define OTHERS ((uint64_t)3) /* 6: their sockets without a name, signals */

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                              \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |     \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |     \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |   \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)

/* The kernel takes a longer one than it knows while the rest is 0. */
struct rules {
	uint64_t files, net, scoped;
};

int
sandbox_version(void)
{
	const long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

/* A descriptor, or -1.  The newest version first: then it is one call. */
static int
make_rules(uint64_t files)
{
	static const struct rules added[] = {{0, 0, OTHERS},
	    {IOCTL_DEVICE, 0, 0}, {0, TCP, 0}, {TRUNCATE, 0, 0}, {REFER, 0, 0}};
	struct rules r = {files | REFER | TRUNCATE | IOCTL_DEVICE, TCP, OTHERS};
	long fd;

	for (size_t i = 0;; i++) {
		fd = syscall(SYS_landlock_create_ruleset, &r, sizeof r, 0);
		if (fd >= 0 || errno == ENOSYS || errno == EOPNOTSUPP ||
		    i == sizeof added / sizeof *added)
			return (int)fd;
		r.files &= ~added[i].files;
		r.net &= ~added[i].net;
		r.scoped &= ~added[i].scoped;
	}
}

void
sandbox_enter(bool reads, const char *output)
{
	/* -o's FILE is made, renamed, removed, and its directory synced */
	struct landlock_path_beneath_attr rule = {
	    .allowed_access = LANDLOCK_ACCESS_FS_MAKE_REG |
		LANDLOCK_ACCESS_FS_REMOVE_FILE |
		(reads ? 0 : LANDLOCK_ACCESS_FS_READ_DIR)};
	const int rules = make_rules(WRITING | (reads ? 0 : READING));
	bool allowed = output == NULL;
	char *copy;

	if (rules < 0)
		return;
	if (output != NULL) {
		copy = mem_copy(output, strlen(output));
		rule.parent_fd = open(dirname(copy), O_PATH | O_CLOEXEC);
		free(copy);
		allowed = syscall(SYS_landlock_add_rule, rules,
			      LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
		if (rule.parent_fd >= 0)
			close(rule.parent_fd);
	}
	if (allowed && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
}

#else

int
sandbox_version(void)
{
	return 0;
}

void
sandbox_enter(bool reads, const char *output)
{
	(void)reads;
	(void)output;
}

#endif
