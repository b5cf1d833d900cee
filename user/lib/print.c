/* SPDX-License-Identifier: MIT */
/*
 * Formatted output: the handful of conversions that the programs use, into a
 * buffer on the stack that is written with one call.
 */
#include "user/lib/user.h"

#define LINE_MAX 512

/* Where the characters go; what does not fit is counted, not stored. */
struct sink {
	char *to;
	size_t size;
	size_t len;
};

static void put(struct sink *out, char c)
{
	if (out->len + 1 < out->size)
		out->to[out->len] = c;
	out->len++;
}

/* One conversion between % and its letter. */
struct spec {
	bool left;
	char fill;
	int width;
	bool is_long;
};

static void put_padded(struct sink *out, const struct spec *spec,
		       const char *text, size_t len)
{
	size_t width = (size_t)spec->width;

	for (size_t i = len; !spec->left && i < width; i++)
		put(out, spec->fill);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	for (size_t i = len; spec->left && i < width; i++)
		put(out, ' ');
}

static void put_number(struct sink *out, const struct spec *spec,
		       unsigned long value, unsigned base, const char *sign)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	do
		*--p = "0123456789abcdef"[value % base];
	while (value /= base);
	if (spec->fill == '0') {
		struct spec rest = *spec;

		for (; *sign; sign++, rest.width -= rest.width > 0)
			put(out, *sign);
		put_padded(out, &rest, p,
			   (size_t)(digits + sizeof(digits) - p));
		return;
	}
	for (size_t i = strlen(sign); i;)
		*--p = sign[--i];
	put_padded(out, spec, p, (size_t)(digits + sizeof(digits) - p));
}

/* Read flags, width and size; returns the letter's place. */
static const char *parse_spec(const char *fmt, struct spec *spec)
{
	*spec = (struct spec){.fill = ' '};
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else
			spec->fill = '0';
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		spec->width = spec->width * 10 + *fmt - '0';
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->is_long = true;
	return fmt;
}

int vsnprintf(char *to, size_t size, const char *fmt, va_list args)
{
	struct sink out = {to, size, 0};
	struct spec spec;

	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(&out, *fmt);
			continue;
		}
		fmt = parse_spec(fmt + 1, &spec);
		if (*fmt == 'd') {
			long v = spec.is_long ? va_arg(args, long)
					      : va_arg(args, int);
			put_number(&out, &spec,
				   v < 0 ? -(unsigned long)v : (unsigned long)v,
				   10, v < 0 ? "-" : "");
		} else if (*fmt == 'u' || *fmt == 'x') {
			unsigned long v = spec.is_long
					      ? va_arg(args, unsigned long)
					      : va_arg(args, unsigned);
			put_number(&out, &spec, v, *fmt == 'u' ? 10 : 16, "");
		} else if (*fmt == 'p') {
			put_number(&out, &spec, va_arg(args, uintptr_t), 16,
				   "0x");
		} else if (*fmt == 's') {
			const char *s = va_arg(args, const char *);
			put_padded(&out, &spec, s ? s : "(null)",
				   strlen(s ? s : "(null)"));
		} else if (*fmt == 'c') {
			put(&out, (char)va_arg(args, int));
		} else if (*fmt) {
			put(&out, *fmt);
		} else {
			break;
		}
	}
	if (size)
		to[out.len < size ? out.len : size - 1] = '\0';
	return (int)out.len;
}

int snprintf(char *to, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(to, size, fmt, args);
	va_end(args);
	return len;
}

static int vdprintf(int fd, const char *fmt, va_list args)
{
	char line[LINE_MAX];
	size_t len = (size_t)vsnprintf(line, sizeof(line), fmt, args);

	return (int)write(fd, line, len < LINE_MAX ? len : LINE_MAX - 1);
}

int dprintf(int fd, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vdprintf(fd, fmt, args);
	va_end(args);
	return len;
}

int printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vdprintf(1, fmt, args);
	va_end(args);
	return len;
}
