/* SPDX-License-Identifier: MIT */
/*
 * mprotect(2): which accesses are refused afterwards, with which signal, and
 * which changes are refused.
 */
#include "test/conform/conform.h"

TEST(mprotect_read_refuses_stores)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(get(p), 'A');
	FAULTS(probe_store(p + 7, 1), SIGSEGV, SEGV_ACCERR, p + 7);
	EQ(get(p + 7), 'A');
}

TEST(mprotect_none_refuses_loads_stores_and_fetches)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	FAULTS(probe_load(p), SIGSEGV, SEGV_ACCERR, p);
	FAULTS(probe_store(p, 1), SIGSEGV, SEGV_ACCERR, p);
	FAULTS(probe_call(p), SIGSEGV, SEGV_ACCERR, p);
}

TEST(mprotect_none_and_back_keeps_the_contents)
{
	char *p = filled(2);

	EQ(mprotect(p, 2 * PAGE, PROT_NONE), 0);
	EQ(mprotect(p, 2 * PAGE, RW), 0);
	EQ(get(p), 'A');
	EQ(get(p + 2 * PAGE - 1), 'B');
	put(p, 'x');
}

TEST(mprotect_write_allows_stores)
{
	char *p = anon(1, PROT_READ);

	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
	EQ(get(p), 'x');
}

TEST(mprotect_write_after_reading_allows_stores)
{
	char *p = anon(1, PROT_READ), *q = anon(1, PROT_READ);

	EQ(get(p), 0);
	EQ(get(q), 0);
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
	EQ(get(p), 'x');
	EQ(get(q), 0);
}

TEST(mprotect_exec_allows_fetches)
{
	char *p = anon(1, RW);

	*(uint32_t *)p = 0x00008067; /* ret */
	FAULTS(probe_call(p), SIGSEGV, SEGV_ACCERR, p);
	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	sys(SYS_riscv_flush_icache, p, p + PAGE, 0);
	EQ(probe_call(p).signal, 0);
}

TEST(mprotect_without_exec_refuses_fetches)
{
	char *p = anon(1, RW | PROT_EXEC);

	*(uint32_t *)p = 0x00008067;
	sys(SYS_riscv_flush_icache, p, p + PAGE, 0);
	EQ(probe_call(p).signal, 0);
	EQ(mprotect(p, PAGE, RW), 0);
	FAULTS(probe_call(p), SIGSEGV, SEGV_ACCERR, p);
}

TEST(mprotect_refuses_an_unaligned_address)
{
	char *p = filled(1);

	EQ(mprotect(p + 1, PAGE, PROT_READ), -EINVAL);
	put(p, 1);
}

TEST(mprotect_rounds_the_length_up)
{
	char *p = filled(2);

	EQ(mprotect(p, 1, PROT_READ), 0);
	IS_READONLY(p + PAGE - 1);
	put(p + PAGE, 1);
	EQ(mprotect(p, PAGE + 1, PROT_READ), 0);
	IS_READONLY(p + 2 * PAGE - 1);
}

TEST(mprotect_of_length_zero_does_nothing)
{
	char *p = filled(1);

	EQ(mprotect(p, 0, PROT_NONE), 0);
	EQ(get(p), 'A');
}

TEST(mprotect_of_length_zero_takes_any_address)
{
	EQ(mprotect(hole(1), 0, PROT_READ), 0);
}

TEST(mprotect_refuses_unknown_bits)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ | 0x100), -EINVAL);
	put(p, 1);
}

TEST(mprotect_accepts_prot_sem)
{
	EQ(mprotect(filled(1), PAGE, RW | PROT_SEM), 0);
}

TEST(mprotect_refuses_both_growth_directions)
{
	EQ(mprotect(filled(1), PAGE, RW | PROT_GROWSDOWN | PROT_GROWSUP),
	   -EINVAL);
}

TEST(mprotect_growsdown_needs_such_a_mapping)
{
	EQ(mprotect(filled(1), PAGE, RW | PROT_GROWSDOWN), -EINVAL);
}

TEST(mprotect_growsup_needs_such_a_mapping)
{
	EQ(mprotect(filled(1), PAGE, RW | PROT_GROWSUP), -EINVAL);
}

