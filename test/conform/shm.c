/* SPDX-License-Identifier: MIT */
/*
 * shmget(2), shmat(2), shmdt(2).
 */
#include "test/conform/shm.h"

TEST(shmget_makes_a_segment)
{
	struct timespec before, after;
	struct shmid_ds ds;
	long id;

	EQ(clock_gettime(CLOCK_REALTIME, &before), 0);
	id = shmget(IPC_PRIVATE, 3 * PAGE - 5, 0640);
	EQ(clock_gettime(CLOCK_REALTIME, &after), 0);
	ds = state(id);
	removed(id);
	EQ(ds.shm_perm.key, IPC_PRIVATE);
	EQ(ds.shm_perm.mode, 0640);
	EQ(ds.shm_perm.uid, 0);
	EQ(ds.shm_perm.cuid, 0);
	EQ(ds.shm_perm.gid, 0);
	EQ(ds.shm_perm.cgid, 0);
	EQ(ds.shm_segsz, 3 * PAGE - 5);
	EQ(ds.shm_cpid, getpid());
	EQ(ds.shm_lpid, 0);
	EQ(ds.shm_nattch, 0);
	EQ(ds.shm_atime, 0);
	EQ(ds.shm_dtime, 0);
	/* Linux looks at a clock that moves on with each tick. */
	CHECK(ds.shm_ctime >= before.tv_sec - 1);
	CHECK(ds.shm_ctime <= after.tv_sec);
}

TEST(shmget_private_makes_another_each_time)
{
	long a = made(1), b = made(1);

	removed(a);
	removed(b);
	CHECK(a != b);
}

TEST(shmget_finds_by_key)
{
	long id = shmget(KEY, PAGE, IPC_CREAT | 0600);

	EQ(shmget(KEY, 0, 0), id);
	EQ(shmget(KEY, PAGE, IPC_CREAT | 0600), id);
	EQ(shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL | 0600), -EEXIST);
	EQ(shmget(KEY, PAGE, IPC_EXCL | 0600), id);
	EQ(shmget(KEY, PAGE + 1, 0), -EINVAL);
	EQ(state(id).shm_perm.key, KEY);
	removed(id);
	EQ(shmget(KEY, PAGE, 0), -ENOENT);
}

TEST(shmget_refuses_bad_sizes)
{
	EQ(shmget(IPC_PRIVATE, 0, 0600), -EINVAL);
	EQ(shmget(IPC_PRIVATE, ~0UL, 0600), -EINVAL);
	EQ(shmget(IPC_PRIVATE, 1UL << 63, 0600), -EINVAL);
}

TEST(shmget_of_more_than_there_is_is_enomem)
{
	EQ(shmget(IPC_PRIVATE, 1UL << 46, 0600), -ENOMEM);
}

TEST(shmget_without_reserve_may_be_large)
{
	long id = shmget(IPC_PRIVATE, 1UL << 46, SHM_NORESERVE | 0600);

	CHECK(id >= 0);
	EQ(shmat(id, NULL, 0), -ENOMEM);
	NATTCH(id, 0);
	removed(id);
}

TEST(shm_identifiers_are_not_used_again_soon)
{
	long a = made(1);

	removed(a);
	long b = made(1);
	removed(b);
	CHECK(a != b);
	EQ(shmat(a, NULL, 0), -EINVAL);
}

TEST(shm_identifiers_of_an_index_that_is_used_again_stay_invalid)
{
	long first = made(1), id;

	removed(first);
	for (;;) {
		id = made(1);
		if (id % 32768 == first % 32768)
			break;
		removed(id);
	}
	CHECK(id != first);
	EQ(shmat(first, NULL, 0), -EINVAL);
	EQ(shmctl(first, IPC_RMID, NULL), -EINVAL);
	removed(id);
}

TEST(shmat_shows_zeros_and_the_same_pages)
{
	long id = made(2);
	char *p = attached(id, 0), *q = attached(id, 0);

	removed(id);
	CHECK(p != q);
	EQ(get(p), 0);
	put(p + PAGE, 'x');
	EQ(get(q + PAGE), 'x');
	PERMS(p, "rw-s");
}

TEST(shmat_keeps_contents_without_attaches)
{
	long id = made(1);
	char *p = attached(id, 0);

	put(p, 'x');
	EQ(shmdt(p), 0);
	UNMAPPED(p);
	p = attached(id, 0);
	removed(id);
	EQ(get(p), 'x');
}

