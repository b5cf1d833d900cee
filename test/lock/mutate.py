#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a copy of a file of mm/ with one safeguard taken out.

    mutate.py NAME OUTPUT SOURCE...

Picks its file among the SOURCEs. Fails when the text to be replaced is not
there exactly once: then the safeguard has moved, and this table must follow.
Copies of some files also get calls of lock_hook() at the points where another
hart's work is most unwelcome; the mutations "none" and "none_in_..." are that
alone.
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
    ("	page_become_anon(copy, &vmf);\n",
     "	page_become_anon(copy, &vmf);\n	lock_hook(HOOK_COPIED);\n"),
], "fault.c": [
    ('#include "mm/rmap.h"\n',
     '#include "mm/rmap.h"\n#include "test/lock/hook.h"\n'),
    ("	spin_lock(vmf->ptl);\n"
     "	if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val))\n",
     "	lock_hook(HOOK_RESERVED);\n	spin_lock(vmf->ptl);\n"
     "	if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val))\n"),
    ("		return fault_end_badly(vmf->guard.mm,",
     "		lock_hook(HOOK_RELEASED);\n"
     "		return fault_end_badly(vmf->guard.mm,"),
], "pagetable.c": [
    ('#include "mm/tlb.h"\n',
     '#include "mm/tlb.h"\n#include "test/lock/hook.h"\n'),
    ("	spin_lock(&mm->page_table_lock);\n"
     "	if (likely(!pte_is_present(pte_load(entry)))) {\n",
     "	lock_hook(HOOK_TABLE_MADE);\n	spin_lock(&mm->page_table_lock);\n"
     "	if (likely(!pte_is_present(pte_load(entry)))) {\n"
     "		lock_hook(HOOK_TABLE_SEEN);\n"),
], "mremap.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("	rmap_lock(vma);\n	moved =",
     "	rmap_lock(vma);\n	lock_hook(HOOK_MOVING);\n	moved ="),
], "fork.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("			err = copy_area_pages(vma, src, &has_protected);\n",
     "			err = copy_area_pages(vma, src, &has_protected);\n"
     "		lock_hook(HOOK_FORKED);\n"),
], "tlb.c": [
    ('#include "mm/vmstat.h"\n',
     '#include "mm/vmstat.h"\n#include "test/lock/hook.h"\n'),
    ("	fetch_or_relaxed(&mm->ctx.tlb_stale_mask, ~harts);\n",
     "	lock_hook(HOOK_HARTS_SEEN);\n"
     "	fetch_or_relaxed(&mm->ctx.tlb_stale_mask, ~harts);\n"
     "	lock_hook(HOOK_MARKED);\n"),
], "filemap.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("		if (unlikely(!page_trylock(page)) &&\n",
     "		lock_hook(HOOK_PAGE_FOUND);\n"
     "		if (unlikely(!page_trylock(page)) &&\n"),
], "truncate.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("	delete_pages(mapping, start, end);\n	/* Those",
     "	lock_hook(HOOK_UNMAPPED);\n"
     "	delete_pages(mapping, start, end);\n	/* Those"),
], "rmap.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("	spin_lock(&av->root->lock);\n	spin_lock(&mm->page_table_lock);",
     "	lock_hook(HOOK_FAMILY_MADE);\n"
     "	spin_lock(&av->root->lock);\n	spin_lock(&mm->page_table_lock);"),
], "zap.c": [
    ('#include "mm/vma.h"\n',
     '#include "mm/vma.h"\n#include "test/lock/hook.h"\n'),
    ("	while (most < now &&",
     "	lock_hook(HOOK_COUNTED);\n	while (most < now &&"),
]}

# Headers whose functions are changed as if they were the file's own.
INLINED = {"fault.c": "strategy.h"}

MUTATIONS = {
    "none": ("vma_lock.c", []),
    "none_in_file_faults": ("fault_file.c", []),
    "none_in_faults": ("fault.c", []),
    "none_in_tables": ("pagetable.c", []),
    "none_in_moves": ("mremap.c", []),
    "none_in_fork": ("fork.c", []),
    "none_in_fences": ("tlb.c", []),
    "none_in_zap": ("zap.c", []),
    "none_in_truncation": ("truncate.c", []),
    "none_in_families": ("rmap.c", []),
    "none_in_filemap": ("filemap.c", []),
    "unlock_before_the_copy_is_mapped": ("fault_file.c", [
        ("	page_set_type(copy, PAGE_ANON);\n",
         "	page_unlock(vmf->page);\n	page_set_type(copy, PAGE_ANON);\n"),
        ("DONE_COW)) {\n		page_unlock(vmf->page);\n", "DONE_COW)) {\n")]),
    "unlock_before_the_cached_copy_is_mapped": ("fault_file.c", [
        ("	page_become_anon(copy, &vmf);\n",
         "	page_unlock(page);\n	page_become_anon(copy, &vmf);\n"),
        ("finds the copy, too. */\n	page_unlock(page);\n",
         "finds the copy, too. */\n")]),
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
        ("		flush_tlb_page(vmf->vma->vm_mm, "
         "PAGE_ALIGN_DOWN(vmf->address));\n", "")]),
    "no_fence_at_fork": ("fork.c", [
        ("if (has_protected)", "if (false)")]),
    "no_stale_mark": ("tlb.c", [
        ("	fetch_or_relaxed(&mm->ctx.tlb_stale_mask, ~harts);\n", "")]),
    "no_grace_period": ("slab.c", [
        ("	machine_rcu_synchronize();\n", "")]),
    "no_family_lock_in_walks": ("rmap.c", [
        ("	spin_lock(&av->root->lock);\n	interval_for_each",
         "	interval_for_each"),
        ("	spin_unlock(&av->root->lock);\n	return done;",
         "	return done;")]),
    "no_family_lock_at_unmap": ("rmap.c", [
        ("	spin_lock(&root->lock);\n", "	(void)root;\n"),
        ("	spin_unlock(&root->lock);\n", "")]),
    "no_family_lock_at_fork": ("rmap.c", [
        ("	spin_lock(&av->root->lock);\n	chain_link(chain, dst,",
         "	chain_link(chain, dst,"),
        ("	link_own(own, dst, av);\n	spin_unlock(&av->root->lock);\n",
         "	link_own(own, dst, av);\n")]),
    "no_family_lock_at_first_page": ("rmap.c", [
        ("	spin_lock(&av->root->lock);\n	spin_lock(&mm->page_table_lock);",
         "	spin_lock(&mm->page_table_lock);"),
        ("	spin_unlock(&mm->page_table_lock);\n"
         "	spin_unlock(&av->root->lock);\n",
         "	spin_unlock(&mm->page_table_lock);\n")]),
    "no_family_lock_at_resize": ("rmap.c", [
        ("	if (vma->anon_vma)\n		spin_lock(family_lock(vma));\n", ""),
        ("&chain_ops);\n	spin_unlock(family_lock(vma));\n",
         "&chain_ops);\n")]),
    "no_family_lock_at_mremap": ("mremap.c", [
        ("		spin_lock(&vma->anon_vma->root->lock);\n", "		{}\n"),
        ("		spin_unlock(&vma->anon_vma->root->lock);\n", "		{}\n")]),
    "no_file_lock_at_mremap": ("mremap.c", [
        ("		down_write(&vma->vm_file->f_mapping->i_mmap_rwsem);\n",
         "		{}\n"),
        ("		up_write(&vma->vm_file->f_mapping->i_mmap_rwsem);\n",
         "		{}\n")]),
    "no_fence_before_unlock_at_mremap": ("mremap.c", [
        ("	flush_tlb_range(mm, op->addr, op->addr + op->old_len);\n", ""),
        ("	rmap_unlock(vma);\n	vm_stat",
         "	rmap_unlock(vma);\n"
         "	flush_tlb_range(mm, op->addr, op->addr + op->old_len);\n"
         "	vm_stat")]),
    "no_table_lock_at_mremap": ("mremap.c", [
        ("	spin_lock(from_ptl);\n", ""),
        ("	spin_unlock(from_ptl);\n", "")]),
    "no_table_lock_at_fork": ("fork.c", [
        ("	spin_lock_nested(from_ptl);\n", "	(void)from_ptl;\n"),
        ("	spin_unlock(from_ptl);\n", "")]),
    "no_table_lock_at_zap": ("zap.c", [
        ("	spin_lock(ptl);\n", "	(void)ptl;\n"),
        ("	spin_unlock(ptl);\n", "")]),
    "no_table_lock_at_mprotect": ("mprotect.c", [
        ("	spin_lock(ptl);\n", "	(void)ptl;\n"),
        ("	spin_unlock(ptl);\n", "")]),
    "no_table_lock_at_faults": ("fault.c", [
        ("	lock_hook(HOOK_RESERVED);\n	spin_lock(vmf->ptl);\n",
         "	lock_hook(HOOK_RESERVED);\n")]),
    "no_second_look_at_faults": ("fault.c", [
        ("if (likely(pte_load(vmf->pte).val == vmf->orig_pte.val))",
         "if (true)")]),
    "look_into_the_area_given_back": ("fault.c", [
        ("		return fault_end_badly(vmf->guard.mm,",
         "		return fault_end_badly(vmf->vma->vm_mm,")]),
    "no_look_whether_the_page_is_the_files": ("filemap.c", [
        ("		if (likely(page->mapping == mapping)) {\n			vmf->page",
         "		if (true) {\n			vmf->page")]),
    "no_second_unmap_at_truncation": ("truncate.c", [
        ("two. */\n	unmap_mapping_range(mapping, start, end, even_cows);\n",
         "two. */\n")]),
    "no_page_lock_at_truncation": ("truncate.c", [
        ("	page_lock(page);\n", ""), ("	page_unlock(page);\n", "")]),
    "no_lock_to_fill_a_hole": ("filemap.c", [
        ("	down_read(&mapping->invalidate_lock);\n	if (pgoff",
         "	if (pgoff"),
        ("	up_read(&mapping->invalidate_lock);\n	return fault;",
         "	return fault;")]),
    "no_table_lock_at_remote_access": ("gup.c", [
        ("	spin_lock(pte_lockptr(ptep));\n	pte = pte_load",
         "	pte = pte_load"),
        ("	spin_unlock(pte_lockptr(ptep));\n	return page;",
         "	return page;")]),
    "no_second_look_at_first_page": ("rmap.c", [
        ("	if (likely(!vma->anon_vma)) {\n		chain_link",
         "	if (true) {\n		chain_link")]),
    "no_second_look_at_the_peak": ("zap.c", [
        ("!cas_relaxed(&mm->hiwater_rss, &most, now))\n		;\n",
         "(store_relaxed(&mm->hiwater_rss, now), false))\n		;\n")]),
    "no_lock_of_upper_tables": ("pagetable.c", [
        ("	lock_hook(HOOK_TABLE_MADE);\n"
         "	spin_lock(&mm->page_table_lock);\n", ""),
        ("	spin_unlock(&mm->page_table_lock);\n	if (page) {",
         "	if (page) {")]),
    "no_second_look_at_upper_tables": ("pagetable.c", [
        ("	if (likely(!pte_is_present(pte_load(entry)))) {",
         "	if (true) {")]),
    "no_reverse_map_before_copies": ("fork.c", [
        ("	vma_append(mm, vma);\n", ""),
        ("		lock_hook(HOOK_FORKED);\n",
         "		lock_hook(HOOK_FORKED);\n		vma_append(mm, vma);\n")]),
    "no_second_look_at_harts": ("tlb.c", [
        ("harts | fetch_or_acq_rel(&mm->ctx.hart_mask, 0)", "harts")]),
    "no_mark_before_the_second_look": ("tlb.c", [
        ("	lock_hook(HOOK_HARTS_SEEN);\n"
         "	fetch_or_relaxed(&mm->ctx.tlb_stale_mask, ~harts);\n",
         "	uint64_t now = fetch_or_acq_rel(&mm->ctx.hart_mask, 0);\n"),
        ("	return harts | fetch_or_acq_rel(&mm->ctx.hart_mask, 0);\n",
         "	fetch_or_relaxed(&mm->ctx.tlb_stale_mask, ~harts);\n"
         "	return harts | now;\n")]),
    "no_fence_before_free": ("tlb.c", [
        ("	struct page *table, *next;\n\n	if (!gather->whole_mm) {",
         "	struct page *table, *next;\n\n	put_pages(gather);\n"
         "	if (!gather->whole_mm) {"),
        ("	}\n	put_pages(gather);\n	list_for", "	}\n	list_for")]),
    "no_fence_before_the_copy_shows": ("fault.c", [
        ("		pte_get_and_clear(vmf->pte);\n"
         "		flush_tlb_page(vmf->vma->vm_mm, "
         "PAGE_ALIGN_DOWN(vmf->address));\n", ""),
        ("	pte_store(vmf->pte, pte_set(pte, PTE_W | PTE_D));\n",
         "	pte_store(vmf->pte, pte_set(pte, PTE_W | PTE_D));\n"
         "	flush_tlb_page(vmf->vma->vm_mm, "
         "PAGE_ALIGN_DOWN(vmf->address));\n")]),
}


def replace(text, old, new):
    if text.count(old) != 1:
        sys.exit(f"mutate.py: found {text.count(old)} times, not once:\n{old}")
    return text.replace(old, new)


def read(source):
    """The text of a file, with the header that is to be a part of it."""
    folder, name = os.path.split(source)
    with open(source) as f:
        text = f.read()
    if name in INLINED:
        header = INLINED[name]
        with open(os.path.join(folder, header)) as f:
            text = replace(text, f'#include "mm/{header}"\n',
                           replace(f.read(), "#pragma once\n", ""))
    return text


def main():
    name, output, *sources = sys.argv[1:]
    wanted, changes = MUTATIONS[name]
    source = next(s for s in sources if os.path.basename(s) == wanted)
    text = read(source)
    for old, new in HOOKS.get(wanted, []):
        text = replace(text, old, new)
    for old, new in changes:
        text = replace(text, old, new)
    with open(output, "w") as f:
        f.write(text)


if __name__ == "__main__":
    main()
