/* SPDX-License-Identifier: MIT */
/*
 * process_vm_readv(2) and process_vm_writev(2), and writing to proc_pid_mem(5).
 */
#include "test/conform/conform.h"

static long vm_read(int pid, const struct iovec *local, unsigned long nr_local,
		    const struct iovec *remote, unsigned long nr_remote)
{
	return sys(SYS_process_vm_readv, pid, local, nr_local, remote,
		   nr_remote, 0);
}

static long vm_write(int pid, const struct iovec *local, unsigned long nr_local,
		     const struct iovec *remote, unsigned long nr_remote)
{
	return sys(SYS_process_vm_writev, pid, local, nr_local, remote,
		   nr_remote, 0);
}

static struct iovec piece(const volatile void *p, size_t len)
{
	return (struct iovec){(uintptr_t)p, len};
}

/* One piece each. */
static long copy_from(int pid, void *to, const volatile void *from, size_t len)
{
	struct iovec local = piece(to, len), remote = piece(from, len);

	return vm_read(pid, &local, 1, &remote, 1);
}

static long copy_to(int pid, volatile void *to, const void *from, size_t len)
{
	struct iovec local = piece(from, len), remote = piece(to, len);

	return vm_write(pid, &local, 1, &remote, 1);
}

/* A child that lives until the other end of the pipe is closed. */
static int waiting_child(int fds[2])
{
	int pid;
	char c;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		read(fds[0], &c, 1);
		exit(0);
	}
	close(fds[0]);
	return pid;
}

TEST(process_vm_readv_reads_another_process)
{
	char *p = filled(2), text[8];
	int fds[2], pid = waiting_child(fds);

	memset(p, 'x', 2 * PAGE);
	EQ(copy_from(pid, text, p + PAGE - 4, 8), 8);
	EQ(memcmp(text, "AAAABBBB", 8), 0);
	close(fds[1]);
	joined(pid, 0);
}

TEST(process_vm_writev_writes_another_process)
{
	char *p = filled(2);
	int fds[2], pid;

	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		char c;

		close(fds[1]);
		read(fds[0], &c, 1);
		EQ(memcmp(p + PAGE - 4, "AA1234BB", 8), 0);
		exit(0);
	}
	EQ(copy_to(pid, p + PAGE - 2, "1234", 4), 4);
	EQ(get(p + PAGE - 1), 'A');
	close(fds[1]);
	joined(pid, 0);
}

TEST(process_vm_readv_reads_the_caller)
{
	char *p = filled(1), c = 0;

	EQ(copy_from(getpid(), &c, p, 1), 1);
	EQ(c, 'A');
}

TEST(process_vm_readv_gathers_and_scatters)
{
	char *p = filled(4), a[3], b[5];
	struct iovec remote[] = {piece(p, 2), piece(p + PAGE, 0),
				 piece(p + 2 * PAGE, 6)};
	struct iovec local[] = {piece(a, 3), piece(b, 5)};

	EQ(vm_read(getpid(), local, 2, remote, 3), 8);
	EQ(memcmp(a, "AAC", 3), 0);
	EQ(memcmp(b, "CCCCC", 5), 0);
}

TEST(process_vm_moves_no_more_than_both_sides_have)
{
	char *p = filled(1), to[8] = "-------";
	struct iovec local = piece(to, 3), remote = piece(p, 8);

	EQ(vm_read(getpid(), &local, 1, &remote, 1), 3);
	EQ(memcmp(to, "AAA-", 4), 0);
	local = piece(to, 8);
	remote = piece(p, 5);
	EQ(vm_read(getpid(), &local, 1, &remote, 1), 5);
}

TEST(process_vm_of_nothing_is_zero)
{
	char c;
	struct iovec some = piece(&c, 1), none = piece(&c, 0);

	EQ(vm_read(getpid(), &some, 0, &some, 1), 0);
	EQ(vm_read(getpid(), &some, 1, &some, 0), 0);
	EQ(vm_read(getpid(), &none, 1, &some, 1), 0);
	EQ(vm_read(getpid(), &some, 1, &none, 1), 0);
	/* Nobody is looked for then. */
	EQ(vm_read(0x3fffffff, &some, 0, &some, 1), 0);
}

