/* SPDX-License-Identifier: MIT */
/*
 * The software MMU; see mmu_model.h.
 *
 * A TLB here is a set of page table entries of any level, each under the key
 * (asid, level, virtual page number at that level), without a limit in size. A
 * leaf ends the walk, a pointer shortens it, an invalid entry makes it fail.
 */
#include "test/host/mmu_model.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine.h" /* phys_to_virt */

/* Priv. 1.12, figure 4.21: the Sv39 page table entry. */
#define E_V	   0x001u
#define E_R	   0x002u
#define E_W	   0x004u
#define E_X	   0x008u
#define E_U	   0x010u
#define E_G	   0x020u
#define E_A	   0x040u
#define E_D	   0x080u
#define E_PPN(e)   (((e) >> 10) & 0xfffffffffffULL)
#define E_RESERVED 0xffc0000000000000ULL /* Svnapot, Svpbmt, reserved */

#define TOP_LEVEL 2
#define BUCKETS	  128
#define USER_TOP  (1ULL << 38)

struct entry {
	struct entry *next;
	uint64_t vpn; /* va >> (12 + 9 * level) */
	uint64_t pte; /* as it was when it was read */
	unsigned asid;
	unsigned level;
};

struct hart {
	pthread_mutex_t lock; /* the fields below, and accesses in flight */
	unsigned asid;
	uint64_t root;
	unsigned nr_entries;
	struct entry *bucket[BUCKETS];
};

static struct mmu_config config;
static struct hart harts[MMU_HARTS] = {
    [0 ... MMU_HARTS - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER},
};

static bool is_leaf(uint64_t pte)
{
	return pte & (E_R | E_X);
}

/* Step 3 of the translation process: can the entry be used at all? */
static bool is_usable(uint64_t pte)
{
	if (!(pte & E_V) || ((pte & E_W) && !(pte & E_R)) || pte & E_RESERVED)
		return false;
	/* In a pointer D, A and U are reserved and must be clear. */
	return is_leaf(pte) || !(pte & (E_D | E_A | E_U));
}

static bool is_pointer(uint64_t pte)
{
	return is_usable(pte) && !is_leaf(pte);
}

static uint64_t vpn_of(uint64_t va, unsigned level)
{
	return va >> (12 + 9 * level);
}

static struct entry **bucket_of(struct hart *hart, uint64_t vpn, unsigned level)
{
	return &hart->bucket[(vpn * 3 + level) % BUCKETS];
}

static struct entry *tlb_find(struct hart *hart, unsigned asid, uint64_t va,
			      unsigned level)
{
	uint64_t vpn = vpn_of(va, level);
	struct entry *e = *bucket_of(hart, vpn, level);

	for (; e; e = e->next) {
		if (e->vpn == vpn && e->level == level &&
		    (e->asid == asid || e->pte & E_G))
			return e;
	}
	return NULL;
}

static void tlb_add(struct hart *hart, uint64_t va, unsigned level,
		    uint64_t pte)
{
	struct entry *e = tlb_find(hart, hart->asid, va, level);
	struct entry **bucket;

	if (!is_usable(pte) ? !config.cache_invalid
			    : !is_leaf(pte) && !config.cache_tables)
		return;
	if (!e) {
		e = malloc(sizeof(*e));
		BUG_ON(!e);
		e->vpn = vpn_of(va, level);
		e->level = level;
		e->asid = hart->asid;
		bucket = bucket_of(hart, e->vpn, level);
		e->next = *bucket;
		*bucket = e;
		hart->nr_entries++;
	}
	e->pte = pte;
}

/*
 * Forget entries. all: also pointers; else only leaf and invalid entries that
 * touch [start, end).
 */