TEST(mprotect_growsdown_reaches_the_start_of_the_mapping)
{
	char *p = (char *)map(NULL, 4 * PAGE, RW, ANON | MAP_GROWSDOWN);

	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN), 0);
	PERMS(p, "r--p");
	PERMS(p + 2 * PAGE, "r--p");
	PERMS(p + 3 * PAGE, "rw-p");
}

TEST(mprotect_of_nothing_is_enomem)
{
	EQ(mprotect(hole(1), PAGE, PROT_READ), -ENOMEM);
}

TEST(mprotect_of_addresses_outside_is_enomem)
{
	EQ(mprotect((void *)AN_END, PAGE, PROT_READ), -ENOMEM);
}

TEST(mprotect_of_a_range_that_wraps_is_enomem)
{
	EQ(mprotect(filled(1), -PAGE, PROT_READ), -ENOMEM);
}

TEST(mprotect_stops_at_a_hole)
{
	char *p = filled(3);

	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(mprotect(p, 3 * PAGE, PROT_READ), -ENOMEM);
	IS_READONLY(p);
	put(p + 2 * PAGE, 1);
}

TEST(mprotect_starting_in_a_hole_changes_nothing)
{
	char *p = filled(2);

	EQ(munmap(p, PAGE), 0);
	EQ(mprotect(p, 2 * PAGE, PROT_READ), -ENOMEM);
	put(p + PAGE, 1);
}

static int read_only_descriptor(void)
{
	int fd = open("/tmp/mprotect", O_RDWR | O_CREAT, 0600);
	int readable = open("/tmp/mprotect", O_RDONLY, 0);

	EQ(ftruncate(fd, 2 * PAGE), 0);
	close(fd);
	unlink("/tmp/mprotect");
	return readable;
}

TEST(mprotect_of_a_read_only_file_shared_is_eacces)
{
	char *p = map_fd(read_only_descriptor(), 1, PROT_READ, MAP_SHARED);

	EQ(mprotect(p, PAGE, RW), -EACCES);
	PERMS(p, "r--s");
}

TEST(mprotect_of_a_read_only_file_private_is_allowed)
{
	char *p = map_fd(read_only_descriptor(), 1, PROT_READ, MAP_PRIVATE);

	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
}

TEST(mprotect_changes_what_comes_before_a_refusal)
{
	char *p = island(2, PROT_READ);

	EQ((long)mmap(p + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
		      read_only_descriptor(), 0),
	   (long)(p + PAGE));
	EQ(mprotect(p, 2 * PAGE, RW), -EACCES);
	PERMS(p, "rw-p");
	PERMS(p + PAGE, "r--s");
}

TEST(mprotect_of_a_part_splits)
{
	char *p = filled(3);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(areas_in(p, 3 * PAGE), 3);
	put(p, 1);
	IS_READONLY(p + PAGE);
	put(p + 2 * PAGE, 1);
}

TEST(mprotect_back_merges)
{
	char *p = filled(3);

	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EQ(mprotect(p + PAGE, PAGE, RW), 0);
	EQ(areas_in(p, 3 * PAGE), 1);
}

TEST(mprotect_spans_several_mappings)
{
	char *p = filled(4);

	EQ(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
	EQ(mprotect(p, 4 * PAGE, RW), 0);
	EQ(areas_in(p, 4 * PAGE), 1);
	for (int i = 0; i < 4; i++)
		EQ(get(p + i * PAGE), 'A' + i);
}

TEST(mprotect_shows_in_maps)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	PERMS(p, "---p");
	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	PERMS(p, "r-xp");
	EQ(mprotect(p, PAGE, PROT_WRITE), 0);
	PERMS(p, "-w-p");
	EQ(mprotect(p, PAGE, PROT_EXEC), 0);
	PERMS(p, "--xp");
}

TEST(mprotect_write_of_a_private_file_stays_private)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, PROT_READ, MAP_PRIVATE), c = 0;

	EQ(get(p), 'A');
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'A');
}

TEST(mprotect_write_of_a_shared_file_reaches_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, PROT_READ, MAP_SHARED), c = 0;

	EQ(get(p), 'A');
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'x');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'x');
}

