/* SPDX-License-Identifier: MIT */
/* Page faults: each kind, each signal, stacks, spurious faults, A and D. */
#include <string.h>

#include "test/host/mm_env.h"

#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/vmstat.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

#define CHECK_MAP(mm, text) CHECK_AREAS(mm, BASE, BASE + (1UL << 30), text)

MM_TEST(a_first_read_maps_the_zero_page)
{
	struct mm_struct *mm = env_mm();
	struct outcome out;

	env_mmap(mm, AT(0), 2, RW);
	out = CHECK_FAULT(AT(0), MMU_LOAD, 0, 0, FAULT_ANON_READ);
	CHECK_EQ(out.report.vm_start, AT(0));
	CHECK_EQ(out.report.vm_end, AT(2));
	CHECK(out.report.vm_flags & VM_WRITE);
	CHECK(!out.report.major);
	CHECK_EQ(mm_rss(mm), 0);
	CHECK_EQ(LOAD(AT(0) + 4088), 0);
}

MM_TEST(a_first_write_maps_a_page_of_zeros)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 2, RW);
	CHECK_FAULT(AT(0), MMU_STORE, 0, 0, FAULT_ANON_WRITE);
	CHECK_EQ(LOAD(AT(0)), 0x1234);
	for (unsigned i = 8; i < PG; i += 8)
		CHECK_EQ(LOAD(AT(0) + i), 0);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 1);
	CHECK_FAULT(AT(1), MMU_AMO, 0, 0, FAULT_ANON_WRITE);
}

MM_TEST(a_write_replaces_the_zero_page)
{
	struct mm_struct *mm = env_mm();

	env_mmap(mm, AT(0), 2, RW);
	env_switch(1, mm);
	LOAD(AT(0)); /* hart 1 remembers the zero page */
	env_hart(0);
	LOAD(AT(0));
	CHECK_FAULT(AT(0), MMU_STORE, 0, 0, FAULT_ZERO_UPGRADE);
	env_hart(1);
	CHECK_EQ(LOAD(AT(0)), 0x1234);
	CHECK_EQ(LOAD(AT(1)), 0);
}

/* Each protection against each access, for memory of each origin. */
MM_TEST_ONCE(permissions_decide_between_success_and_accerr)
{
	struct file *file = env_file(PG, 0);
	static const unsigned types[] = {MAP_PRIVATE, MAP_SHARED};

	for (unsigned n = 0; n < 8 * 4 * 2 * 2; n++) {
		struct mm_struct *mm = env_mm();
		unsigned prot = n & 7, access = n >> 3 & 3;
		struct file *backing = n >> 5 & 1 ? file : NULL;
		unsigned type = types[n >> 6];
		bool ok = access == MMU_LOAD	? prot & RW
			  : access == MMU_FETCH ? prot & PROT_EXEC
						: prot & PROT_WRITE;

		CHECK_EQ(TRY(do_mmap(mm, backing, AT(0), PG, prot,
				     type | MAP_FIXED |
					 (backing ? 0 : MAP_ANONYMOUS),
				     0)),
			 AT(0));
		CHECK_ACCESS(AT(0), access, ok ? 0 : SIGSEGV,
			     ok ? 0 : SEGV_ACCERR);
		env_exit(mm);
	}
}

MM_TEST(nothing_mapped_is_maperr)
{
	struct mm_struct *mm = env_mm();
	struct outcome out;

	env_mmap(mm, AT(1), 1, RW);
	for (unsigned access = 0; access < 4; access++) {
		CHECK_FAULT(AT(0), access, SIGSEGV, SEGV_MAPERR,
			    FAULT_UNMAPPED);
		CHECK_FAULT(AT(2), access, SIGSEGV, SEGV_MAPERR,
			    FAULT_UNMAPPED);
		CHECK_FAULT(0, access, SIGSEGV, SEGV_MAPERR, FAULT_UNMAPPED);
		CHECK_FAULT(MM_USER_END - 8, access, SIGSEGV, SEGV_MAPERR,
			    FAULT_UNMAPPED);
	}
	out = CHECK_ACCESS(AT(0), MMU_LOAD, SIGSEGV, SEGV_MAPERR);
	CHECK_EQ(out.report.vm_end, 0);
	CHECK_EQ(out.stval, AT(0));
}

MM_TEST(addresses_that_are_no_users_are_bad)
{
	static const vaddr_t bad[] = {
	    MM_USER_END,	MM_USER_END + PG,   1UL << 39,	 1UL << 63,
	    0xffffffc000000000, 0xffffffff80200000, ~0UL & ~7UL,
	};

	env_mm();
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		for (unsigned access = 0; access < 4; access++)
			CHECK_FAULT(bad[i], access, SIGSEGV, SEGV_MAPERR,
				    FAULT_BAD_ADDRESS);
}