static void tlb_forget(struct hart *hart, unsigned asid, uint64_t start,
		       uint64_t end, bool all)
{
	for (unsigned i = 0; hart->nr_entries && i < BUCKETS; i++) {
		struct entry **link = &hart->bucket[i];

		while (*link) {
			struct entry *e = *link;
			uint64_t from = e->vpn << (12 + 9 * e->level);
			uint64_t to = (e->vpn + 1) << (12 + 9 * e->level);

			if ((asid && (e->asid != asid || e->pte & E_G)) ||
			    (!all && (is_pointer(e->pte) || to <= start ||
				      from >= end))) {
				link = &e->next;
				continue;
			}
			*link = e->next;
			free(e);
			hart->nr_entries--;
		}
	}
}

void mmu_reset(const struct mmu_config *new_config)
{
	config = *new_config;
	for (unsigned i = 0; i < MMU_HARTS; i++) {
		pthread_mutex_lock(&harts[i].lock);
		tlb_forget(&harts[i], 0, 0, ~0ULL, true);
		harts[i].root = 0;
		harts[i].asid = 0;
		pthread_mutex_unlock(&harts[i].lock);
	}
}

void mmu_set_satp(unsigned hart, unsigned asid, uint64_t root)
{
	pthread_mutex_lock(&harts[hart].lock);
	harts[hart].asid = asid;
	harts[hart].root = root;
	pthread_mutex_unlock(&harts[hart].lock);
}

static uint64_t *slot_of(uint64_t table, uint64_t va, unsigned level)
{
	uint64_t pa = table + (vpn_of(va, level) & 511) * 8;

	BUG_ON(pa < config.ram_start || pa >= config.ram_end);
	return phys_to_virt(pa);
}

/* Where the walk may start: below the lowest remembered pointer. */
static uint64_t walk_start(struct hart *hart, uint64_t va, unsigned *level)
{
	for (*level = 0; *level < TOP_LEVEL; ++*level) {
		struct entry *e = tlb_find(hart, hart->asid, va, *level + 1);

		if (e && is_pointer(e->pte))
			return E_PPN(e->pte) << 12;
	}
	return hart->root;
}

/*
 * Steps 1 to 4 and 6: find the leaf for va in memory and remember it. False:
 * page fault. *slot is where the leaf is.
 */
static bool walk(struct hart *hart, uint64_t va, unsigned *level, uint64_t *pte,
		 uint64_t **slot)
{
	uint64_t table = walk_start(hart, va, level);

	for (;; --*level) {
		*slot = slot_of(table, va, *level);
		*pte = __atomic_load_n(*slot, __ATOMIC_ACQUIRE);
		tlb_add(hart, va, *level, *pte);
		if (!is_usable(*pte))
			return false;
		if (is_leaf(*pte))
			break;
		if (*level == 0)
			return false;
		table = E_PPN(*pte) << 12;
	}
	/* A superpage must be aligned. */
	return !(E_PPN(*pte) & ((1ULL << (9 * *level)) - 1));
}

/* A leaf or invalid entry that the hart remembers for va, or NULL. */
static struct entry *tlb_lookup(struct hart *hart, uint64_t va)
{
	for (unsigned level = 0; level <= TOP_LEVEL; level++) {
		struct entry *e = tlb_find(hart, hart->asid, va, level);

		if (e && !is_pointer(e->pte))
			return e;
	}
	return NULL;
}

/* Step 5: does the leaf allow the access? */
static bool is_allowed(uint64_t pte, enum mmu_access access, bool supervisor)
{
	if (!(pte & E_U) || (supervisor && access == MMU_FETCH))
		return false;
	switch (access) {
	case MMU_LOAD:
		return pte & E_R;
	case MMU_FETCH:
		return pte & E_X;
	default:
		return pte & E_W;
	}
}

