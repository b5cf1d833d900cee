/* SPDX-License-Identifier: MIT */
/*
 * Guest tests: a program is a list of TEST functions, and prints TAP.
 *
 *	TEST(a_page_reads_as_zero)
 *	{
 *		...
 *		CHECK(p[0] == 0);
 *		EQ(munmap(p, PAGE), 0);
 *	}
 *
 *	TAP_MAIN
 *
 * The plan comes first. Each test runs in a child process of its own, which
 * must exit with status 0 within 60 seconds, so that no test can hurt the next
 * one; a check that does not hold prints a line of diagnosis and ends it.
 * `PROGRAM NAME...` runs those tests only and in the program itself, which is
 * the way to look at one with gdb.
 */
#pragma once

#include "user/lib/user.h"

struct tap_test {
	const char *name;
	void (*run)(void);
};

/* The linker gathers the tests; it names the ends of the section. */
#define TEST(test)                                                             \
	static void test(void);                                                \
	static const struct tap_test test##_entry                              \
	    __attribute__((section("tap_tests"), used)) = {#test, test};       \
	static void test(void)

int tap_main(int argc, char **argv);

#define TAP_MAIN                                                               \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return tap_main(argc, argv);                                   \
	}

#define CHECK(condition)                                                       \
	((condition) ? (void)0 : tap_fail(__FILE__, __LINE__, #condition))

#define EQ(seen, wanted)                                                       \
	tap_equal(__FILE__, __LINE__, #seen, (long)(seen), (long)(wanted))

_Noreturn void tap_fail(const char *file, int line, const char *what);
void tap_equal(const char *file, int line, const char *what, long seen,
	       long wanted);

/* Run a function in a child; its wait status (0 when it returned). */
int in_child(void (*run)(void *), void *arg);
