/*
 * cpu: which of the instruction sets that are used this processor has.
 *
 * The C library is asked first: it looked when the program was loaded.  To
 * look again, as the compiler's own functions do before main, costs a twelfth
 * of the start in a virtual machine, where each CPUID is an exit to its host.
 */
#ifndef RECORD_CPU_H
#define RECORD_CPU_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)

/* glibc has told since 2.33; <stdint.h> tells which it is. */
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
#include <sys/platform/x86.h>
#endif

/* A feature has a name in glibc (2.33) and another one in the compiler. */
#ifdef CPU_FEATURE_ACTIVE
#define CPU_HAS(libc, compiler) cpu_active(x86_cpu_##libc)

/* As CPU_FEATURE_ACTIVE, which shifts into the sign of an int for AVX512VL. */
static inline bool
cpu_active(unsigned feature)
{
	const struct cpuid_feature *leaf =
	    __x86_get_cpuid_feature_leaf(feature / 128);

	return (leaf->active_array[feature / 32 % 4] >> feature % 32 & 1) != 0;
}
#else
#define CPU_HAS(libc, compiler) (__builtin_cpu_supports(compiler) != 0)
#endif

static inline bool
cpu_has_avx2(void)
{
	return CPU_HAS(AVX2, "avx2") && CPU_HAS(BMI1, "bmi") &&
	    CPU_HAS(BMI2, "bmi2") && CPU_HAS(POPCNT, "popcnt") &&
	    CPU_HAS(PCLMULQDQ, "pclmul");
}

/*
 * AMD before Zen 3 has a bit deposit that takes as long as a cache miss.  Only
 * AMD has SSE4a, and Zen 3 was its first with VPCLMULQDQ.
 */
static inline bool
cpu_has_quick_deposit(void)
{
	return cpu_has_avx2() &&
	    (!CPU_HAS(SSE4A, "sse4a") || CPU_HAS(VPCLMULQDQ, "vpclmulqdq"));
}

static inline bool
cpu_has_avx512(void)
{
	return cpu_has_quick_deposit() && CPU_HAS(AVX512BW, "avx512bw") &&
	    CPU_HAS(AVX512VL, "avx512vl") &&
	    CPU_HAS(AVX512_VBMI2, "avx512vbmi2");
}

#endif

static inline bool
cpu_always(void)
{
	return true;
}

#endif
