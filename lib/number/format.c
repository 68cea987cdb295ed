#include "number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "digits.h"

#define PRECISION 6 /* printf's, where none is given */

/* Bit i of the flags is the i-th of these. */
static const char flag_bytes[] = "-+ #0";
enum { LEFT = 1, PLUS = 2, BLANK = 4, ALT = 8, ZERO = 16 };

/* Reads up to three digits, which is more than NUMBER_PLACES. */
static int
read_size(const char *text, size_t n, size_t *i)
{
	size_t last = *i + 3;
	int size = 0;

	for (; *i < n && *i < last && text[*i] >= '0' && text[*i] <= '9'; ++*i)
		size = size * 10 + (text[*i] - '0');
	return size;
}

/* Reads what follows a %; returns NULL, or what is wrong. */
static const char *
read_conversion(struct number_format *f, size_t i)
{
	const char *flag;

	f->before = i - 1;
	for (; i < f->len && f->text[i] != '\0' &&
	     (flag = strchr(flag_bytes, f->text[i])) != NULL;
	     i++)
		f->flags |= 1U << (flag - flag_bytes);
	f->width = read_size(f->text, f->len, &i);
	f->precision = -1;
	if (i < f->len && f->text[i] == '.') {
		i++;
		f->precision = read_size(f->text, f->len, &i);
	}
	if (f->width > NUMBER_PLACES || f->precision > NUMBER_PLACES)
		return "width and precision of a format are at most 40";
	if (i == f->len || memchr("difeg", f->text[i], 5) == NULL)
		return "a format knows %d %i %f %e %g and %%";
	f->conversion = f->text[i];
	f->after = i + 1;
	return NULL;
}

int
number_format_compile(struct number_format *f, const char *text, size_t n,
    struct buf *say)
{
	const char *why = NULL;
	size_t i;

	*f = (struct number_format){.text = text, .len = n};
	for (i = 0; i < n && why == NULL; i++) {
		if (text[i] != '%')
			continue;
		if (i + 1 < n && text[i + 1] == '%') {
			i++;
		} else if (f->conversion != '\0') {
			why = "a format writes one number, not two";
		} else {
			why = read_conversion(f, i + 1);
			i = f->after - 1;
		}
	}
	if (why == NULL && f->conversion == '\0')
		why = "a format needs one of %d %i %f %e %g";
	if (why != NULL) {
		buf_add_text(say, why);
		return -1;
	}
	f->room = mem_add(n, NUMBER_FIXED);
	return 0;
}

/* Copies literal text, %% as %. */
static char *
put_text(char *out, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] == '%')
			i++;
		*out++ = text[i];
	}
	return out;
}

static char *
put_many(char *p, char c, size_t n)
{
	memset(p, c, n);
	return p + n;
}

/*
 * Writes n bytes of digits with sign and padding; zero: the padding is zeros
 * behind the sign.
 */
static char *
put_padded(const struct number_format *f, bool zero, bool negative,
    const char *digits, size_t n, char *out)
{
	const char sign = negative ? '-' :
	    f->flags & PLUS        ? '+' :
	    f->flags & BLANK       ? ' ' :
				     '\0';
	const bool left = f->flags & LEFT;
	const size_t used = n + (sign != '\0'), width = (size_t)f->width;
	const size_t pad = width > used ? width - used : 0;

	if (!left && !zero)
		out = put_many(out, ' ', pad);
	if (sign != '\0')
		*out++ = sign;
	if (!left && zero)
		out = put_many(out, '0', pad);
	memcpy(out, digits, n);
	out += n;
	return left ? put_many(out, ' ', pad) : out;
}

/* %d: the whole part, exact; the precision is the least number of digits. */
static char *
put_whole(const struct number_format *f, struct number x, char *out)
{
	const struct number whole = number_trunc(x);
	char digits[NUMBER_FIXED], text[NUMBER_FIXED], *p = digits;
	size_t least = f->precision < 0 ? 1 : (size_t)f->precision, n;
	struct digits d = {0};
	bool negative;

	if (whole.scale == NUMBER_REAL) {
		negative = whole.real < 0;
		n = (size_t)snprintf(text, sizeof text, "%.0f",
		    fabs(whole.real));
	} else {
		d = digits_of(whole);
		negative = d.negative;
		d.negative = false;
		n = (size_t)(digits_print(d, 0, text) - text);
		n = d.coef == 0 ? 0 : n;
	}
	if (least > n)
		p = put_many(p, '0', least - n);
	memcpy(p, text, n);
	return put_padded(f, (f->flags & ZERO) && f->precision < 0, negative,
	    digits, (size_t)(p - digits) + n, out);
}

