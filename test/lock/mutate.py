#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a copy of a file of mm/ with one safeguard taken out.

    mutate.py NAME OUTPUT SOURCE...

Picks its file among the SOURCEs. Fails when the text to be replaced is not
there exactly once: then the safeguard has moved, and this table must follow.
Copies of some files also get calls of lock_hook() at the points where another
hart's work is most unwelcome; the mutations "none" and
"none_in_file_faults" are that alone.
"""

import os
import sys

HOOKS = {"vma_lock.c": [
    ('#include "mm/vmstat.h"\n',
     '#include "mm/vmstat.h"\n#include "test/lock/hook.h"\n'),
    ("	vma = find_lockless(mm, addr);\n",
     "	vma = find_lockless(mm, addr);\n	lock_hook(HOOK_FOUND);\n"),
    ("		return false;\n"
     "	/* Pairs with the release in vma_mark_attached. */\n",
     "		return false;\n	lock_hook(HOOK_LOOKED);\n"),
    ("	if (unlikely(load_relaxed(&vma->vm_mm) != mm)) {\n",
     "	lock_hook(HOOK_TAKEN);\n"
     "	if (unlikely(load_relaxed(&vma->vm_mm) != mm)) {\n"),
], "fault_file.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("	copy->index = vmf->pgoff;\n",
     "	copy->index = vmf->pgoff;\n	lock_hook(HOOK_COPIED);\n"),
]}

MUTATIONS = {
    "none": ("vma_lock.c", []),
    "none_in_file_faults": ("fault_file.c", []),
    "unlock_before_the_copy_is_mapped": ("fault_file.c", [
        ("	page_set_type(copy, PAGE_ANON);\n",
         "	page_unlock(vmf->page);\n	page_set_type(copy, PAGE_ANON);\n"),
        ("DONE_COW)) {\n		page_unlock(vmf->page);\n", "DONE_COW)) {\n")]),
    "no_look_for_open_gathers": ("tlb.c", [
        ("if (unlikely(load_relaxed(&mm->tlb_flush_pending) > 1))",
         "if (false)")]),
    "no_range_check": ("vma_lock.c", [
        ("if (likely(addr >= vma->vm_start && addr < vma->vm_end))",
         "if (true)")]),
    "no_mm_check": ("vma_lock.c", [
        ("if (unlikely(load_relaxed(&vma->vm_mm) != mm))", "if (false)")]),
    "no_seq_check": ("vma_lock.c", [
        ("if (unlikely(load_relaxed(&vma->vm_lock_seq) ==\n"
         "		     load_acquire(&mm->mm_lock_seq)))", "if (false)")]),
    "no_wait_for_readers": ("vma_lock.c", [
        ("if (likely(load_acquire(&vma->vm_refcnt) == rest))",
         "if (load_acquire(&vma->vm_refcnt) == rest || true)")]),
    "no_area_lock_at_fork": ("fork.c", [
        ("		vma_start_write(src);\n", "")]),
    "no_area_lock_at_mremap": ("mremap.c", [
        ("	vma_start_write(vma);\n	copy = copy_vma(vma, op);\n",
         "	copy = copy_vma(vma, op);\n")]),
    "no_wait_at_detach": ("vma_lock.c", [
        ("if (likely(fetch_sub_acq_rel(&vma->vm_refcnt, 1) == 1))",
         "if (fetch_sub_acq_rel(&vma->vm_refcnt, 1) == 1 || true)")]),
    "no_fence_at_unmap": ("tlb.c", [
        ("else if (gather->start < gather->end)", "else if (false)")]),
    "no_fence_for_tables": ("tlb.c", [
        ("if (gather->freed_tables)", "if (false)")]),
    "no_fence_at_copy": ("fault.c", [
        ("		flush_tlb_page(vmf->guard.mm, "
         "PAGE_ALIGN_DOWN(vmf->address));\n", "")]),
    "no_fence_at_fork": ("fork.c", [
        ("if (has_protected)", "if (false)")]),
    "no_stale_mark": ("tlb.c", [
        ("	fetch_or_acq_rel(&mm->ctx.tlb_stale_mask, ~harts);\n", "")]),
    "no_grace_period": ("slab.c", [
        ("	machine_rcu_synchronize();\n", "")]),
}


def replace(text, old, new):
    if text.count(old) != 1:
        sys.exit(f"mutate.py: found {text.count(old)} times, not once:\n{old}")
    return text.replace(old, new)


def main():
    name, output, *sources = sys.argv[1:]
    wanted, changes = MUTATIONS[name]
    source = next(s for s in sources if os.path.basename(s) == wanted)
    with open(source) as f:
        text = f.read()
    for old, new in HOOKS.get(wanted, []):
        text = replace(text, old, new)
    for old, new in changes:
        text = replace(text, old, new)
    with open(output, "w") as f:
        f.write(text)


if __name__ == "__main__":
    main()