TEST(shmat_read_only)
{
	long id = made(1);
	char *p = attached(id, SHM_RDONLY);

	removed(id);
	PERMS(p, "r--s");
	IS_READONLY(p);
	EQ(mprotect(p, PAGE, RW), -EACCES);
}

TEST(shmat_executable)
{
	long id = shmget(IPC_PRIVATE, PAGE, 0700);

	PERMS(attached(id, SHM_EXEC), "rwxs");
	PERMS(attached(id, SHM_EXEC | SHM_RDONLY), "r-xs");
	removed(id);
}

TEST(shmat_writable_can_be_protected_and_back)
{
	char *p = fleeting(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	IS_READONLY(p);
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
}

TEST(shmat_at_an_address)
{
	long id = made(2);
	char *p = hole(2);

	EQ(shmat(id, p, 0), (long)p);
	EQ(shmat(id, p, 0), -EINVAL);
	EQ(shmat(id, p + PAGE, 0), -EINVAL);
	NATTCH(id, 1);
	removed(id);
}

TEST(shmat_rounds_when_told_to)
{
	long id = made(1);
	char *p = hole(1);

	EQ(shmat(id, p + 1, 0), -EINVAL);
	EQ(shmat(id, p + 100, SHM_RND), (long)p);
	removed(id);
}

TEST(shmat_remap_replaces)
{
	long id = made(1);
	char *p = filled(1);

	EQ(shmat(id, NULL, SHM_REMAP), -EINVAL);
	EQ(shmat(id, (void *)1, SHM_RND | SHM_REMAP), -EINVAL);
	EQ(shmat(id, p, SHM_REMAP), (long)p);
	removed(id);
	EQ(get(p), 0);
	PERMS(p, "rw-s");
}

TEST(shmat_of_no_segment_is_einval)
{
	EQ(shmat(-1, NULL, 0), -EINVAL);
	EQ(shmat(0x7fffffff, NULL, 0), -EINVAL);
}

TEST(shmat_beyond_the_end_of_the_segment_is_sigbus)
{
	long id = shmget(IPC_PRIVATE, PAGE + 1, 0600);
	char *p = attached(id, 0);

	removed(id);
	put(p + 2 * PAGE - 1, 'x');
	p = mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL);
	EQ(err(p), 0);
	put(p + PAGE, 'x');
	FAULTS(probe_load(p + 2 * PAGE), SIGBUS, BUS_ADRERR, p + 2 * PAGE);
}

TEST(shm_is_named_in_proc_maps)
{
	static char text[32768];
	char name[48];
	long id = shmget(KEY + 1, PAGE, IPC_CREAT | 0600);
	char *p = attached(id, 0);

	/* The name is what the key was. */
	removed(id);
	snprintf(name, sizeof(name), "/SYSV%08x (deleted)\n", KEY + 1);
	CHECK(read_file("/proc/self/maps", text, sizeof(text)) > 0);
	char *at = strstr(text, name);
	CHECK(at != NULL);
	while (*--at == ' ')
		;
	while (at[-1] != ' ')
		at--;
	EQ(strtoul(at, NULL), id);
	EQ(shmdt(p), 0);
}

TEST(shm_counts_as_shared_memory)
{
	char *p = fleeting(4);
	long before = status_kib("RssShmem:");

	memset(p, 'x', 4 * PAGE);
	EQ(status_kib("RssShmem:") - before, 16);
	EQ(smaps_kib(p, "Rss:"), 16);
}

TEST(shmdt_of_other_memory_is_einval)
{
	long id = made(2);
	char *p = attached(id, 0);

	removed(id);
	EQ(shmdt(p + PAGE), -EINVAL);
	EQ(shmdt(p + 1), -EINVAL);
	EQ(shmdt(shared(1, RW)), -EINVAL);
	EQ(shmdt(hole(1)), -EINVAL);
	EQ(shmdt(p), 0);
	EQ(shmdt(p), -EINVAL);
}

TEST(shmdt_takes_all_pieces)
{
	long id = made(5);
	char *p = attached(id, 0);

	EQ(munmap(p, PAGE), 0);
	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	EQ(mprotect(p + 3 * PAGE, PAGE, PROT_READ), 0);
	NATTCH(id, 3);
	EQ(shmdt(p), 0);
	UNMAPPED(p + PAGE);
	UNMAPPED(p + 4 * PAGE);
	NATTCH(id, 0);
	removed(id);
}