TEST(process_vm_refuses_flags)
{
	char *p = filled(1), c;
	struct iovec local = piece(&c, 1), remote = piece(p, 1);

	EQ(sys(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 1),
	   -EINVAL);
	EQ(sys(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 1),
	   -EINVAL);
}

TEST(process_vm_refuses_long_vectors)
{
	static struct iovec many[1025];
	char c;
	struct iovec one = piece(&c, 1);

	EQ(vm_read(getpid(), many, 1025, &one, 1), -EINVAL);
	EQ(vm_read(getpid(), &one, 1, many, 1025), -EINVAL);
}

TEST(process_vm_refuses_negative_lengths)
{
	char *p = filled(1);
	struct iovec one = piece(p, 1), negative = piece(p, -1UL);

	EQ(vm_read(getpid(), &negative, 1, &one, 1), -EINVAL);
	EQ(vm_read(getpid(), &one, 1, &negative, 1), -EINVAL);
}

TEST(process_vm_with_a_bad_vector_is_efault)
{
	char *p = filled(1);
	struct iovec one = piece(p, 1);

	EQ(vm_read(getpid(), (void *)hole(1), 1, &one, 1), -EFAULT);
	EQ(vm_read(getpid(), &one, 1, (void *)hole(1), 1), -EFAULT);
}

TEST(process_vm_of_nobody_is_esrch)
{
	char *p = filled(1), c;
	int pid = fork();

	EQ(copy_from(0x3fffffff, &c, p, 1), -ESRCH);
	if (pid == 0)
		exit(0);
	joined(pid, 0);
	EQ(copy_from(pid, &c, p, 1), -ESRCH);
}

TEST(process_vm_of_a_zombie_is_esrch)
{
	char *p = filled(1), c;
	int fds[2], pid = waiting_child(fds);
	struct siginfo info;

	close(fds[1]);
	EQ(sys(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, NULL), 0);
	EQ(copy_from(pid, &c, p, 1), -ESRCH);
	joined(pid, 0);
}

TEST(process_vm_of_unmapped_memory_is_efault)
{
	char c = 0, *p = hole(1);

	EQ(copy_from(getpid(), &c, p, 1), -EFAULT);
	EQ(copy_to(getpid(), p, &c, 1), -EFAULT);
	EQ(copy_from(getpid(), &c, (void *)-PAGE, 1), -EFAULT);
}

TEST(process_vm_with_a_bad_buffer_is_efault)
{
	char *p = filled(1);

	EQ(copy_from(getpid(), hole(1), p, 1), -EFAULT);
	EQ(copy_to(getpid(), p, hole(1), 1), -EFAULT);
	EQ(copy_from(getpid(), (void *)-PAGE, p, 1), -EFAULT);
	EQ(get(p), 'A');
}

TEST(process_vm_stops_at_unmapped_memory)
{
	char *p = filled(2), *to = filled(4);
	struct iovec local = piece(to, 3 * PAGE);
	struct iovec remote[] = {piece(p + PAGE - 8, 8), piece(hole(1), PAGE),
				 piece(p, 8)};

	EQ(vm_read(getpid(), &local, 1, remote, 3), 8);
	EQ(get(to + 7), 'A');
	EQ(vm_write(getpid(), &local, 1, remote, 3), 8);
}

TEST(process_vm_writev_obeys_the_protection)
{
	char *p = filled(1), c = 'x';

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(copy_to(getpid(), p, &c, 1), -EFAULT);
	EQ(copy_from(getpid(), &c, p, 1), 1);
	EQ(c, 'A');
}

TEST(process_vm_readv_obeys_the_protection)
{
	char *p = filled(1), c = 'x';

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	EQ(copy_from(getpid(), &c, p, 1), -EFAULT);
	EQ(mprotect(p, PAGE, PROT_EXEC), 0);
	EQ(copy_from(getpid(), &c, p, 1), -EFAULT);
}