MM_TEST(a_misaligned_access_faults_at_its_second_page)
{
	struct mm_struct *mm = env_mm();
	uint64_t word = ~0UL;
	struct outcome out;

	env_mmap(mm, AT(0), 1, RW);
	out = env_access(AT(1) - 3, &word, 8, MMU_STORE);
	CHECK_EQ(out.signal, SIGSEGV);
	CHECK_EQ(out.stval, AT(1));
	CHECK_EQ(LOAD(AT(1) - 8), 0);
	env_mmap(mm, AT(1), 1, RWX);
	out = env_access(AT(1) - 3, &word, 8, MMU_STORE);
	CHECK_EQ(out.signal, 0);
	CHECK_EQ(LOAD(AT(1)) & 0xffffffffff, 0xffffffffff);
	out = env_access(AT(1) - 4, &word, 8, MMU_AMO);
	CHECK_EQ(out.signal, SIGBUS);
	CHECK_EQ(out.code, BUS_ADRALN);
}

static struct mm_struct *stack(uint64_t limit)
{
	struct mm_struct *mm = env_mm();

	mm->limits.stack = limit;
	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(2000), 2 * PG, RW,
			     ANON | MAP_GROWSDOWN | MAP_FIXED, 0)),
		 AT(2000));
	return mm;
}

MM_TEST(a_stack_grows_to_the_address_touched)
{
	struct mm_struct *mm = stack(100 * PG);
	struct outcome out;

	out = CHECK_FAULT(AT(1990) + 16, MMU_STORE, 0, 0, FAULT_ANON_WRITE);
	CHECK(out.report.stack_grew);
	CHECK_MAP(mm, "1990-2002 rw-pG");
	out = CHECK_FAULT(AT(1980), MMU_LOAD, 0, 0, FAULT_ANON_READ);
	CHECK(out.report.stack_grew);
	CHECK_MAP(mm, "1980-2002 rw-pG");
	CHECK_EQ(mm->stack_vm, 22);
	CHECK_EQ(mm->total_vm, 22);
	out = CHECK_FAULT(AT(1985), MMU_STORE, 0, 0, FAULT_ANON_WRITE);
	CHECK(!out.report.stack_grew);
}

MM_TEST(a_stack_stops_at_its_limit)
{
	struct mm_struct *mm = stack(10 * PG);

	CHECK_FAULT(AT(1991), MMU_STORE, SIGSEGV, SEGV_MAPERR,
		    FAULT_STACK_LIMIT);
	CHECK_MAP(mm, "2000-2002 rw-pG");
	CHECK_FAULT(AT(1992), MMU_STORE, 0, 0, FAULT_ANON_WRITE);
	CHECK_MAP(mm, "1992-2002 rw-pG");
	mm->limits.stack = 1UL << 30;
	mm->limits.as = 12 * PG;
	CHECK_FAULT(AT(1989), MMU_STORE, SIGSEGV, SEGV_MAPERR,
		    FAULT_STACK_LIMIT);
	CHECK_FAULT(MM_USER_START - 8, MMU_STORE, SIGSEGV, SEGV_MAPERR,
		    FAULT_STACK_LIMIT);
}

MM_TEST(a_stack_keeps_its_gap_to_the_area_below)
{
	struct mm_struct *mm = stack(1UL << 30);

	env_mmap(mm, AT(1000), 500, RW); /* up to 1500 */
	CHECK_FAULT(AT(1755), MMU_STORE, SIGSEGV, SEGV_MAPERR,
		    FAULT_STACK_GUARD);
	CHECK_FAULT(AT(1500), MMU_STORE, SIGSEGV, SEGV_MAPERR,
		    FAULT_STACK_GUARD);
	CHECK_FAULT(AT(1756), MMU_STORE, 0, 0, FAULT_ANON_WRITE);
	CHECK_MAP(mm, "1000-1500 rw-p; 1756-2002 rw-pG");
}

/* The usual guard of a thread's stack is an area without permissions. */
MM_TEST(an_inaccessible_area_below_needs_no_gap)
{
	struct mm_struct *mm = stack(1UL << 30);

	env_mmap(mm, AT(1000), 500, PROT_NONE);
	CHECK_FAULT(AT(1500), MMU_STORE, 0, 0, FAULT_ANON_WRITE);
	CHECK_MAP(mm, "1000-1500 ---p; 1500-2002 rw-pG");
	CHECK_FAULT(AT(1499), MMU_STORE, SIGSEGV, SEGV_ACCERR, FAULT_ACCESS);
}

