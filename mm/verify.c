/* SPDX-License-Identifier: MIT */
/*
 * mm_verify: every invariant of the structures in mm_types.h, checked. Each
 * check states one sentence of the comments there. Slow; for tests and debug
 * builds.
 */
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/pagetable.h"
#include "mm/rmap.h"
#include "mm/vma.h"

/* What the areas and tables add up to. */
struct sums {
	uint64_t map_count, total_vm, locked_vm, data_vm, exec_vm, stack_vm;
	uint64_t rss[NR_RSS];
	uint64_t tables;
};

static bool in_order(const struct rb_node *a, const struct rb_node *b)
{
	const struct vm_area_struct *low =
	    rb_entry(a, struct vm_area_struct, vm_rb);
	const struct vm_area_struct *high =
	    rb_entry(b, struct vm_area_struct, vm_rb);

	return low->vm_end <= high->vm_start;
}

static uint64_t gap_of(const struct rb_node *node)
{
	return node ? rb_entry(node, struct vm_area_struct, vm_rb)
			  ->rb_subtree_gap
		    : 0;
}

static bool gap_is_right(const struct rb_node *node)
{
	const struct vm_area_struct *vma =
	    rb_entry(node, struct vm_area_struct, vm_rb);
	uint64_t most = max(gap_of(node->left), gap_of(node->right));

	return vma->rb_subtree_gap == max(most, vma->rb_gap);
}

static void verify_anon_vma(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *chain;
	bool has_own = false;

	BUG_ON(!vma->anon_vma != list_empty(&vma->anon_vma_chain));
	list_for_each_entry (chain, &vma->anon_vma_chain, same_vma) {
		BUG_ON(chain->vma != vma);
		BUG_ON(chain->anon_vma->root != vma->anon_vma->root);
		has_own |= chain->anon_vma == vma->anon_vma;
	}
	BUG_ON(vma->anon_vma && !has_own);
}

static void verify_area(const struct mm_struct *mm,
			const struct vm_area_struct *vma)
{
	BUG_ON(vma->vm_mm != mm);
	BUG_ON(vma->vm_start >= vma->vm_end || vma->vm_end > MM_USER_END);
	BUG_ON((vma->vm_start | vma->vm_end) & ~PAGE_MASK);
	BUG_ON(!load_relaxed(&vma->vm_refcnt));
	BUG_ON(!vma->vm_file && vma_is_anonymous(vma) &&
	       vma_has(vma, VM_SHARED));
	/* Its pages may go: whoever looks for such must find the mm. */
	BUG_ON(vma_has(vma, VM_DROPPABLE) &&
	       (!load_relaxed(&mm->was_lazy) || !vma_has(vma, VM_WIPEONFORK) ||
		vma_has(vma, VM_SHARED)));
	BUG_ON(vma->vm_file && vma_is_anonymous(vma));
	BUG_ON(vma->vm_page_prot.val != vm_get_page_prot(vma_flags(vma)).val);
	BUG_ON(vma->rb_gap != vma_gap_below(vma, vma_prev(vma)));
	verify_anon_vma(vma);
}

static bool is_this_place(void *ctx, struct vm_area_struct *vma, vaddr_t va)
{
	const struct vm_fault *place = ctx;

	return vma == place->vma && va == place->address;
}

/* The reverse map leads from the page back to this place. */
static void verify_rmap(struct vm_area_struct *vma, struct page *page,
			vaddr_t va)
{
	struct vm_fault place = {.vma = vma, .address = va};

	BUG_ON(page->index != linear_page_index(vma, va));
	BUG_ON(!rmap_walk(page, is_this_place, &place));
}

static void verify_page(struct vm_area_struct *vma, pte_t pte, vaddr_t va,
			struct sums *sums)
{
	struct page *page = pfn_to_page(pte_pfn(pte));

	BUG_ON(!pfn_valid(pte_pfn(pte)));
	BUG_ON(!page_mapcount(page));
	BUG_ON(page_mapcount(page) > page_refcount(page));
	switch (page->type) {
	case PAGE_ANON:
		BUG_ON(!vma->anon_vma);
		BUG_ON(vma_has(vma, VM_SHARED));
		verify_rmap(vma, page, va);
		sums->rss[MM_ANONPAGES]++;
		/* Writable and private: nobody else may map it. */
		BUG_ON(pte_has(pte, PTE_W) && page_mapcount(page) != 1);
		break;
	case PAGE_FILE:
		BUG_ON(!vma->vm_file);
		BUG_ON(pte_has(pte, PTE_W | PTE_D) && !vma_has(vma, VM_SHARED));
		BUG_ON(page->mapping != vma->vm_file->f_mapping);
		verify_rmap(vma, page, va);
		sums->rss[file_rss_kind(vma)]++;
		break;
	default: /* a special mapping's page */
		BUG_ON(page->type != PAGE_KERNEL || !vma->vm_ops);
		BUG_ON(pte_has(pte, PTE_W | PTE_D));
		sums->rss[MM_FILEPAGES]++;
	}
}