TEST(process_vm_readv_brings_pages_in)
{
	char *p = island(2, RW), *f = map_fd(file_of(1), 1, RW, MAP_PRIVATE);
	char c = 'x';

	EQ(copy_from(getpid(), &c, p, 1), 1);
	EQ(c, 0);
	EQ(copy_from(getpid(), &c, f, 1), 1);
	EQ(c, 'A');
	EQ(copy_to(getpid(), p + PAGE, &c, 1), 1);
	EQ(get(p + PAGE), 'A');
}

TEST(process_vm_writev_breaks_copy_on_write)
{
	int fd = file_of(1), fds[2], pid;
	char *p = filled(1), *f = map_fd(fd, 1, RW, MAP_PRIVATE), c = 'x';

	EQ(get(f), 'A');
	pid = waiting_child(fds);
	EQ(copy_to(getpid(), p, &c, 1), 1);
	EQ(copy_to(getpid(), f, &c, 1), 1);
	EQ(get(p), 'x');
	EQ(copy_from(pid, &c, p, 1), 1);
	EQ(c, 'A');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'A');
	close(fds[1]);
	joined(pid, 0);
}

TEST(process_vm_writev_reaches_shared_memory)
{
	int fd = file_of(1);
	char *f = map_fd(fd, 1, RW, MAP_SHARED), c = 'x';

	EQ(copy_to(getpid(), f, &c, 1), 1);
	c = 0;
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(process_vm_behind_the_end_of_a_file_is_efault)
{
	char *f = map_fd(file_of(1), 2, RW, MAP_SHARED), c;

	EQ(copy_from(getpid(), &c, f + PAGE, 1), -EFAULT);
	EQ(copy_from(getpid(), &c, f + PAGE - 1, 1), 1);
}

TEST(process_vm_of_another_user_is_eperm)
{
	char *p = filled(1), c;
	int fds[2], pid = waiting_child(fds), other;

	other = fork();
	if (other == 0) {
		drop_root();
		EQ(copy_from(pid, &c, p, 1), -EPERM);
		EQ(copy_to(pid, p, "x", 1), -EPERM);
		EQ(copy_from(getpid(), &c, p, 1), 1);
		exit(0);
	}
	joined(other, 0);
	EQ(copy_from(pid, &c, p, 1), 1);
	close(fds[1]);
	joined(pid, 0);
}

TEST(process_vm_of_the_same_user_is_allowed)
{
	char *p = filled(1), c;
	int fds[2], pid;

	drop_root();
	EQ(sys(SYS_setresgid, 0, 0, 0), 0);
	EQ(sys(SYS_prctl, 4, 1), 0); /* PR_SET_DUMPABLE */
	pid = waiting_child(fds);
	EQ(copy_from(pid, &c, p, 1), 1);
	close(fds[1]);
	joined(pid, 0);
}

/* /proc/PID/mem */

static int own_memory(void)
{
	int fd = open("/proc/self/mem", O_RDWR, 0);

	CHECK(fd >= 0);
	return fd;
}

static long poke(const volatile void *p, const char *text, size_t len)
{
	int fd = own_memory();
	long done = pwrite(fd, text, len, (int64_t)(uintptr_t)p);

	close(fd);
	return done;
}

TEST(proc_mem_writes_memory)
{
	char *p = filled(2);

	EQ(poke(p + PAGE - 2, "1234", 4), 4);
	EQ(memcmp(p + PAGE - 3, "A1234B", 6), 0);
}

TEST(proc_mem_writes_through_read_only_private_memory)
{
	char *p = filled(1), *q = island(1, PROT_READ);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(poke(p, "x", 1), 1);
	EQ(get(p), 'x');
	EQ(get(p + 1), 'A');
	IS_READONLY(p);
	EQ(poke(q, "x", 1), 1);
	EQ(get(q), 'x');
	IS_READONLY(q);
}

TEST(proc_mem_write_to_a_read_only_private_file_is_a_copy)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, PROT_READ, MAP_PRIVATE), c = 0;
	char *q = map_fd(fd, 1, PROT_READ, MAP_PRIVATE);

	EQ(get(q), 'A');
	EQ(poke(p, "x", 1), 1);
	EQ(poke(q, "y", 1), 1);
	EQ(get(p), 'x');
	EQ(get(p + 1), 'A');
	EQ(get(q), 'y');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'A');
	IS_READONLY(p);
}