MM_TEST(the_kernels_own_access_grows_a_stack_too)
{
	struct mm_struct *mm = stack(10 * PG);
	uint64_t word = 7;
	struct outcome out = env_uaccess(AT(1999), &word, 8, true);

	CHECK_EQ(out.signal, 0);
	CHECK_MAP(mm, "1999-2002 rw-pG");
	CHECK_EQ(LOAD(AT(1999)), 7);
	out = env_uaccess(AT(100), &word, 8, false);
	CHECK_EQ(out.signal, SIGSEGV);
}

/* Another hart was faster, or remembers that there was nothing. */
MM_TEST(a_stale_translation_makes_a_spurious_fault)
{
	struct mm_struct *mm = env_mm();
	struct outcome out;

	env_mmap(mm, AT(0), 2, RW);
	env_switch(1, mm);
	LOAD(AT(1)); /* the table exists */
	mmu_speculate(1, AT(0), AT(1));
	env_hart(0);
	STORE(AT(0), 5);
	env_hart(1);
	out = CHECK_ACCESS(AT(0), MMU_LOAD, 0, 0);
	CHECK(out.nr_faults <= 1);
	if (out.nr_faults)
		CHECK_EQ(out.kind, FAULT_SPURIOUS);
	CHECK_EQ(LOAD(AT(0)), 5);
}

static pte_t *entry(struct mm_struct *mm, vaddr_t va)
{
	pte_t *ptep = pt_walk(mm, va);

	CHECK(ptep);
	return ptep;
}

/* As after a machine or a tool has cleared them; D in a shared mapping only. */
MM_TEST(accessed_and_dirty_are_set_for_machines_that_do_not)
{
	struct mm_struct *mm = env_mm();
	struct outcome out;

	CHECK_EQ(TRY(do_mmap(mm, NULL, AT(0), PG, RW,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0)),
		 AT(0));
	STORE(AT(0), 1);
	pte_store(entry(mm, AT(0)),
		  pte_clear(pte_load(entry(mm, AT(0))), PTE_A | PTE_D));
	mmu_fence(~0UL, 0, 0, ~0UL);
	out = CHECK_ACCESS(AT(0), MMU_LOAD, 0, 0);
	if (out.nr_faults)
		CHECK(env_stats.kind[FAULT_ACCESSED_DIRTY]);
	CHECK(pte_has(pte_load(entry(mm, AT(0))), PTE_A));
	CHECK(!pte_has(pte_load(entry(mm, AT(0))), PTE_D));
	CHECK_ACCESS(AT(0), MMU_STORE, 0, 0);
	CHECK(pte_has(pte_load(entry(mm, AT(0))), PTE_D));
}

MM_TEST(entries_are_made_accessed_and_dirty_at_once)
{
	struct mm_struct *mm = env_mm();
	struct outcome out;

	env_mmap(mm, AT(0), 2, RW);
	out = CHECK_ACCESS(AT(0), MMU_STORE, 0, 0);
	CHECK(out.nr_faults <= 2);
	CHECK_EQ(env_stats.kind[FAULT_ACCESSED_DIRTY], 0);
	CHECK(pte_load(entry(mm, AT(0))).val & PTE_D);
}

/* The table says yes and the machine said no: nothing is to be done. */
MM_TEST(a_fault_on_a_right_entry_is_spurious)
{
	struct mm_struct *mm = env_mm();
	struct fault_report report;

	env_mmap(mm, AT(0), 2, RW);
	STORE(AT(0), 1);
	LOAD(AT(1));
	CHECK_EQ(mm_fault(mm, AT(0), FAULT_FLAG_WRITE, &report).bits, 0);
	CHECK_EQ(report.kind, FAULT_SPURIOUS);
	CHECK_EQ(mm_fault(mm, AT(1), FAULT_FLAG_READ, &report).bits, 0);
	CHECK_EQ(report.kind, FAULT_SPURIOUS);
	CHECK_EQ(LOAD(AT(0)), 1);
}

MM_TEST_ONCE(no_memory_is_reported_and_everything_stays)
{
	struct mm_struct *mm = env_mm();
	struct outcome out;
	uint64_t word = 1;
	unsigned n = 0;

	CHECK(TRY(do_mmap(mm, NULL, AT(0), 1UL << 30, RW,
			  ANON | MAP_NORESERVE | MAP_FIXED, 0)) > 0);
	for (;; n++) {
		struct fault_report report;
		vm_fault_t fault = mm_fault(
		    mm, AT(n), FAULT_FLAG_WRITE | FAULT_FLAG_USER, &report);

		if (fault.bits) {
			CHECK(vm_fault_has(fault, VM_FAULT_OOM));
			CHECK_EQ(report.signal, 0);
			CHECK_EQ(report.kind, FAULT_OOM);
			break;
		}
	}
	CHECK(n > 10000);
	out = env_access(AT(n), &word, 8, MMU_STORE);
	CHECK(out.oom);
	out = env_access(AT(0), &word, 8, MMU_STORE);
	CHECK(!out.oom && !out.signal);
	/* The kernel can still work, and what is given back can be had. */
	CHECK_EQ(TRY(do_madvise(mm, AT(0), 64 * PG, MADV_DONTNEED)), 0);
	STORE(AT(n), 1);
}

