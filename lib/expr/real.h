/*
 * real: the functions of the C library on doubles, loaded when a program has
 * one of them: their library costs a start more than all else in a program.
 */
#ifndef EXPR_REAL_H
#define EXPR_REAL_H

struct real {
	double (*sqrt)(double);
	double (*exp)(double);
	double (*log)(double);
	double (*log10)(double);
	double (*pow)(double, double);
};

/*
 * Finds them all, before the input is read: a sandbox opens no file.  NULL, or
 * why they cannot be had.
 */
const char *real_load(struct real *r);

#endif
