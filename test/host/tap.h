/* SPDX-License-Identifier: MIT */
/*
 * A small producer of TAP, the Test Anything Protocol.
 *
 * A test program has a table of tests and ends with TAP_MAIN(table). The plan
 * is printed first, so that a crash half-way fails the run. A failed check
 * ends its test with `not ok` and the place, and the next test runs.
 *
 * Arguments of the program are names of tests to run instead of all. Random
 * tests draw from tap_seed(), which FAULTLINE_SEED in the environment sets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_test {
	const char *name; /* one behaviour, as a phrase with underscores */
	void (*fn)(void);
};

#define TEST(func)                                                             \
	{                                                                      \
		.name = #func, .fn = (func)                                    \
	}

int tap_run(int argc, char **argv, const struct tap_test *tests, size_t count);

#define TAP_MAIN(tests)                                                        \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return tap_run(argc, argv, tests,                              \
			       sizeof(tests) / sizeof((tests)[0]));            \
	}

/*
 * In the thread that runs the test these leave the test when they fail. In
 * another thread they note the failure and return. Outside of tap_run, as in a
 * fuzz target, they end the program.
 */
#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			tap_fail(__FILE__, __LINE__, "%s", #cond);             \
	} while (0)
#define CHECK_EQ(a, b)                                                         \
	do {                                                                   \
		long long a_ = (long long)(a), b_ = (long long)(b);            \
		if (a_ != b_)                                                  \
			tap_fail(__FILE__, __LINE__,                           \
				 "%s is %lld (%#llx), not %lld (%#llx)", #a,   \
				 a_, (unsigned long long)a_, b_,               \
				 (unsigned long long)b_);                      \
	} while (0)
#define CHECK_STR(a, b) tap_check_str(__FILE__, __LINE__, #a, (a), (b))

/* For calls that return NULL when all is well and a complaint otherwise. */
#define CHECK_SOUND(call)                                                      \
	do {                                                                   \
		const char *broken_ = (call);                                  \
		if (broken_)                                                   \
			tap_fail(__FILE__, __LINE__, "%s: %s", #call,          \
				 broken_);                                     \
	} while (0)

void tap_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void tap_check_str(const char *file, int line, const char *what, const char *a,
		   const char *b);

/* Leave the test as skipped; only from the thread that runs it. */
_Noreturn void tap_skip(const char *reason);

/*
 * Run fn(arg), which must be in the thread that runs the test. False when a
 * check failed in it; then `why` says which, and the test goes on.
 */
bool tap_try(void (*fn)(void *arg), void *arg, char *why, size_t len);

/* A comment line. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

uint64_t tap_seed(void);

/* Xorshift64* by Vigna: small, and the same everywhere. */
struct rng {
	uint64_t state;
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* A number from 0 to n - 1; n is not 0. */
uint64_t rng_below(struct rng *rng, uint64_t n);
