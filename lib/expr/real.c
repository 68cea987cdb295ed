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
#include <stdbool.h>
#include <string.h>

#define LIBRARY "libm.so.6" /* where the C library itself has them not */

/* dlsym gives a pointer to data, which POSIX has be one to a function. */
static bool
real_find(void *library, const char *name, void *function)
{
	void *const found = dlsym(library, name);

	memcpy(function, &found, sizeof found);
	return found != NULL;
}

const char *
real_load(struct real *r)
{
	void *library = RTLD_DEFAULT;

	if (dlsym(library, "pow") == NULL &&
	    (library = dlopen(LIBRARY, RTLD_NOW)) == NULL)
		return dlerror();
	if (!real_find(library, "sqrt", &r->sqrt) ||
	    !real_find(library, "exp", &r->exp) ||
	    !real_find(library, "log", &r->log) ||
	    !real_find(library, "log10", &r->log10) ||
	    !real_find(library, "pow", &r->pow))
		return dlerror();
	return NULL;
}

#endif
