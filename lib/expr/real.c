#include "real.h"

#include <math.h>
#include <stddef.h>

#ifdef CSVPIPE_STATIC /* a program that needs no library loads none */

const char *
real_load(struct real *r)
{
	*r = (struct real){sqrt, exp, log, log10, pow};
	return NULL;
}

#else

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libm.so.6" /* where the C library itself has them not */

const char *
real_load(struct real *r)
{
	/* in the order of the struct */
	static const char *const name[] = {"sqrt", "exp", "log", "log10",
	    "pow"};
	void *library = RTLD_DEFAULT, *function;

	if (dlsym(library, "pow") == NULL &&
	    (library = dlopen(LIBRARY, RTLD_NOW)) == NULL)
		return dlerror();
	for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
		function = dlsym(library, name[i]);
		if (function == NULL)
			return dlerror();
		/* data to ISO C, which POSIX has be a function */
		memcpy((char *)r + i * sizeof function, &function,
		    sizeof function);
	}
	return NULL;
}

#endif
