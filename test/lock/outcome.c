/* SPDX-License-Identifier: MIT */
/*
 * VM_FAULT_RETRY and VM_FAULT_COMPLETED: who holds the area afterwards. The
 * areas here belong to an owner whose fault handler does what a test tells it.
 */
#include <unistd.h>

#include "mm/page.h"
#include "mm/vma.h"
#include "mm/vmstat.h"
#include "test/host/mm_env.h"

#define BASE  0x10000000UL
#define AT(n) (BASE + (n)*PG)

/* <sys/wait.h> would bring the host's signal numbers. */
pid_t waitpid(pid_t pid, int *status, int options);

/* What the handler does at its next calls, last one first. */
enum act { MAP, RETRY, COMPLETE, RETRY_HOLDING, RELEASE_SILENTLY, TOUCH };

static struct mm_struct *the_mm;
static struct page *the_page;
static enum act acts[4];
static unsigned nr_acts, nr_calls;
static uint32_t seen_flags[8];

/* Map the page by hand, as an owner that completes a fault would. */
static vm_fault_t complete(struct vm_fault *vmf)
{
	vmf_release(vmf);
	CHECK(!vmf->vma);
	CHECK_EQ(vmf->guard.kind, GUARD_CONSUMED);
	return vm_fault_make(VM_FAULT_COMPLETED);
}

static vm_fault_t on_fault(struct vm_fault *vmf)
{
	enum act act = nr_acts ? acts[--nr_acts] : MAP;

	seen_flags[nr_calls++ % 8] = vmf->flags;
	switch (act) {
	case MAP:
		break;
	case COMPLETE:
		return complete(vmf);
	case RETRY_HOLDING:
		return vm_fault_make(VM_FAULT_RETRY);
	case TOUCH:
		vmf_release(vmf);
		return vm_fault_make((uint32_t)vmf->vma->vm_pgoff);
	case RETRY:
		vmf_release(vmf);
		return vm_fault_make(VM_FAULT_RETRY);
	case RELEASE_SILENTLY:
		vmf_release(vmf);
		return vm_fault_make(VM_FAULT_NOPAGE);
	}
	vmf->page = the_page;
	page_get(the_page);
	return VM_FAULT_NONE;
}

static const struct vm_operations_struct ops = {.fault = on_fault};

/* An area of the owner's; the two come in this order. */
static void make(unsigned nr, enum act second, enum act first)
{
	struct vm_area_struct *vma;

	the_mm = env_mm();
	the_page = env_page();
	env_mmap(the_mm, AT(0), 1, RW);
	mmap_write_lock(the_mm);
	vma = vma_lookup(the_mm, AT(0));
	vma_start_write(vma);
	vma->vm_ops = &ops;
	mmap_write_unlock(the_mm);
	acts[0] = second;
	acts[1] = first;
	nr_acts = nr;
	if (nr == 1)
		acts[0] = first;
	nr_calls = 0;
}

static vm_fault_t fault_once(struct fault_report *report)
{
	return mm_fault(the_mm, AT(0), FAULT_FLAG_READ | FAULT_FLAG_USER,
			report);
}

/* Nobody holds anything any more. */
static void check_released(void)
{
	CHECK(!rwsem_is_locked(&the_mm->mmap_lock));
	CHECK_EQ(vma_lookup(the_mm, AT(0))->vm_refcnt, 1);
}

MM_TEST_ONCE(a_retry_is_made_under_mmap_lock)
{
	uint64_t retries = vm_event_sum(VMA_LOCK_RETRY);
	struct fault_report report;

	make(1, MAP, RETRY);
	CHECK_EQ(fault_once(&report).bits, 0);
	CHECK_EQ(nr_calls, 2);
	CHECK(seen_flags[0] & FAULT_FLAG_VMA_LOCK);
	CHECK(!(seen_flags[1] & FAULT_FLAG_VMA_LOCK));
	CHECK(seen_flags[1] & FAULT_FLAG_ALLOW_RETRY);
	CHECK_EQ(vm_event_sum(VMA_LOCK_RETRY), retries + 1);
	CHECK_EQ(LOAD(AT(0)), 0);
	check_released();
}

MM_TEST_ONCE(a_second_retry_says_that_it_was_tried)
{
	struct fault_report report;

	make(2, RETRY, RETRY);
	CHECK_EQ(fault_once(&report).bits, 0);
	CHECK_EQ(nr_calls, 3);
	CHECK(!(seen_flags[1] & FAULT_FLAG_TRIED));
	CHECK(seen_flags[2] & FAULT_FLAG_TRIED);
	check_released();
}

