/* SPDX-License-Identifier: MIT */
/* Nothing is ever mapped at zero, so that a null pointer is caught. */
#include "user/lib/outcome.h"

struct node {
	struct node *next;
	int value;
};

int main(void)
{
	struct node *list = NULL;
	uintptr_t member = (uintptr_t)list + offsetof(struct node, value);

	subject("null_page", (void *)member);
	struct probe seen = probe_load((void *)member);

	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, (void *)member);
	seen = probe_store(NULL, 1);
	expect_signal(&seen, SIGSEGV, SEGV_MAPERR, NULL);
	return passed("SIGSEGV, SEGV_MAPERR for a member of a null pointer");
}