TEST(shmdt_takes_one_attach_of_two)
{
	long id = made(1);
	char *p = attached(id, 0), *q = attached(id, 0);

	EQ(shmdt(q), 0);
	MAPPED(p);
	NATTCH(id, 1);
	removed(id);
}

TEST(shmdt_leaves_what_was_mapped_between)
{
	long id = made(3);
	char *p = attached(id, 0);

	EQ(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED), (long)p + (long)PAGE);
	EQ(shmdt(p), 0);
	UNMAPPED(p);
	MAPPED(p + PAGE);
	UNMAPPED(p + 2 * PAGE);
	removed(id);
}

TEST(shm_nattch_counts_attaches_and_pieces)
{
	long id = made(4);
	char *p = attached(id, 0);

	NATTCH(id, 1);
	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	NATTCH(id, 3);
	attached(id, SHM_RDONLY);
	NATTCH(id, 4);
	EQ(munmap(p, 4 * PAGE), 0);
	NATTCH(id, 1);
	removed(id);
}

TEST(shm_nattch_counts_children)
{
	long id = made(1);
	char *p = attached(id, 0);
	int fds[2], pid;
	char c;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		read(fds[0], &c, 1);
		put(p, 'x');
		exit(0);
	}
	NATTCH(id, 2);
	close(fds[1]);
	joined(pid, 0);
	NATTCH(id, 1);
	EQ(state(id).shm_lpid, pid);
	EQ(get(p), 'x');
	removed(id);
}

TEST(shm_nattch_falls_with_exec)
{
	char *argv[] = {"/bin/echo", NULL};
	long id = made(1);
	int pid;

	attached(id, 0);
	NATTCH(id, 1);
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY, 0), 1);
		execve(argv[0], argv, environ());
		exit(1);
	}
	joined(pid, 0);
	NATTCH(id, 1);
	removed(id);
}

TEST(shm_nattch_falls_when_a_child_is_killed)
{
	long id = made(1);
	int pid, status = 0;

	attached(id, 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			sys(SYS_ppoll, NULL, 0, NULL, NULL, 8);
	NATTCH(id, 2);
	EQ(kill(pid, SIGKILL), 0);
	EQ(waitpid(pid, &status, 0), pid);
	NATTCH(id, 1);
	removed(id);
}

TEST(shm_nattch_stays_when_moved)
{
	long id = made(2);
	char *p = attached(id, 0), *q = hole(4);

	put(p, 'x');
	EQ(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q), q);
	NATTCH(id, 1);
	EQ(get(q), 'x');
	EQ(shmdt(q), 0);
	NATTCH(id, 0);
	removed(id);
}

TEST(shm_times_are_those_of_attach_and_detach)
{
	long id = made(1);
	char *p = attached(id, 0);
	struct shmid_ds ds = state(id);

	CHECK(ds.shm_atime >= ds.shm_ctime);
	EQ(ds.shm_dtime, 0);
	EQ(ds.shm_lpid, getpid());
	EQ(shmdt(p), 0);
	ds = state(id);
	CHECK(ds.shm_dtime >= ds.shm_atime);
	removed(id);
}

TEST(shm_holes_can_be_punched)
{
	char *p = fleeting(2), *q = fleeting(1);

	memset(p, 'x', 2 * PAGE);
	put(q, 'y');
	EQ(madvise(p, PAGE, MADV_REMOVE), 0);
	EQ(get(p), 0);
	EQ(get(p + PAGE), 'x');
	EQ(get(q), 'y');
}

TEST(shm_futex_is_the_same_in_all_attaches)
{
	long id = made(1);
	uint32_t *a = (uint32_t *)attached(id, 0);
	uint32_t *b = (uint32_t *)attached(id, 0);
	int pid;

	removed(id);
	pid = fork();
	if (pid == 0) {
		while (!*(volatile uint32_t *)a)
			sys(SYS_futex, a, 0, 0, NULL); /* FUTEX_WAIT */
		exit(0);
	}
	*(volatile uint32_t *)b = 1;
	while (sys(SYS_futex, b, 1, 1) < 0) /* FUTEX_WAKE */
		;
	joined(pid, 0);
}

TAP_MAIN