/* %f of a decimal. */
static char *
put_decimal(const struct number_format *f, struct digits d, int places,
    char *out)
{
	const bool negative = d.negative;
	char text[NUMBER_FIXED], *end;

	d.negative = false;
	end = digits_print(digits_round(d, places, true), places, text);
	if ((f->flags & ALT) && places == 0)
		*end++ = '.';
	return put_padded(f, f->flags & ZERO, negative, text,
	    (size_t)(end - text), out);
}

/*
 * Splits x into its whole part and its fraction in units of 1 / unit, rounded
 * as printf does: from the exact binary value, a tie to even.  unit is a power
 * of ten, 0 <= x < 2^53.
 */
static void
split(double x, uint64_t unit, uint64_t *whole, uint64_t *fraction)
{
	const uint64_t hidden = UINT64_C(1) << 52;
	uint64_t bits, digits, last;
	u128 one, product, rest;
	unsigned shift;

	*whole = *fraction = 0;
	if (x < 0x1p-70) /* far less than half a unit */
		return;
	memcpy(&bits, &x, sizeof bits);
	/* x = digits / 2^shift, 0 <= shift <= 122 */
	shift = 1075 - (unsigned)(bits >> 52);
	digits = (bits & (hidden - 1)) | hidden;
	*whole = shift < 64 ? digits >> shift : 0;
	/* what is left is below 2^53, and unit below 2^64 */
	one = (u128)1 << shift;
	product = (u128)(digits & (uint64_t)(one - 1)) * unit;
	rest = product & (one - 1);
	*fraction = (uint64_t)(product >> shift);
	last = unit > 1 ? *fraction : *whole;
	*fraction += 2 * rest > one || (2 * rest == one && last % 2 != 0);
	if (*fraction == unit) {
		*fraction = 0;
		++*whole;
	}
}

/* Writes v as `places` digits. */
static size_t
put_fraction(uint64_t v, size_t places, char *out)
{
	char text[DIGITS_TEXT];
	size_t n = digits_write(v, text);

	memset(out, '0', places - n);
	memcpy(out + places - n, text, n);
	return places;
}

/* %f of a double, for what 128 bits hold. */
static char *
put_fixed(const struct number_format *f, double x, unsigned places, char *out)
{
	char digits[2 * DIGITS_TEXT + 1];
	uint64_t whole, fraction;
	size_t n;

	split(fabs(x), wide_ten[places], &whole, &fraction);
	n = digits_write(whole, digits);
	if (places > 0) {
		digits[n++] = '.';
		n += put_fraction(fraction, places, digits + n);
	}
	return put_padded(f, f->flags & ZERO, x < 0, digits, n, out);
}

/* All else: printf, with a format made of what was parsed. */
static char *
put_printf(const struct number_format *f, double x, char *out)
{
	char spec[16], *p = spec;
	size_t i;

	*p++ = '%';
	for (i = 0; flag_bytes[i] != '\0'; i++)
		if (f->flags & 1U << i)
			*p++ = flag_bytes[i];
	memcpy(p, "*.*", 3);
	p[3] = f->conversion;
	p[4] = '\0';
	/* a negative precision is as if none were given */
	return out +
	    snprintf(out, NUMBER_FIXED, spec, f->width, f->precision, x);
}

/* %f of a double, from its exact value. */
static char *
put_real(const struct number_format *f, double x, int places, char *out)
{
	if (!(f->flags & ALT) && places < WIDE_TENS && fabs(x) < 0x1p53)
		return put_fixed(f, x, (unsigned)places, out);
	return put_printf(f, x, out);
}

size_t
number_fixed(struct number x, unsigned places, char out[NUMBER_FIXED])
{
	const struct number_format f = {.conversion = 'f',
	    .precision = (int)places};
	char *end;
	size_t n;

	if (x.scale == NUMBER_REAL)
		end = put_real(&f, x.real, f.precision, out);
	else
		end = digits_fixed(x, f.precision, out);
	*end = '\0';
	n = (size_t)(end - out);
	if (*out == '-' && strspn(out + 1, "0.") == n - 1)
		memmove(out, out + 1, n--); /* no -0.00 */
	return n;
}

size_t
number_format(const struct number_format *f, struct number x, char *out)
{
	int places = f->precision < 0 ? PRECISION : f->precision;
	char *p = put_text(out, f->text, f->before);

	if (f->conversion == 'd' || f->conversion == 'i')
		p = put_whole(f, x, p);
	else if (f->conversion != 'f')
		p = put_printf(f, number_to_double(x), p);
	else if (x.scale == NUMBER_REAL)
		p = put_real(f, x.real, places, p);
	else
		p = put_decimal(f, digits_of(x), places, p);
	p = put_text(p, f->text + f->after, f->len - f->after);
	return (size_t)(p - out);
}