/* One entry, against the area it lies in (NULL: none). */
static void verify_pte(struct vm_area_struct *vma, pte_t pte, vaddr_t va,
		       struct sums *sums)
{
	if (pte_is_none(pte))
		return;
	BUG_ON(!vma);
	if (pte_is_present(pte)) {
		uint64_t access = PTE_R | PTE_X | PTE_U;

		BUG_ON((pte.val & access) != (vma->vm_page_prot.val & access));
	} else {
		BUG_ON(vma_has(vma, VM_ACCESS_FLAGS));
	}
	BUG_ON(pte_has(pte, PTE_RESERVED));
	BUG_ON(pte_has(pte, PTE_W) && !vma_has(vma, VM_WRITE));
	/* What the hardware sets is set, unless it is to tell us. */
	BUG_ON(pte_has(pte, PTE_W) && !pte_has(pte, PTE_D) &&
	       !vma_hw_sets_dirty(vma));
	BUG_ON(pte_has(pte, PTE_D) && pte_has(pte, PTE_SPECIAL));
	if (pte_has(pte, PTE_SPECIAL)) {
		BUG_ON(!vma_is_anonymous(vma) || pte_has(pte, PTE_W));
		BUG_ON(pte_pfn(pte) != page_to_pfn(zero_page));
		return;
	}
	verify_page(vma, pte, va, sums);
}

static void verify_table(struct mm_struct *mm, pte_t *table, unsigned level,
			 vaddr_t base, struct sums *sums)
{
	unsigned nr = level == 2 ? PTRS_PER_PT / 2 : PTRS_PER_PT;

	BUG_ON(virt_to_page(table)->type != PAGE_TABLE);
	BUG_ON(virt_to_page(table)->pt_mm != mm);
	sums->tables++;
	for (unsigned i = 0; i < nr; i++) {
		vaddr_t va = base + i * pt_level_size(level);
		pte_t pte = pte_load(&table[i]);

		if (!level) {
			verify_pte(vma_lookup(mm, va), pte, va, sums);
		} else if (pte_is_present(pte)) {
			BUG_ON(pte_is_leaf(pte));
			verify_table(mm, pte_table(pte), level - 1, va, sums);
		}
	}
}

static void sum_area(struct sums *sums, const struct vm_area_struct *vma)
{
	struct mm_struct fake = {0};

	vm_stat_account(&fake, vma_flags(vma), vma_pages(vma));
	sums->map_count++;
	sums->total_vm += fake.total_vm;
	sums->data_vm += fake.data_vm;
	sums->exec_vm += fake.exec_vm;
	sums->stack_vm += fake.stack_vm;
	if (vma_has(vma, VM_LOCKED))
		sums->locked_vm += vma_pages(vma);
}

void mm_verify(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct sums sums = {0};
	struct rb_node *node;
	const char *broken;

	mmap_read_lock(mm);
	broken = rb_verify(&mm->mm_rb, in_order, gap_is_right);
	if (broken)
		panic("mm_verify: area tree: %s\n", broken);
	node = rb_first(&mm->mm_rb);
	for_each_vma (mm, vma) {
		BUG_ON(node != &vma->vm_rb);
		node = rb_next(node);
		verify_area(mm, vma);
		sum_area(&sums, vma);
	}
	BUG_ON(node);
	verify_table(mm, mm->pgd, 2, 0, &sums);
	BUG_ON(sums.map_count != mm->map_count);
	BUG_ON(sums.total_vm != mm->total_vm);
	BUG_ON(sums.data_vm != mm->data_vm);
	BUG_ON(sums.exec_vm != mm->exec_vm);
	BUG_ON(sums.stack_vm != mm->stack_vm);
	BUG_ON(sums.locked_vm != mm->locked_vm);
	for (unsigned i = 0; i < NR_RSS; i++)
		BUG_ON(sums.rss[i] != get_mm_counter(mm, i));
	BUG_ON(sums.tables * PAGE_SIZE != mm->pgtables_bytes);
	BUG_ON(load_relaxed(&mm->tlb_flush_pending));
	mmap_read_unlock(mm);
}
