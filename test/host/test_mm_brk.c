/* SPDX-License-Identifier: MIT */
/* brk: the heap. */
#include "test/host/mm_env.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

static struct mm_struct *heap(void)
{
	struct mm_struct *mm = env_mm();

	mm->start_brk = mm->brk = AT(0);
	return mm;
}

/* Under injection brk may refuse: the old break is the answer then. */
static bool set(struct mm_struct *mm, vaddr_t brk)
{
	vaddr_t old = mm->brk, got = TRY(do_brk(mm, brk));

	if (got != brk && env_injected()) {
		CHECK_EQ(got, old);
		return false;
	}
	CHECK_EQ(got, brk);
	return true;
}

MM_TEST(the_heap_grows_and_shrinks)
{
	struct mm_struct *mm = heap();
	struct vma_info info;

	CHECK_EQ(TRY(do_brk(mm, 0)), AT(0));
	if (!set(mm, AT(3) + 100))
		return;
	CHECK_MAP(mm, "0-4 rw-p");
	CHECK(mm_next_area(mm, AT(0), &info, false));
	CHECK_STR(info.name, "[heap]");
	STORE(AT(3), 5);
	if (!set(mm, AT(6)))
		return;
	CHECK_MAP(mm, "0-6 rw-p");
	CHECK_EQ(LOAD(AT(3)), 5);
	if (!set(mm, AT(1) + 1))
		return;
	CHECK_MAP(mm, "0-2 rw-p");
	CHECK_ACCESS(AT(3), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
	if (!set(mm, AT(4)))
		return;
	CHECK_EQ(LOAD(AT(3)), 0);
	if (!set(mm, AT(0)))
		return;
	CHECK_MAP(mm, "");
}

MM_TEST(small_steps_stay_in_the_page)
{
	struct mm_struct *mm = heap();

	for (unsigned i = 1; i < 8; i++)
		if (!set(mm, AT(0) + i * 1000))
			return;
	CHECK_MAP(mm, "0-2 rw-p");
	CHECK_EQ(mm->map_count, 1);
}

MM_TEST(what_cannot_be_is_refused)
{
	struct mm_struct *mm = heap();

	CHECK_EQ(TRY(do_brk(mm, AT(0) - 1)), AT(0));
	CHECK_EQ(TRY(do_brk(mm, ~0UL)), AT(0));
	CHECK_EQ(TRY(do_brk(mm, MM_USER_END + PG)), AT(0));
	env_mmap(mm, AT(8), 1, PROT_READ);
	CHECK_EQ(TRY(do_brk(mm, AT(9))), AT(0));
	CHECK_EQ(TRY(do_brk(mm, AT(8))), AT(0)); /* one page stays between */
	if (set(mm, AT(7)))
		CHECK_MAP(mm, "0-7 rw-p; 8-9 r--p");
}

MM_TEST(limits_are_kept)
{
	struct mm_struct *mm = heap();

	mm->limits.data = 4 * PG;
	CHECK_EQ(TRY(do_brk(mm, AT(5))), AT(0));
	set(mm, AT(4));
	mm->limits.data = ~0UL;
	mm->limits.as = 6 * PG;
	CHECK_EQ(TRY(do_brk(mm, AT(7))), mm->brk);
}

MM_TEST(a_locked_heap_is_resident)
{
	struct mm_struct *mm = heap();

	TRY_OK(do_mlockall(mm, MCL_FUTURE));
	if (set(mm, AT(3))) {
		CHECK_MAP(mm, "0-3 rw-pL");
		CHECK_EXACT(env_resident(mm, AT(0), AT(3)), 3);
	}
	mm->limits.memlock = 4 * PG;
	CHECK_EQ(TRY(do_brk(mm, AT(8))), mm->brk);
}

static const struct tap_test tests[] = {
    ENTRY(the_heap_grows_and_shrinks), ENTRY(small_steps_stay_in_the_page),
    ENTRY(what_cannot_be_is_refused),  ENTRY(limits_are_kept),
    ENTRY(a_locked_heap_is_resident),
};

TAP_MAIN(tests)
