/*
 * sandbox: a program gives up what the rest of its run does not need.
 *
 * By Landlock, where the kernel has it: no library, no privilege.  Hides its
 * versions.  What is open stays open; what a program reads it can still write
 * to its output.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/* The version of Landlock that the kernel has; 0: none. */
int sandbox_version(void);

/*
 * From now on nothing is executed, no file is made, opened for writing,
 * renamed or removed, no TCP port is bound or connected, no other process gets
 * a signal; and without reads no file is opened at all.  In the directory of
 * output, if not NULL, a file may be made, renamed or removed.  Where that
 * cannot be had, nothing changes.
 */
void sandbox_enter(bool reads, const char *output);

#endif
