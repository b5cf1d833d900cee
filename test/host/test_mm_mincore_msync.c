/* SPDX-License-Identifier: MIT */
/* mincore, msync, and the look from outside: access_remote_vm, futex keys. */
#include <string.h>

#include "mm/vma.h"
#include "test/host/mm_env.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

static uint8_t vec[3000];
static uint64_t nr_vec;

static int emit(void *ctx, uint64_t first, const uint8_t *v, unsigned n)
{
	CHECK(n && n <= 512);
	CHECK_EQ(first, nr_vec);
	CHECK(first + n <= sizeof(vec));
	memcpy(vec + first, v, n);
	nr_vec = first + n;
	return *(int *)ctx;
}

static int core(struct mm_struct *mm, unsigned first, uint64_t npages)
{
	int result = 0;

	nr_vec = 0;
	return TRY(do_mincore(mm, AT(first), npages * PG, emit, &result));
}

static void map_file(struct mm_struct *mm, struct file *file, unsigned at,
		     unsigned npages, unsigned prot, unsigned flags)
{
	CHECK_EQ(TRY(do_mmap(mm, file, AT(at), npages * PG, prot,
			     flags | MAP_FIXED, 0)),
		 AT(at));
}

MM_TEST(mincore_tells_what_is_resident)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 4, RW);
	env_mmap(mm, AT(4), 2, PROT_READ);
	STORE(AT(1), 1);
	LOAD(AT(4));
	CHECK_EQ(core(mm, 0, 6), 0);
	CHECK_EQ(nr_vec, 6);
	CHECK_EQ(vec[0] & 1, 0);
	CHECK_EQ(vec[1] & 1, 1);
	CHECK_EQ(vec[2] & 1, 0);
	CHECK_EQ(vec[5] & 1, 0);
	TRY_OK(do_mprotect(mm, AT(1), PG, PROT_NONE));
	CHECK_EQ(core(mm, 1, 1), 0);
	CHECK_EQ(vec[0] & 1, 1);
}

/* A file's page counts when it is in the cache, mapped or not. */
MM_TEST(mincore_sees_the_page_cache)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 1 << 2);

	map_file(mm, file, 0, 5, PROT_READ, MAP_SHARED);
	CHECK_EQ(core(mm, 0, 5), 0);
	CHECK_EQ(vec[0] & 1, 1);
	CHECK_EQ(vec[2] & 1, 0);
	CHECK_EQ(vec[3] & 1, 1);
	CHECK_EQ(vec[4] & 1, 0);
}

MM_TEST(mincore_goes_in_runs)
{
	struct mm_struct *mm = env_mm();
	int result = -EFAULT;

	env_mmap(mm, AT(0), 2000, RW);
	STORE(AT(1234), 1);
	CHECK_EQ(core(mm, 0, 2000), 0);
	CHECK_EQ(nr_vec, 2000);
	for (unsigned i = 0; i < 2000; i++)
		CHECK_EQ(vec[i] & 1, i == 1234);
	nr_vec = 0;
	CHECK_EQ(TRY(do_mincore(mm, AT(0), 2000 * PG, emit, &result)), -EFAULT);
	CHECK(nr_vec <= 512);
}

MM_TEST(mincore_refuses_holes_and_bad_ranges)
{
	struct mm_struct *mm = env_mm();
	int result = 0;

	env_mmap(mm, AT(0), 2, RW);
	nr_vec = 0;
	CHECK_EQ(do_mincore(mm, AT(0), 3 * PG, emit, &result), -ENOMEM);
	nr_vec = 0;
	CHECK_EQ(do_mincore(mm, AT(9), PG, emit, &result), -ENOMEM);
	CHECK_EQ(TRY(do_mincore(mm, AT(0) + 1, PG, emit, &result)), -EINVAL);
	CHECK_EQ(TRY(do_mincore(mm, AT(0), 0, emit, &result)), 0);
	CHECK_EQ(do_mincore(mm, AT(0), ~0UL, emit, &result) < 0, 1);
}

