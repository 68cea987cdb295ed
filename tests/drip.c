/*
 * drip: drip BYTES [MS] copies standard input to standard output, a pipe, in
 * pieces of BYTES, MS milliseconds apart.  The pipe is in packet mode: its
 * reader gets one piece a read, however late it comes.  It must ask for no
 * less: what does not fit is lost, so no record is to fill its buffer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096 /* a packet is not longer */

int
main(int argc, char *argv[])
{
	char bytes[MOST];
	const long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	const long ms = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
	ssize_t got;

	if (n < 1 || n > MOST) {
		fputs("usage: drip BYTES [MS]\n", stderr);
		return 2;
	}
	if (fcntl(STDOUT_FILENO, F_SETFL, O_DIRECT) != 0) {
		perror("drip: packet mode");
		return 3;
	}
	while ((got = read(STDIN_FILENO, bytes, (size_t)n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || write(STDOUT_FILENO, bytes, (size_t)got) != got)
			return 3;
		if (ms > 0)
			nanosleep(&pause, NULL);
	}
	return 0;
}
