/* SPDX-License-Identifier: MIT */
/*
 * fork(2) and memory: what the child gets, what it does not get, and the
 * advice of madvise(2) that changes it.
 */
#include "test/conform/conform.h"

/* true in a child; false in the parent, once the child has ended well. */
static bool child(void)
{
	int pid = fork();

	if (pid == 0)
		return true;
	joined(pid, 0);
	return false;
}

/* These statements run in a child, and no check may fail there. */
#define CHILD(...)                                                             \
	do {                                                                   \
		if (child()) {                                                 \
			__VA_ARGS__;                                           \
			exit(0);                                               \
		}                                                              \
	} while (0)

TEST(fork_returns_zero_in_the_child)
{
	int parent = getpid(), pid = fork();

	if (pid == 0)
		exit(sys(SYS_getppid) == parent && getpid() != parent ? 5 : 1);
	CHECK(pid != parent);
	joined(pid, 5);
}

TEST(fork_gives_the_child_the_same_contents)
{
	char *p = filled(3);

	CHILD(EQ(get(p), 'A'); EQ(get(p + 2 * PAGE), 'C'));
}

TEST(fork_child_stores_do_not_show_in_the_parent)
{
	char *p = filled(1);

	CHILD(put(p, 'x'); EQ(get(p), 'x'));
	EQ(get(p), 'A');
}

TEST(fork_parent_stores_do_not_show_in_the_child)
{
	char *p = filled(1), c;
	int fds[2], pid;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		EQ(read(fds[0], &c, 1), 1);
		EQ(get(p), 'A');
		exit(0);
	}
	put(p, 'x');
	EQ(write(fds[1], "x", 1), 1);
	joined(pid, 0);
}

TEST(fork_stores_by_the_kernel_do_not_show_in_the_parent)
{
	char *p = filled(1);
	int fd = file_of(2);

	CHILD(EQ(pread(fd, p, 1, PAGE), 1); EQ(get(p), 'B'));
	EQ(get(p), 'A');
}

TEST(fork_untouched_memory_stays_apart)
{
	char *p = anon(1, RW);

	CHILD(put(p, 'x'));
	EQ(get(p), 0);
}

TEST(fork_memory_only_read_stays_apart)
{
	char *p = anon(1, RW);

	EQ(get(p), 0);
	CHILD(put(p, 'x'));
	EQ(get(p), 0);
}

TEST(fork_shares_shared_memory_both_ways)
{
	char *p = shared(1, RW);

	put(p, 'x');
	CHILD(EQ(get(p), 'x'); put(p, 'y'));
	EQ(get(p), 'y');
}

TEST(fork_shares_shared_files)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c = 0;

	CHILD(put(p, 'x'));
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(fork_keeps_private_changes_of_a_file)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);

	put(p, 'x');
	CHILD(EQ(get(p), 'x'); put(p, 'y'));
	EQ(get(p), 'x');
}

TEST(fork_copies_protection)
{
	char *p = filled(2);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
	CHILD(IS_READONLY(p);
	      FAULTS(probe_load(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE));
}

TEST(fork_copies_holes)
{
	char *p = filled(3);

	EQ(munmap(p + PAGE, PAGE), 0);
	CHILD(EQ(get(p), 'A'); UNMAPPED(p + PAGE); EQ(get(p + 2 * PAGE), 'C'));
}

TEST(fork_child_may_unmap_without_harm)
{
	char *p = filled(2);

	CHILD(EQ(munmap(p, 2 * PAGE), 0); UNMAPPED(p));
	EQ(get(p), 'A');
	put(p + PAGE, 'x');
}

TEST(fork_children_of_children_stay_apart)
{
	char *p = filled(1);

	CHILD(put(p, 'x'); CHILD(EQ(get(p), 'x'); put(p, 'y'));
	      EQ(get(p), 'x'));
	EQ(get(p), 'A');
}

TEST(fork_many_children_see_one_state)
{
	char *p = filled(1);

	for (int i = 0; i < 20; i++)
		CHILD(EQ(get(p), 'A'); put(p, i));
	EQ(get(p), 'A');
}

TEST(fork_stack_of_the_child_is_its_own)
{
	volatile int here = 1;

	CHILD(here = 2);
	EQ(here, 1);
}

TEST(fork_data_of_the_child_is_its_own)
{
	static volatile int data = 1, bss;

	CHILD(data = 2; bss = 2);
	EQ(data, 1);
	EQ(bss, 0);
}

TEST(fork_starts_with_no_faults_and_no_time)
{
	char *p = anon(64, RW);
	struct rusage use;

	memset(p, 1, 64 * PAGE);
	CHILD(EQ(getrusage(RUSAGE_SELF, &use), 0); CHECK(use.ru_minflt < 64));
}

TEST(fork_shares_positions_of_descriptors)
{
	int fd = file_of(1);

	CHILD(EQ(lseek(fd, 77, SEEK_SET), 77));
	EQ(lseek(fd, 0, SEEK_CUR), 77);
}

TEST(fork_dontfork_leaves_a_hole_in_the_child)
{
	char *p = filled(3);

	EQ(madvise(p + PAGE, PAGE, MADV_DONTFORK), 0);
	CHILD(EQ(get(p), 'A'); UNMAPPED(p + PAGE); EQ(get(p + 2 * PAGE), 'C'));
	EQ(get(p + PAGE), 'B');
}

TEST(fork_dontfork_of_shared_memory)
{
	char *p = shared(1, RW);

	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
	CHILD(UNMAPPED(p));
}

TEST(fork_dofork_undoes_dontfork)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
	EQ(madvise(p, PAGE, MADV_DOFORK), 0);
	CHILD(EQ(get(p), 'A'));
}

TEST(fork_dontfork_shows_in_smaps)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
	CHECK(has_vm_flag(p, "dc"));
	EQ(madvise(p, PAGE, MADV_DOFORK), 0);
	CHECK(!has_vm_flag(p, "dc"));
}

TEST(fork_wipeonfork_gives_the_child_zeros)
{
	char *p = filled(2);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
	CHILD(EQ(get(p), 0); EQ(get(p + PAGE - 1), 0); EQ(get(p + PAGE), 'B'));
	EQ(get(p), 'A');
}

TEST(fork_wipeonfork_lasts_for_grandchildren)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
	CHILD(put(p, 'x'); CHILD(EQ(get(p), 0)); EQ(get(p), 'x'));
}

TEST(fork_keeponfork_undoes_wipeonfork)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
	EQ(madvise(p, PAGE, MADV_KEEPONFORK), 0);
	CHILD(EQ(get(p), 'A'));
}

TEST(fork_wipeonfork_refuses_files_and_shared_memory)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);
	char *q = map_fd(file_of(1), 1, RW, MAP_SHARED);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), -EINVAL);
	EQ(madvise(q, PAGE, MADV_WIPEONFORK), -EINVAL);
	EQ(madvise(shared(1, RW), PAGE, MADV_WIPEONFORK), -EINVAL);
}

TEST(fork_wipeonfork_shows_in_smaps)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
	CHECK(has_vm_flag(p, "wf"));
}

TEST(fork_dontfork_wins_over_wipeonfork)
{
	char *p = filled(1);

	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
	CHILD(UNMAPPED(p));
}

TEST(vfork_child_runs_in_the_parents_memory)
{
	static volatile int seen;
	long pid = sys(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD);

	if (pid == 0) {
		seen = 7;
		exit(3);
	}
	joined((int)pid, 3);
	EQ(seen, 7);
}

TAP_MAIN