MM_TEST(msync_checks_range_and_flags)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(2 * PG, 0);

	map_file(mm, file, 0, 2, RW, MAP_SHARED);
	env_mmap(mm, AT(2), 1, RW);
	STORE(AT(0), 1);
	CHECK_EQ(TRY(do_msync(mm, AT(0), 3 * PG, MS_SYNC)), 0);
	CHECK_EQ(TRY(do_msync(mm, AT(0), PG, MS_ASYNC)), 0);
	CHECK_EQ(TRY(do_msync(mm, AT(0), PG, 0)), 0);
	CHECK_EQ(TRY(do_msync(mm, AT(0), 1, MS_SYNC | MS_INVALIDATE)), 0);
	CHECK_EQ(TRY(do_msync(mm, AT(0), 0, MS_SYNC)), 0);
	CHECK_EQ(TRY(do_msync(mm, AT(0), PG, MS_SYNC | MS_ASYNC)), -EINVAL);
	CHECK_EQ(TRY(do_msync(mm, AT(0), PG, 8)), -EINVAL);
	CHECK_EQ(TRY(do_msync(mm, AT(0) + 1, PG, MS_SYNC)), -EINVAL);
	CHECK_EQ(do_msync(mm, AT(0), 4 * PG, MS_SYNC), -ENOMEM);
	CHECK_EQ(do_msync(mm, AT(8), PG, MS_SYNC), -ENOMEM);
	TRY_OK(do_mlock(mm, AT(1), PG, false));
	CHECK_EQ(TRY(do_msync(mm, AT(0), 2 * PG, MS_INVALIDATE)), -EBUSY);
	CHECK_EQ(LOAD(AT(0)), 1);
}

static uint64_t remote(struct mm_struct *mm, vaddr_t va, void *buf,
		       uint64_t len, bool write, bool force)
{
	uint64_t done = access_remote_vm(mm, va, buf, len, write, force);

	env_step(__FILE__, __LINE__);
	return done;
}

MM_TEST(memory_is_read_and_written_from_outside)
{
	struct mm_struct *mm = env_mm();
	char text[] = "across a page border", back[sizeof(text)];

	env_mmap(mm, AT(0), 2, RW);
	if (remote(mm, AT(1) - 7, text, sizeof(text), true, false) !=
	    sizeof(text)) {
		CHECK(env_injected());
		return;
	}
	if (remote(mm, AT(1) - 7, back, sizeof(back), false, false) !=
	    sizeof(back)) {
		CHECK(env_injected());
		return;
	}
	CHECK_STR(back, text);
	CHECK_EQ(LOAD(AT(1)) & 0xff, text[7]);
	CHECK_EQ(remote(mm, AT(1) + PG - 4, text, 8, true, false), 4);
	CHECK_EQ(remote(mm, AT(5), text, 8, false, false), 0);
	CHECK_EQ(remote(mm, ~0UL - 3, text, 8, false, true), 0);
}

MM_TEST(outsiders_write_a_copy_not_the_shared_page)
{
	struct mm_struct *mm = env_mm(), *child;
	struct file *file = env_file(PG, 0);
	uint64_t word = 77, got;

	env_mmap(mm, AT(0), 1, RW);
	map_file(mm, file, 1, 1, RW, MAP_PRIVATE);
	STORE(AT(0), 5);
	child = env_fork(mm);
	got = remote(mm, AT(0), &word, 8, true, false);
	CHECK(got == 8 || env_injected());
	CHECK_EQ(LOAD(AT(0)), got ? 77 : 5);
	got = remote(mm, AT(1), &word, 8, true, false);
	CHECK_EQ(LOAD(AT(1)), got ? 77 : FILE_WORD(0));
	env_switch(0, child);
	CHECK_EQ(LOAD(AT(0)), 5);
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(0));
}

MM_TEST(permissions_hold_for_outsiders)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(PG, 0);
	uint64_t word = 77;

	env_mmap(mm, AT(0), 1, PROT_READ);
	map_file(mm, file, 1, 1, PROT_READ, MAP_SHARED);
	env_mmap(mm, AT(2), 1, PROT_NONE);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(remote(mm, AT(i), &word, 8, true, false), 0);
	CHECK_EQ(remote(mm, AT(1), &word, 8, true, true), 0);
	CHECK_EQ(remote(mm, AT(2), &word, 8, false, false), 0);
	CHECK(env_file_word(file, 0, &word));
	CHECK_EQ(word, FILE_WORD(0));
}

