/* SPDX-License-Identifier: MIT */
/*
 * Faults on anonymous memory, and calls that change a whole range.
 */
#include "user/bench/bench.h"

#define RW    (PROT_READ | PROT_WRITE)
#define BYTES (NPAGES * PAGE)

char *anon(unsigned long npages, int prot)
{
	char *p = mmap(NULL, (npages + 2) * PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (err(p))
		die("mmap", err(p));
	if (prot != PROT_NONE && mprotect(p + PAGE, npages * PAGE, prot))
		die("mprotect", -ENOMEM);
	return p + PAGE;
}

void release(char *p, unsigned long npages)
{
	munmap(p - PAGE, (npages + 2) * PAGE);
}

__attribute__((noinline)) uint64_t touch_write(volatile char *p,
					       unsigned long npages)
{
	uint64_t start = counter();

	for (volatile char *end = p + npages * PAGE; p < end; p += PAGE)
		*p = 1;
	return since(start);
}

__attribute__((noinline)) uint64_t touch_read(const volatile char *p,
					      unsigned long npages)
{
	uint64_t start = counter();

	for (const volatile char *end = p + npages * PAGE; p < end; p += PAGE)
		(void)*p;
	return since(start);
}

void bench_anon(void)
{
	char *p = anon(NPAGES, RW);
	uint64_t first = touch_write(p, NPAGES), again = touch_write(p, NPAGES);
	uint64_t start;

	record("anon_write_fault", less(first, again), NPAGES);
	start = counter();
	madvise(p, BYTES, MADV_DONTNEED);
	record("dontneed_page", since(start), NPAGES);
	first = touch_read(p, NPAGES);
	again = touch_read(p, NPAGES);
	record("anon_read_fault", less(first, again), NPAGES);
	first = touch_write(p, NPAGES);
	again = touch_write(p, NPAGES);
	record("zero_page_write", less(first, again), NPAGES);
	start = counter();
	munmap(p, BYTES);
	record("munmap_page", since(start), NPAGES);
	release(p, NPAGES);
}

void bench_cow(void)
{
	char *p = anon(NPAGES, RW);
	uint64_t again = (touch_write(p, NPAGES), touch_write(p, NPAGES));
	struct holder holder = hold();

	record("cow_copy", less(touch_write(p, NPAGES), again), NPAGES);
	let_go(holder);
	let_go(hold());
	record("cow_reuse", less(touch_write(p, NPAGES), again), NPAGES);
	release(p, NPAGES);
}

static void protect_all(char *p, int prot, const char *name)
{
	uint64_t start = counter();

	mprotect(p, BYTES, prot);
	record(name, since(start), NPAGES);
}

void bench_protect(void)
{
	char *p = anon(NPAGES, RW), *to = anon(NPAGES + 512, PROT_NONE);
	uint64_t start;
	void *moved;

	touch_write(p, NPAGES);
	protect_all(p, PROT_READ, "mprotect_ro_page");
	protect_all(p, RW, "mprotect_rw_page");
	/* Not a multiple of 2 MiB away: entries move one by one. */
	if (((uintptr_t)to ^ (uintptr_t)p) % (512 * PAGE) == 0)
		to += 17 * PAGE;
	start = counter();
	moved = mremap(p, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	record("mremap_page", since(start), NPAGES);
	if (err(moved))
		die("mremap", err(moved));
	munmap(to, BYTES);
	release(p, NPAGES);
	munmap(to - 18 * PAGE, (NPAGES + 512 + 20) * PAGE);
}