TEST(proc_mem_write_to_read_only_shared_memory_is_eio)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, PROT_READ, MAP_SHARED);
	char *q = shared(1, PROT_READ);

	EQ(poke(p, "x", 1), -EIO);
	EQ(get(p), 'A');
	EQ(poke(q, "x", 1), -EIO);
	EQ(get(q), 0);
}

TEST(proc_mem_writes_writable_shared_memory)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c = 0;

	EQ(poke(p, "x", 1), 1);
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(proc_mem_reads_and_writes_prot_none)
{
	char *p = filled(1), c = 0;
	char *q = island(1, PROT_NONE);
	int fd = own_memory();

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	EQ(pread(fd, &c, 1, (int64_t)(uintptr_t)p), 1);
	EQ(c, 'A');
	EQ(poke(p, "x", 1), 1);
	EQ(pread(fd, &c, 1, (int64_t)(uintptr_t)q), 1);
	EQ(c, 0);
	EQ(poke(q, "y", 1), 1);
	FAULTS(probe_load(p), SIGSEGV, SEGV_ACCERR, p);
	EQ(mprotect(p, PAGE, RW), 0);
	EQ(get(p), 'x');
	put(p, 'z');
	EQ(mprotect(q, PAGE, PROT_READ), 0);
	EQ(get(q), 'y');
}

TEST(proc_mem_write_is_not_seen_by_the_child)
{
	char *p = filled(1);
	int fds[2], pid;
	char c;

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		read(fds[0], &c, 1);
		exit(get(p));
	}
	EQ(poke(p, "x", 1), 1);
	EQ(get(p), 'x');
	close(fds[1]);
	joined(pid, 'A');
	IS_READONLY(p);
}

TEST(proc_mem_write_is_kept_by_mprotect_and_fork)
{
	char *p = filled(1);
	int pid;

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(poke(p, "x", 1), 1);
	pid = fork();
	if (pid == 0) {
		EQ(poke(p, "y", 1), 1);
		exit(get(p));
	}
	joined(pid, 'y');
	EQ(mprotect(p, PAGE, RW), 0);
	EQ(get(p), 'x');
	put(p, 'z');
	EQ(get(p), 'z');
}

TEST(proc_mem_changes_code)
{
	static const uint32_t one[] = {0x00100513, 0x00008067}; /* a0 = 1 */
	static const uint32_t two[] = {0x00200513, 0x00008067};
	char *p = island(1, RW);
	int (*fn)(void) = (int (*)(void))(uintptr_t)p;

	memcpy(p, one, sizeof(one));
	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	sys(SYS_riscv_flush_icache, p, p + PAGE, 0);
	EQ(fn(), 1);
	EQ(poke(p, (const char *)two, sizeof(two)), sizeof(two));
	EQ(fn(), 2);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_ACCERR, p);
}

TEST(proc_mem_write_of_nothing_is_eio)
{
	EQ(poke(hole(1), "x", 1), -EIO);
}

TEST(proc_mem_with_a_bad_buffer_is_efault)
{
	char *p = filled(1);

	EQ(poke(p, hole(1), 1), -EFAULT);
	EQ(pread(own_memory(), hole(1), 1, (int64_t)(uintptr_t)p), -EFAULT);
}

TEST(proc_mem_stops_at_a_hole)
{
	char *p = filled(2), text[16] = "0123456789abcde";

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(poke(p + PAGE - 4, text, 16), 4);
	EQ(memcmp(p + PAGE - 5, "A0123", 5), 0);
}

TAP_MAIN
