/* SPDX-License-Identifier: MIT */
/*
 * TAP producer. One test runs at a time; checks may come from many threads.
 */
#include "test/host/tap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;
static char failure[512]; /* of the running test, first one; "" for none */
static const char *skip_reason;
static jmp_buf test_end;
static _Thread_local bool is_test_thread;
static bool is_running; /* tap_run, by whatever thread */

void tap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;
	int used;

	pthread_mutex_lock(&failure_lock);
	if (!failure[0]) {
		used =
		    snprintf(failure, sizeof(failure), "%s:%d: ", file, line);
		va_start(args, fmt);
		if (used > 0 && (size_t)used < sizeof(failure))
			vsnprintf(failure + used,
				  sizeof(failure) - (size_t)used, fmt, args);
		va_end(args);
	}
	pthread_mutex_unlock(&failure_lock);
	if (is_test_thread)
		longjmp(test_end, 1);
	if (!is_running) {
		fprintf(stderr, "%s\n", failure);
		abort();
	}
}

void tap_check_str(const char *file, int line, const char *what, const char *a,
		   const char *b)
{
	if (!a || !b || strcmp(a, b))
		tap_fail(file, line, "%s is \"%s\", not \"%s\"", what,
			 a ? a : "(null)", b ? b : "(null)");
}

void tap_skip(const char *reason)
{
	skip_reason = reason;
	longjmp(test_end, 1);
}

bool tap_try(void (*fn)(void *arg), void *arg, char *why, size_t len)
{
	jmp_buf outer;
	bool is_ok;

	memcpy(&outer, &test_end, sizeof(outer));
	if (!setjmp(test_end))
		fn(arg);
	memcpy(&test_end, &outer, sizeof(outer));
	is_ok = !failure[0];
	if (!is_ok)
		snprintf(why, len, "%s", failure);
	failure[0] = '\0';
	return is_ok;
}

void tap_note(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("# %s\n", text);
}

static bool is_chosen(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return argc < 2;
}

static bool run_one(size_t number, const struct tap_test *test)
{
	failure[0] = '\0';
	skip_reason = NULL;
	if (!setjmp(test_end))
		test->fn();
	if (failure[0]) {
		printf("not ok %zu - %s\n# %s\n", number, test->name, failure);
		printf("# again with: FAULTLINE_SEED=%llu\n",
		       (unsigned long long)tap_seed());
	} else if (skip_reason) {
		printf("ok %zu - %s # SKIP %s\n", number, test->name,
		       skip_reason);
	} else {
		printf("ok %zu - %s\n", number, test->name);
	}
	fflush(stdout);
	return !failure[0];
}

int tap_run(int argc, char **argv, const struct tap_test *tests, size_t count)
{
	size_t chosen = 0, number = 0;
	bool all_ok = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	is_test_thread = true;
	is_running = true;
	for (size_t i = 0; i < count; i++)
		chosen += is_chosen(argc, argv, tests[i].name);
	printf("TAP version 13\n1..%zu\n", chosen);
	for (size_t i = 0; i < count; i++) {
		if (is_chosen(argc, argv, tests[i].name))
			all_ok &= run_one(++number, &tests[i]);
	}
	return all_ok ? 0 : 1;
}

uint64_t tap_seed(void)
{
	const char *text = getenv("FAULTLINE_SEED");

	return text ? strtoull(text, NULL, 0) : 1;
}

void rng_init(struct rng *rng, uint64_t seed)
{
	/* Any state but 0; near seeds are spread by the multiplication. */
	rng->state = (seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
}

uint64_t rng_next(struct rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 0x2545f4914f6cdd1dULL;
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return (rng_next(rng) >> 16) % n;
}