/* Steps 7 and 8, A and D: false is a page fault. */
static bool update_ad(uint64_t *pte, uint64_t *slot, uint64_t need)
{
	uint64_t old = *pte;

	if ((old & need) == need)
		return true;
	if (!config.hardware_ad || !slot)
		return false;
	*pte = old | need;
	/* The entry may have changed meanwhile: then walk again. */
	return __atomic_compare_exchange_n(slot, &old, *pte, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static bool translate(struct hart *hart, uint64_t va, enum mmu_access access,
		      bool supervisor, uint64_t *pa)
{
	bool store = access == MMU_STORE || access == MMU_AMO;
	uint64_t need = store ? E_A | E_D : E_A;
	struct entry *e;
	uint64_t pte, *slot = NULL, offset;
	unsigned level;

	/* Priv. 1.12, 4.4.1: bits 63 to 39 equal bit 38. */
	if ((uint64_t)((int64_t)(va << 25) >> 25) != va || !hart->root)
		return false;
	e = tlb_lookup(hart, va);
	/* A remembered entry without A or D is read again by hardware. */
	if (e && !(config.hardware_ad && is_usable(e->pte) &&
		   is_allowed(e->pte, access, supervisor) &&
		   (e->pte & need) != need)) {
		pte = e->pte;
		level = e->level;
		if (!is_usable(pte))
			return false;
	} else if (!walk(hart, va, &level, &pte, &slot)) {
		return false;
	}
	if (!is_allowed(pte, access, supervisor) ||
	    !update_ad(&pte, slot, need))
		return false;
	if (slot)
		tlb_add(hart, va, level, pte);
	offset = va & ((1ULL << (12 + 9 * level)) - 1);
	*pa = (E_PPN(pte) << 12) + offset;
	return true;
}

/* Bytes move with single copies where the guest may expect them to. */
static void move(void *to, const void *from, size_t len)
{
	uintptr_t both = (uintptr_t)to | (uintptr_t)from | len;

	if (len == 8 && !(both & 7))
		__atomic_store_n(
		    (uint64_t *)to,
		    __atomic_load_n((const uint64_t *)from, __ATOMIC_RELAXED),
		    __ATOMIC_RELAXED);
	else
		for (size_t i = 0; i < len; i++)
			__atomic_store_n(
			    (uint8_t *)to + i,
			    __atomic_load_n((const uint8_t *)from + i,
					    __ATOMIC_RELAXED),
			    __ATOMIC_RELAXED);
}

static void transfer(uint64_t pa, void *buf, size_t len, enum mmu_access access)
{
	uint64_t old = 0;

	if (access == MMU_STORE) {
		move(phys_to_virt(pa), buf, len);
	} else if (access == MMU_AMO) {
		move(&old, phys_to_virt(pa), len);
		move(phys_to_virt(pa), buf, len);
		memcpy(buf, &old, len);
	} else {
		move(buf, phys_to_virt(pa), len);
	}
}

static enum mmu_cause cause_of(enum mmu_access access, bool page)
{
	if (access == MMU_LOAD)
		return page ? MMU_LOAD_PAGE : MMU_LOAD_ACCESS;
	if (access == MMU_FETCH)
		return page ? MMU_FETCH_PAGE : MMU_FETCH_ACCESS;
	return page ? MMU_STORE_PAGE : MMU_STORE_ACCESS;
}

static bool is_ram(uint64_t pa, size_t len)
{
	return pa >= config.ram_start && pa + len <= config.ram_end;
}

static enum mmu_cause access_locked(struct hart *hart, uint64_t va, void *buf,
				    size_t len, enum mmu_access access,
				    bool supervisor, uint64_t *stval)
{
	size_t first = 4096 - (va & 4095);
	uint64_t pa[2] = {0, 0};

	if (first > len)
		first = len;
	*stval = va;
	if (!translate(hart, va, access, supervisor, &pa[0]))
		return cause_of(access, true);
	if (!is_ram(pa[0], first))
		return cause_of(access, false);
	if (first < len) {
		*stval = va + first;
		if (!translate(hart, va + first, access, supervisor, &pa[1]))
			return cause_of(access, true);
		if (!is_ram(pa[1], len - first))
			return cause_of(access, false);
	}
	transfer(pa[0], buf, first, access);
	if (first < len)
		transfer(pa[1], (char *)buf + first, len - first, access);
	return MMU_DONE;
}

enum mmu_cause mmu_access(unsigned hart, uint64_t va, void *buf, size_t len,
			  enum mmu_access access, bool supervisor,
			  uint64_t *stval)
{
	enum mmu_cause cause;

	BUG_ON(hart >= MMU_HARTS || !len || len > 8);
	*stval = va;
	if (access == MMU_AMO && va & (len - 1))
		return MMU_STORE_MISALIGNED;
	pthread_mutex_lock(&harts[hart].lock);
	cause = access_locked(&harts[hart], va, buf, len, access, supervisor,
			      stval);
	pthread_mutex_unlock(&harts[hart].lock);
	return cause;
}

void mmu_fence(uint64_t set, unsigned asid, uint64_t start, uint64_t end)
{
	bool all = start == 0 && end >= USER_TOP;

	for (unsigned i = 0; i < MMU_HARTS; i++) {
		if (!(set >> i & 1))
			continue;
		pthread_mutex_lock(&harts[i].lock);
		tlb_forget(&harts[i], asid, start, end, all);
		pthread_mutex_unlock(&harts[i].lock);
	}
}

void mmu_fence_local(unsigned hart, unsigned asid, uint64_t va)
{
	mmu_fence(1ULL << hart, asid, va & ~4095ULL, (va & ~4095ULL) + 4096);
}

void mmu_speculate(unsigned hart, uint64_t start, uint64_t end)
{
	uint64_t pte, *slot;
	unsigned level;

	pthread_mutex_lock(&harts[hart].lock);
	for (uint64_t va = start; va < end && harts[hart].root; va += 4096)
		if (!tlb_lookup(&harts[hart], va))
			walk(&harts[hart], va, &level, &pte, &slot);
	pthread_mutex_unlock(&harts[hart].lock);
}

/* The entry for va at `level` as the tables have it now; 0: none. */
static uint64_t current_entry(uint64_t table, uint64_t va, unsigned level)
{
	for (unsigned at = TOP_LEVEL;; at--) {
		uint64_t pte =
		    __atomic_load_n(slot_of(table, va, at), __ATOMIC_ACQUIRE);

		if (at == level)
			return pte;
		if (!is_pointer(pte))
			return 0;
		table = E_PPN(pte) << 12;
	}
}

static bool is_stale(const struct entry *e, uint64_t root)
{
	uint64_t va = e->vpn << (12 + 9 * e->level);
	uint64_t rights = E_R | E_W | E_X | E_U | E_D;
	uint64_t now;

	if (!is_usable(e->pte))
		return false;
	now = current_entry(root, va, e->level);
	return !is_usable(now) || is_leaf(now) != is_leaf(e->pte) ||
	       E_PPN(now) != E_PPN(e->pte) || (e->pte & rights & ~now);
}

static unsigned find_stale_on(const struct hart *hart, unsigned asid,
			      uint64_t root, uint64_t *va)
{
	unsigned nr = 0;

	for (unsigned i = 0; hart->nr_entries && i < BUCKETS; i++) {
		for (struct entry *e = hart->bucket[i]; e; e = e->next) {
			if (e->asid != asid || !is_stale(e, root))
				continue;
			*va = e->vpn << (12 + 9 * e->level);
			nr++;
		}
	}
	return nr;
}

unsigned mmu_find_stale(uint64_t set, unsigned asid, uint64_t root,
			uint64_t *va)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < MMU_HARTS; i++) {
		if (!(set >> i & 1))
			continue;
		pthread_mutex_lock(&harts[i].lock);
		nr += find_stale_on(&harts[i], asid, root, va);
		pthread_mutex_unlock(&harts[i].lock);
	}
	return nr;
}

unsigned mmu_count(unsigned hart, unsigned asid)
{
	unsigned nr = 0;

	pthread_mutex_lock(&harts[hart].lock);
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct entry *e = harts[hart].bucket[i]; e; e = e->next)
			nr += e->asid == asid;
	pthread_mutex_unlock(&harts[hart].lock);
	return nr;
}
