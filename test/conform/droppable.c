/* SPDX-License-Identifier: MIT */
/*
 * mmap(2), MAP_DROPPABLE: memory that may be lost when memory is short, for
 * what can be made again.
 */
#include "test/conform/conform.h"

#define DROPPABLE (MAP_DROPPABLE | MAP_ANONYMOUS)

/* npages between PROT_NONE pages, all full of 'x'. */
static char *droppable(unsigned long npages)
{
	char *p = hole(npages);

	EQ(map(p, npages * PAGE, RW, DROPPABLE | MAP_FIXED), (long)p);
	memset(p, 'x', npages * PAGE);
	return p;
}

TEST(droppable_memory_is_private_memory)
{
	char *p = droppable(2);

	PERMS(p, "rw-p");
	EQ(get(p + PAGE), 'x');
	EQ(smaps_kib(p, "Rss:"), 8);
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	IS_READONLY(p);
	EQ(munmap(p, 2 * PAGE), 0);
	UNMAPPED(p);
}

TEST(droppable_memory_shows_in_smaps)
{
	char *p = droppable(1);

	CHECK(has_vm_flag(p, "dp"));
	CHECK(has_vm_flag(p, "nr"));
	CHECK(has_vm_flag(p, "wf"));
	CHECK(has_vm_flag(p, "dd"));
}

TEST(droppable_memory_has_no_file_and_no_lock)
{
	EQ(map(NULL, PAGE, RW, DROPPABLE | MAP_LOCKED), -EINVAL);
	EQ(map(NULL, PAGE, RW, DROPPABLE | MAP_GROWSDOWN), -EINVAL);
	EQ(map(NULL, PAGE, RW, DROPPABLE | MAP_PRIVATE), -EINVAL);
	EQ(map(NULL, PAGE, RW, DROPPABLE | MAP_SHARED), -EINVAL);
	EQ(map_file(file_of(1), PAGE, RW, MAP_DROPPABLE, 0), -EINVAL);
}

TEST(droppable_memory_is_not_locked)
{
	char *p = droppable(1);
	long before = status_kib("VmLck:");

	EQ(mlock(p, PAGE), 0);
	EQ(status_kib("VmLck:"), before);
	CHECK(!has_vm_flag(p, "lo"));
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(get(p), 0);
}

TEST(droppable_memory_is_zero_in_the_child)
{
	char *p = droppable(1);
	int pid = fork();

	if (pid == 0)
		exit(get(p));
	joined(pid, 0);
	EQ(get(p), 'x');
}

TEST(droppable_memory_stays_what_it_is)
{
	char *p = droppable(1);

	EQ(madvise(p, PAGE, MADV_KEEPONFORK), -EINVAL);
	EQ(madvise(p, PAGE, MADV_DODUMP), -EINVAL);
	EQ(madvise(p, PAGE, MADV_DONTDUMP), 0);
	EQ(madvise(p, PAGE, MADV_WIPEONFORK), 0);
}

/*
 * Half of what is free. Seven eighths then do not fit beside it, even where an
 * eighth more was free: Linux does not count what each hart has at hand.
 */
static unsigned long half_of_memory(void)
{
	static char text[4096];

	CHECK(read_file("/proc/meminfo", text, sizeof(text)) > 0);
	return (unsigned long)number_after(text, "MemAvailable:") * 1024 /
	       PAGE / 2;
}

static unsigned long lost(const char *p, unsigned long npages)
{
	unsigned long nr = 0;

	for (unsigned long i = 0; i < npages; i++) {
		char value = ((const volatile char *)p)[i * PAGE];

		CHECK(value == 0 || value == 'x');
		nr += !value;
	}
	return nr;
}

/* Not on a machine with much memory. */
TEST(droppable_memory_goes_when_memory_is_short)
{
	unsigned long npages = half_of_memory(), more = npages / 4 * 7;
	char *p, *q;

	if (npages > 256UL << 20 >> 12)
		return;
	p = droppable(npages);
	q = anon(more, RW);
	memset(q, 'q', more * PAGE);
	CHECK(lost(p, npages) > 0);
	for (unsigned long i = 0; i < more; i++)
		EQ(q[i * PAGE], 'q');
	/* And again: what is dropped once can be dropped again. */
	EQ(munmap(q, more * PAGE), 0);
	memset(p, 'x', npages * PAGE);
	EQ(lost(p, npages), 0);
	q = anon(more, RW);
	memset(q, 'q', more * PAGE);
	CHECK(lost(p, npages) > 0);
}

TEST(droppable_memory_of_a_child_goes_when_memory_is_short)
{
	unsigned long npages = half_of_memory(), more = npages / 4 * 7;
	int pid;
	char *p;

	if (npages > 256UL << 20 >> 12)
		return;
	p = hole(npages);
	EQ(map(p, npages * PAGE, RW, DROPPABLE | MAP_FIXED), (long)p);
	pid = fork();
	if (pid == 0) {
		memset(p, 'x', npages * PAGE);
		memset(anon(more, RW), 'q', more * PAGE);
		exit(lost(p, npages) ? 0 : 1);
	}
	joined(pid, 0);
}

TAP_MAIN