MM_TEST(faults_are_counted_by_kind)
{
	struct mm_struct *mm = env_mm();
	uint64_t reads = vm_event_sum(FAULT_ANON_READ);
	uint64_t writes = vm_event_sum(FAULT_ANON_WRITE);
	uint64_t all = vm_event_sum(PGFAULT);
	char name[32];

	env_mmap(mm, AT(0), 4, RW);
	LOAD(AT(0));
	STORE(AT(1), 1);
	STORE(AT(2), 1);
	CHECK_EQ(vm_event_sum(FAULT_ANON_READ), reads + 1);
	CHECK_EQ(vm_event_sum(FAULT_ANON_WRITE), writes + 2);
	CHECK(vm_event_sum(PGFAULT) >= all + 3);
	CHECK_STR(vm_event_name(FAULT_ANON_READ, name, sizeof(name)),
		  "fault_anon_read");
	for (unsigned i = 0; i < NR_VM_EVENTS; i++)
		CHECK(strlen(vm_event_name(i, name, sizeof(name))) > 3);
	for (unsigned i = 0; i < NR_FAULT_KINDS; i++)
		CHECK(strlen(fault_kind_name(i)) > 2);
}

MM_TEST(results_have_names)
{
	char text[64], small[8];

	vm_fault_format(VM_FAULT_NONE, text, sizeof(text));
	CHECK_STR(text, "0");
	vm_fault_format(vm_fault_make(VM_FAULT_MAJOR | VM_FAULT_LOCKED), text,
			sizeof(text));
	CHECK_STR(text, "MAJOR|LOCKED");
	vm_fault_format(vm_fault_make(~0U), small, sizeof(small));
	CHECK_EQ(strlen(small), 7);
}

/* A fault in a private area needs nothing but the area's own lock. */
MM_TEST(a_fault_takes_only_the_lock_of_its_area)
{
	struct mm_struct *mm = env_mm();
	vm_fault_t fault = VM_FAULT_NONE;
	struct fault_report report;
	uint64_t reads, hits;

	env_mmap(mm, AT(0), 8, RW);
	STORE(AT(0), 1);
	reads = vm_event_sum(MMAP_LOCK_READ);
	hits = vm_event_sum(VMA_LOCK_SUCCESS);
	for (unsigned i = 1; i < 8; i++)
		fault = vm_fault_or(
		    fault, mm_fault(mm, AT(i), FAULT_FLAG_WRITE, &report).bits);
	CHECK(!fault.bits || env_injected());
	CHECK_EQ(vm_event_sum(MMAP_LOCK_READ), reads);
	CHECK(vm_event_sum(VMA_LOCK_SUCCESS) >= hits + 7);
}

static const struct tap_test tests[] = {
    ENTRY(a_first_read_maps_the_zero_page),
    ENTRY(a_first_write_maps_a_page_of_zeros),
    ENTRY(a_write_replaces_the_zero_page),
    ENTRY(permissions_decide_between_success_and_accerr),
    ENTRY(nothing_mapped_is_maperr),
    ENTRY(addresses_that_are_no_users_are_bad),
    ENTRY(a_misaligned_access_faults_at_its_second_page),
    ENTRY(a_stack_grows_to_the_address_touched),
    ENTRY(a_stack_stops_at_its_limit),
    ENTRY(a_stack_keeps_its_gap_to_the_area_below),
    ENTRY(an_inaccessible_area_below_needs_no_gap),
    ENTRY(the_kernels_own_access_grows_a_stack_too),
    ENTRY(a_stale_translation_makes_a_spurious_fault),
    ENTRY(accessed_and_dirty_are_set_for_machines_that_do_not),
    ENTRY(entries_are_made_accessed_and_dirty_at_once),
    ENTRY(a_fault_on_a_right_entry_is_spurious),
    ENTRY(no_memory_is_reported_and_everything_stays),
    ENTRY(faults_are_counted_by_kind),
    ENTRY(results_have_names),
    ENTRY(a_fault_takes_only_the_lock_of_its_area),
};

TAP_MAIN(tests)