/* What the program may do stays as it is. */
MM_TEST(a_forced_write_makes_a_private_copy)
{
	struct mm_struct *mm = env_mm(), *child;
	struct file *file = env_file(PG, 0);
	uint64_t word = 77;

	env_mmap(mm, AT(0), 1, PROT_READ);
	map_file(mm, file, 1, 1, PROT_READ, MAP_PRIVATE);
	env_mmap(mm, AT(2), 1, PROT_NONE);
	env_mmap(mm, AT(3), 1, RW);
	STORE(AT(3), 5);
	TRY_OK(do_mprotect(mm, AT(3), PG, PROT_READ));
	LOAD(AT(0));
	LOAD(AT(1));
	child = env_fork(mm);
	for (unsigned i = 0; i < 4; i++) {
		word = 77 + i;
		if (remote(mm, AT(i), &word, 8, true, true) != 8) {
			CHECK(env_injected());
			return;
		}
		CHECK_EQ(remote(mm, AT(i), &word, 8, false, true), 8);
		CHECK_EQ(word, 77 + i);
	}
	CHECK_EQ(LOAD(AT(0)), 77);
	CHECK_EQ(LOAD(AT(1)), 78);
	CHECK_EQ(LOAD(AT(3)), 80);
	CHECK_ACCESS(AT(0), MMU_STORE, SIGSEGV, SEGV_ACCERR);
	CHECK_ACCESS(AT(3), MMU_STORE, SIGSEGV, SEGV_ACCERR);
	CHECK(env_file_word(file, 0, &word));
	CHECK_EQ(word, FILE_WORD(0));
	TRY_OK(do_mprotect(mm, AT(2), PG, RW));
	CHECK_EQ(LOAD(AT(2)), 79);
	STORE(AT(2), 1);
	env_switch(0, child);
	CHECK_EQ(LOAD(AT(0)), 0);
	CHECK_EQ(LOAD(AT(1)), FILE_WORD(0));
	CHECK_EQ(LOAD(AT(3)), 5);
}

MM_TEST(futex_keys_follow_the_page_of_shared_memory)
{
	struct mm_struct *mm = env_mm();
	struct file *file = env_file(4 * PG, 0);
	uint64_t a, b, x, y;

	map_file(mm, file, 0, 4, RW, MAP_SHARED);
	map_file(mm, file, 10, 4, RW, MAP_SHARED);
	env_mmap(mm, AT(20), 1, RW);
	env_mmap(mm, AT(21), 1, PROT_NONE);
	TRY_OK(mm_futex_key(mm, AT(1) + 8, true, &a, &x));
	TRY_OK(mm_futex_key(mm, AT(11) + 8, true, &b, &y));
	CHECK(a == b && x == y);
	TRY_OK(mm_futex_key(mm, AT(11) + 12, true, &b, &y));
	CHECK(a != b || x != y);
	TRY_OK(mm_futex_key(mm, AT(20) + 4, true, &a, &x));
	TRY_OK(mm_futex_key(mm, AT(20) + 4, false, &b, &y));
	CHECK(a == (uintptr_t)mm && a == b && x == y && x == AT(20) + 4);
	CHECK_EQ(TRY(mm_futex_key(mm, AT(30), true, &a, &x)), -EFAULT);
	CHECK_EQ(TRY(mm_futex_key(mm, AT(21), true, &a, &x)), -EFAULT);
}

static void *map_shared(struct mm_struct *mm)
{
	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(0), PG, RW,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0)),
		 AT(0));
	return vma_lookup(mm, AT(0))->vm_file;
}

MM_TEST(a_futex_key_is_never_another_files)
{
	struct mm_struct *mm = env_mm();
	const void *file = map_shared(mm);
	uint64_t a, b, offset;

	TRY_OK(mm_futex_key(mm, AT(0), true, &a, &offset));
	TRY_OK(do_munmap(mm, AT(0), PG));
	CHECK(map_shared(mm) == file); /* where the one was that is gone */
	TRY_OK(mm_futex_key(mm, AT(0), true, &b, &offset));
	CHECK(a != b);
}

static const struct tap_test tests[] = {
    ENTRY(mincore_tells_what_is_resident),
    ENTRY(mincore_sees_the_page_cache),
    ENTRY(mincore_goes_in_runs),
    ENTRY(mincore_refuses_holes_and_bad_ranges),
    ENTRY(msync_checks_range_and_flags),
    ENTRY(memory_is_read_and_written_from_outside),
    ENTRY(outsiders_write_a_copy_not_the_shared_page),
    ENTRY(permissions_hold_for_outsiders),
    ENTRY(a_forced_write_makes_a_private_copy),
    ENTRY(futex_keys_follow_the_page_of_shared_memory),
    ENTRY(a_futex_key_is_never_another_files),
};

TAP_MAIN(tests)