TEST(mprotect_after_fork_keeps_pages_apart)
{
	char *p = filled(1);
	int pid = fork();

	if (pid == 0) {
		EQ(mprotect(p, PAGE, PROT_READ), 0);
		EQ(mprotect(p, PAGE, RW), 0);
		put(p, 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'A');
}

TEST(mprotect_in_a_child_leaves_the_parent_alone)
{
	char *p = filled(1);
	int pid = fork();

	if (pid == 0)
		exit(mprotect(p, PAGE, PROT_NONE));
	joined(pid, 0);
	put(p, 'x');
}

TEST(mprotect_read_makes_system_calls_get_efault)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_READ), 0);
	EQ(read(file_of(1), p, 1), -EFAULT);
	EQ(write(memfd_create("to", 0), p, 1), 1);
}

TEST(mprotect_none_makes_system_calls_get_efault)
{
	char *p = filled(1);

	EQ(mprotect(p, PAGE, PROT_NONE), 0);
	EQ(write(memfd_create("to", 0), p, 1), -EFAULT);
}

static char *repaired;

static void repair(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	if (info->si_addr == (uintptr_t)repaired)
		mprotect(repaired, PAGE, RW);
}

TEST(mprotect_in_a_handler_lets_the_store_go_on)
{
	repaired = filled(1);
	EQ(mprotect(repaired, PAGE, PROT_READ), 0);
	EQ(handle(SIGSEGV, repair, 0), 0);
	*(volatile char *)repaired = 'x';
	EQ(*repaired, 'x');
}

TEST(mprotect_of_the_programs_own_data)
{
	static char data[2 * PAGE] __attribute__((aligned(4096)));

	data[0] = 'x';
	EQ(mprotect(data, PAGE, PROT_READ), 0);
	IS_READONLY(data);
	EQ(mprotect(data, PAGE, RW), 0);
	put(data, 'y');
}

TEST(mprotect_of_the_programs_text_is_private)
{
	char *text = (char *)((uintptr_t)tap_main & -PAGE), old = *text;

	EQ(mprotect(text, PAGE, RW | PROT_EXEC), 0);
	put(text, old);
	EQ(mprotect(text, PAGE, PROT_READ | PROT_EXEC), 0);
}

TEST(mprotect_refuses_writable_shared_sealed_memory)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	EQ(ftruncate(fd, PAGE), 0);
	EQ(sys(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	char *p = (char *)map_file(fd, PAGE, PROT_READ, MAP_SHARED, 0);
	if (!err(p)) /* allowed by Linux since 6.7 */
		EQ(mprotect(p, PAGE, RW), -EACCES);
}

TEST(mprotect_refuses_what_could_never_be_had)
{
	char *p = (char *)map(NULL, 1UL << 36, PROT_READ, ANON);

	CHECK(!err(p));
	EQ(mprotect(p, 1UL << 36, RW), -ENOMEM);
}

TEST(mprotect_of_the_vdso_to_writable_is_private)
{
	char *p = vdso(), old = *p;

	EQ(mprotect(p, PAGE, RW | PROT_EXEC), 0);
	int pid = fork();
	if (pid == 0) {
		put(p, (char)~old);
		EQ(get(p), (uint8_t)~old);
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), (uint8_t)old);
}

TEST(mprotect_of_written_shared_memory)
{
	char *p = shared(2, RW);

	put(p, 'x');
	EQ(mprotect(p, 2 * PAGE, PROT_READ), 0);
	IS_READONLY(p);
	EQ(mprotect(p, 2 * PAGE, PROT_NONE), 0);
	FAULTS(probe_load(p), SIGSEGV, SEGV_ACCERR, p);
	EQ(mprotect(p, 2 * PAGE, RW), 0);
	EQ(get(p), 'x');
	put(p, 'y');
}

TEST(mprotect_of_a_written_shared_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED), c = 0;

	put(p, 'x');
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	IS_READONLY(p);
	EQ(mprotect(p, PAGE, RW), 0);
	put(p, 'y');
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'y');
}

TEST(mprotect_of_pages_of_a_private_file)
{
	char *p = map_fd(file_of(2), 2, RW, MAP_PRIVATE);

	put(p, 'x');
	EQ(get(p + PAGE), 'B');
	EQ(mprotect(p, 2 * PAGE, PROT_NONE), 0);
	FAULTS(probe_load(p), SIGSEGV, SEGV_ACCERR, p);
	FAULTS(probe_load(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
	EQ(mprotect(p, 2 * PAGE, PROT_READ), 0);
	EQ(get(p), 'x');
	IS_READONLY(p + PAGE);
}

TAP_MAIN