MM_TEST_ONCE(a_completed_fault_is_done)
{
	struct fault_report report;

	make(1, MAP, COMPLETE);
	CHECK_EQ(fault_once(&report).bits, 0);
	CHECK_EQ(report.signal, 0);
	CHECK_EQ(nr_calls, 1);
	check_released();
	/* The same under mmap_lock. */
	make(2, COMPLETE, RETRY);
	CHECK_EQ(fault_once(&report).bits, 0);
	CHECK_EQ(nr_calls, 2);
	check_released();
}

MM_TEST_ONCE(a_retry_that_still_holds_the_lock_is_a_bug)
{
	struct fault_report report;

	make(1, MAP, RETRY_HOLDING);
	CHECK(EXPECT_BUG(fault_once(&report)));
	vma_end_read(vma_lookup(the_mm, AT(0)));
}

MM_TEST_ONCE(giving_the_lock_back_silently_is_a_bug)
{
	struct fault_report report;

	make(1, MAP, RELEASE_SILENTLY);
	CHECK(EXPECT_BUG(fault_once(&report)));
	check_released();
}

static vm_fault_t handle(uint32_t flags, enum vma_guard_kind kind)
{
	struct vma_guard guard = {.mm = the_mm, .kind = kind};
	struct fault_report report = {.kind = FAULT_NONE};

	guard.vma = lock_vma_under_rcu(the_mm, AT(0));
	return handle_mm_fault(&guard, AT(0), flags, &report);
}

MM_TEST_ONCE(a_retry_that_was_not_allowed_is_a_bug)
{
	struct vma_guard guard;
	struct fault_report report = {.kind = FAULT_NONE};

	make(1, MAP, RETRY);
	mmap_read_lock(the_mm);
	guard = (struct vma_guard){the_mm, vma_lookup(the_mm, AT(0)),
				   GUARD_MMAP_READ};
	CHECK(EXPECT_BUG(
	    handle_mm_fault(&guard, AT(0), FAULT_FLAG_READ, &report)));
	check_released();
}

MM_TEST_ONCE(flags_that_contradict_each_other_are_bugs)
{
	static const struct {
		uint32_t flags;
		enum vma_guard_kind kind;
	} wrong[] = {
	    {0, GUARD_MMAP_READ},
	    {FAULT_FLAG_READ | FAULT_FLAG_WRITE, GUARD_MMAP_READ},
	    {FAULT_FLAG_READ | FAULT_FLAG_TRIED, GUARD_MMAP_READ},
	    {FAULT_FLAG_READ | FAULT_FLAG_RETRY_NOWAIT, GUARD_MMAP_READ},
	    {FAULT_FLAG_READ | FAULT_FLAG_VMA_LOCK, GUARD_VMA},
	    {FAULT_FLAG_READ | FAULT_FLAG_ALLOW_RETRY, GUARD_VMA},
	    {FAULT_FLAG_READ | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_VMA_LOCK,
	     GUARD_MMAP_READ},
	    {FAULT_FLAG_READ, GUARD_CONSUMED},
	};

	make(0, MAP, MAP);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		CHECK(EXPECT_BUG(handle(wrong[i].flags, wrong[i].kind)));
		vma_end_read(vma_lookup(the_mm, AT(0)));
	}
	CHECK_EQ(nr_calls, 0);
	check_released();
}

/* In a process of its own, which the sanitizer or the MMU must stop. */
MM_TEST_ONCE(using_the_area_afterwards_is_caught)
{
	struct fault_report report;
	int status = 0;
	pid_t pid;

	make(1, MAP, TOUCH);
	pid = fork();
	if (!pid) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		fault_once(&report);
		_exit(0);
	}
	CHECK(pid > 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(status != 0);
}

static const struct tap_test tests[] = {
    ENTRY(a_retry_is_made_under_mmap_lock),
    ENTRY(a_second_retry_says_that_it_was_tried),
    ENTRY(a_completed_fault_is_done),
    ENTRY(a_retry_that_still_holds_the_lock_is_a_bug),
    ENTRY(giving_the_lock_back_silently_is_a_bug),
    ENTRY(a_retry_that_was_not_allowed_is_a_bug),
    ENTRY(flags_that_contradict_each_other_are_bugs),
    ENTRY(using_the_area_afterwards_is_caught),
};

TAP_MAIN(tests)
