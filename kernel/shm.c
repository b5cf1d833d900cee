/* SPDX-License-Identifier: MIT */
/*
 * System V shared memory.
 *
 * A segment is a file that no directory names, as memory shared by mmap is, and
 * an attach an area of it. What the areas add is that they are counted: each
 * that is opened or closed changes shm_nattch, so a segment that was removed
 * goes with its last area. Areas that count are never merged, so a segment
 * needs no file for each attach.
 *
 * An identifier is an index below IPCMNI and, above it, how often the indices
 * were used up before; so an old one does not mean a new segment.
 *
 * shm_mutex guards all of it. Areas are opened and closed with mmap_lock held,
 * so inside it neither that nor user memory is touched.
 */
#include "kernel/shm.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/shm.h"
#include "kernel/fs/vfs.h"
#include "kernel/process.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/syscall.h"
#include "lib/mutex.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vma.h"

#define IPCMNI	   32768u /* indices of identifiers */
#define INDEX_MASK (IPCMNI - 1)
#define MIN_CYCLE  64u /* so many at least before one is used again */

struct shm {
	struct file file; /* one reference is the list's */
	struct address_space mapping;
	struct list_head node;
	int id, key;	    /* c; as made */
	struct shmid_ds ds; /* what IPC_STAT says */
};

long sysctl_shmmax = -(1L << 24) - 1;
long sysctl_shmall = -(1L << 24) - 1;
long sysctl_shmmni = 4096;

static struct mutex shm_mutex;
static struct list_head segments;
static unsigned nr_segments, last_index = UINT32_MAX;
static uint16_t cycle;
static uint64_t total_pages;

static struct shm *shm_of(struct file *file)
{
	return container_of(file, struct shm, file);
}

static int64_t seconds(void)
{
	return (int64_t)(time_now() / 1000000000);
}

static uint64_t shm_pages(const struct shm *shm)
{
	return PAGE_ALIGN(shm->ds.shm_segsz) >> PAGE_SHIFT;
}

static void destroy_locked(struct shm *shm)
{
	list_del(&shm->node);
	nr_segments--;
	total_pages -= shm_pages(shm);
	file_put(&shm->file);
}

/* One attach less. */
static void detach_locked(struct shm *shm)
{
	if (!--shm->ds.shm_nattch && shm->ds.shm_perm.mode & SHM_DEST)
		destroy_locked(shm);
}

static void shm_open(struct vm_area_struct *vma)
{
	struct shm *shm = shm_of(vma->vm_file);

	mutex_lock(&shm_mutex);
	shm->ds.shm_nattch++;
	shm->ds.shm_atime = seconds();
	shm->ds.shm_lpid = current_pid();
	mutex_unlock(&shm_mutex);
}

/* The area's reference of the file is still there. */
static void shm_close(struct vm_area_struct *vma)
{
	struct shm *shm = shm_of(vma->vm_file);

	mutex_lock(&shm_mutex);
	shm->ds.shm_dtime = seconds();
	shm->ds.shm_lpid = current_pid();
	detach_locked(shm);
	mutex_unlock(&shm_mutex);
}

/* Those of the page cache, and the two above: see shm_init(). */
static struct vm_operations_struct shm_vm_ops;

static void shm_release(struct file *file)
{
	struct shm *shm = shm_of(file);

	mapping_destroy(&shm->mapping);
	kfree(shm);
}

static int shm_mmap(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	vma->vm_ops = &shm_vm_ops;
	/* What is attached for reading stays so. */
	if (!vma_has(vma, VM_WRITE))
		vm_flags_init(vma, vma_flags(vma) & ~VM_MAYWRITE);
	shm_open(vma);
	return 0;
}

static void shm_describe(struct file *file, char *buf, size_t len,
			 uint64_t *dev, uint64_t *ino)
{
	const struct shm *shm = shm_of(file);

	snprintf(buf, len, "/SYSV%08x (deleted)", (unsigned)shm->key);
	*dev = 1;
	*ino = (unsigned)shm->id;
}

static const struct file_vm_operations shm_file_ops = {
    .release = shm_release,
    .mmap = shm_mmap,
    .describe = shm_describe,
};

/* By identifier, or by index alone: `mask` says which bits of it count. */
static struct shm *find_id(unsigned id, unsigned mask)
{
	struct shm *shm;

	list_for_each_entry (shm, &segments, node) {
		if (!(((unsigned)shm->id ^ id) & mask))
			return shm;
	}
	return NULL;
}

static struct shm *find_key(int key)
{
	struct shm *shm;

	list_for_each_entry (shm, &segments, node) {
		if (shm->ds.shm_perm.key == key)
			return shm;
	}
	return NULL;
}

/* Indices in a circle, which is the wider the more are in use. */
static int next_id(void)
{
	unsigned index = last_index;
	unsigned width = max(MIN_CYCLE, nr_segments * 3 / 2);

	do {
		if (++index >= min(width, IPCMNI)) {
			cycle++;
			index = 0;
		}
	} while (find_id(index, INDEX_MASK));
	last_index = index;
	return (int)(cycle * IPCMNI + index);
}

/* Its owner, its creator, or root. */
static bool is_owner(const struct ipc_perm *perm)
{
	uint32_t uid = current->process->ids.uid[ID_EFFECTIVE];

	return !uid || uid == perm->uid || uid == perm->cuid;
}

/* Does its mode allow the caller all of this, said as a mode as well? */
static bool may_use(const struct shm *shm, unsigned wanted)
{
	const struct ipc_perm *perm = &shm->ds.shm_perm;
	uint32_t gid = current->process->ids.gid[ID_EFFECTIVE];
	unsigned granted = perm->mode;

	if (is_owner(perm))
		granted >>= 6;
	else if (gid == perm->gid || gid == perm->cgid)
		granted >>= 3;
	wanted |= wanted >> 6 | wanted >> 3;
	return !(wanted & ~granted & 7) || process_is_root(current->process);
}

/* A new segment; its identifier or -Exxx. */
static long create(int key, uint64_t size, unsigned flags)
{
	const struct ids *ids = &current->process->ids;
	uint64_t npages = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct shm *shm;

	if ((int64_t)size <= 0 || size > (uint64_t)sysctl_shmmax ||
	    flags & SHM_HUGETLB)
		return -EINVAL;
	if (total_pages + npages > (uint64_t)sysctl_shmall ||
	    nr_segments >= sysctl_shmmni)
		return -ENOSPC;
	if ((!(flags & SHM_NORESERVE) ||
	     sysctl_overcommit_memory == OVERCOMMIT_NEVER) &&
	    !may_commit(npages))
		return -ENOMEM;
	shm = kzalloc(sizeof(*shm), GFP_KERNEL);
	if (!shm)
		return -ENOMEM;
	mapping_init(&shm->mapping, NULL);
	shm->mapping.is_shmem = true;
	shm->mapping.i_size = size;
	shm->file = (struct file){
	    .f_count = 1,
	    .f_mode = FMODE_READ | FMODE_WRITE | FMODE_EXEC,
	    .f_mapping = &shm->mapping,
	    .f_vm_ops = &shm_file_ops,
	};
	shm->id = next_id();
	shm->ds.shm_perm.key = shm->key = key;
	shm->ds.shm_perm.uid = shm->ds.shm_perm.cuid = ids->uid[ID_EFFECTIVE];
	shm->ds.shm_perm.gid = shm->ds.shm_perm.cgid = ids->gid[ID_EFFECTIVE];
	shm->ds.shm_perm.mode = flags & 0777;
	shm->ds.shm_perm.seq = cycle;
	shm->ds.shm_segsz = size;
	shm->ds.shm_ctime = seconds();
	shm->ds.shm_cpid = current_pid();
	list_add_tail(&shm->node, &segments);
	nr_segments++;
	total_pages += npages;
	return shm->id;
}

long sys_shmget(uint64_t key, uint64_t size, uint64_t flags)
{
	struct shm *shm;
	long result;

	mutex_lock(&shm_mutex);
	shm = (int)key == IPC_PRIVATE ? NULL : find_key((int)key);
	if (!shm)
		result = (int)key == IPC_PRIVATE || flags & IPC_CREAT
			     ? create((int)key, size, (unsigned)flags)
			     : -ENOENT;
	else if (flags & IPC_CREAT && flags & IPC_EXCL)
		result = -EEXIST;
	else if (size > shm->ds.shm_segsz)
		result = -EINVAL;
	else
		result = may_use(shm, (unsigned)flags) ? shm->id : -EACCES;
	mutex_unlock(&shm_mutex);
	return result;
}

/* An address as shmat takes it, in place; flags for mmap, or -EINVAL. */
static int attach_place(vaddr_t *addr, uint64_t flags)
{
	if (!*addr)
		return flags & SHM_REMAP ? -EINVAL : MAP_SHARED;
	if (*addr % SHMLBA) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		*addr -= *addr % SHMLBA;
		if (!*addr && flags & SHM_REMAP)
			return -EINVAL;
	}
	return MAP_SHARED |
	       (flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE);
}

long sys_shmat(uint64_t id, uint64_t addr, uint64_t flags)
{
	unsigned prot = PROT_READ, wanted = 0444;
	int place = attach_place(&addr, flags);
	struct shm *shm;
	long result;

	if ((int)id < 0 || place < 0)
		return -EINVAL;
	if (!(flags & SHM_RDONLY)) {
		prot |= PROT_WRITE;
		wanted |= 0222;
	}
	if (flags & SHM_EXEC) {
		prot |= PROT_EXEC;
		wanted |= 0111;
	}
	mutex_lock(&shm_mutex);
	shm = find_id((unsigned)id, ~0u);
	result = !shm ? -EINVAL : may_use(shm, wanted) ? 0 : -EACCES;
	if (!result) {
		/* So that it is not destroyed meanwhile. */
		file_get(&shm->file);
		shm->ds.shm_nattch++;
	}
	mutex_unlock(&shm_mutex);
	if (result)
		return result;
	result = do_mmap(current->mm, &shm->file, addr, shm->ds.shm_segsz, prot,
			 (unsigned)place, 0);
	mutex_lock(&shm_mutex);
	detach_locked(shm);
	mutex_unlock(&shm_mutex);
	file_put(&shm->file);
	return result == -EEXIST ? -EINVAL : result;
}

/*
 * Detach the segment whose first page is at addr, or was before it was
 * unmapped: all of its areas that are where they were attached.
 */
static long shmdt_locked(struct mm_struct *mm, vaddr_t addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr), *next;
	struct file *file = NULL;
	vaddr_t end = MM_USER_END;

	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_next(vma);
		if (vma->vm_ops != &shm_vm_ops ||
		    (file && vma->vm_file != file) ||
		    vma->vm_start - addr != vma->vm_pgoff << PAGE_SHIFT)
			continue;
		file = vma->vm_file;
		end = addr + (shm_pages(shm_of(file)) << PAGE_SHIFT);
		/* As on Linux this is not told when an area is sealed. */
		munmap_locked(mm, vma->vm_start, vma->vm_end);
	}
	return file ? 0 : -EINVAL;
}

long sys_shmdt(uint64_t addr)
{
	struct mm_struct *mm = current->mm;
	long result;

	if (addr % PAGE_SIZE)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	result = shmdt_locked(mm, addr);
	mmap_write_unlock(mm);
	return result;
}

/* IPC_INFO, SHM_INFO: the highest index in use, or 0. */
static long shm_about(bool limits, vaddr_t to)
{
	struct shm_info use = {0};
	struct shminfo most = {
	    .shmmax = (uint64_t)sysctl_shmmax,
	    .shmmin = 1,
	    .shmmni = (uint64_t)sysctl_shmmni,
	    .shmseg = (uint64_t)sysctl_shmmni,
	    .shmall = (uint64_t)sysctl_shmall,
	};
	unsigned highest = 0;
	struct shm *shm;

	mutex_lock(&shm_mutex);
	list_for_each_entry (shm, &segments, node) {
		highest = max(highest, (unsigned)shm->id & INDEX_MASK);
		use.shm_rss += shm->mapping.nr_pages;
	}
	use.used_ids = (int)nr_segments;
	use.shm_tot = total_pages;
	mutex_unlock(&shm_mutex);
	if (limits ? copy_to_user(to, &most, sizeof(most))
		   : copy_to_user(to, &use, sizeof(use)))
		return -EFAULT;
	return highest;
}

static long lock_segment(struct shm *shm)
{
	uint64_t limit = process_memlock(current->process);

	if (!limit)
		return -EPERM;
	if (shm->ds.shm_segsz > limit)
		return -ENOMEM;
	shm->ds.shm_perm.mode |= SHM_LOCKED;
	return 0;
}

/* One command about one segment. *ds: what IPC_SET sets, or the answer. */
static long control(struct shm *shm, unsigned cmd, struct shmid_ds *ds)
{
	struct ipc_perm *perm = &shm->ds.shm_perm;

	if (cmd == IPC_STAT || cmd == SHM_STAT || cmd == SHM_STAT_ANY) {
		if (cmd != SHM_STAT_ANY && !may_use(shm, 0444))
			return -EACCES;
		*ds = shm->ds;
		return cmd == IPC_STAT ? 0 : shm->id;
	}
	if (!is_owner(perm))
		return -EPERM;
	switch (cmd) {
	case IPC_RMID:
		perm->key = IPC_PRIVATE;
		perm->mode |= SHM_DEST;
		shm->ds.shm_nattch++;
		detach_locked(shm);
		return 0;
	case IPC_SET:
		if (!~ds->shm_perm.uid || !~ds->shm_perm.gid)
			return -EINVAL;
		perm->uid = ds->shm_perm.uid;
		perm->gid = ds->shm_perm.gid;
		perm->mode = (perm->mode & ~0777u) | (ds->shm_perm.mode & 0777);
		shm->ds.shm_ctime = seconds();
		return 0;
	case SHM_LOCK:
		return lock_segment(shm);
	default:
		perm->mode &= ~(unsigned)SHM_LOCKED;
		return 0;
	}
}

long sys_shmctl(uint64_t id, uint64_t ucmd, uint64_t buf)
{
	unsigned cmd = (unsigned)ucmd;
	bool is_index = cmd == SHM_STAT || cmd == SHM_STAT_ANY;
	struct shmid_ds ds;
	struct shm *shm;
	long result;

	if ((int)id < 0 || cmd > SHM_STAT_ANY ||
	    (cmd > IPC_INFO && cmd < SHM_LOCK))
		return -EINVAL;
	if (cmd == IPC_INFO || cmd == SHM_INFO)
		return shm_about(cmd == IPC_INFO, buf);
	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	mutex_lock(&shm_mutex);
	shm = find_id((unsigned)id, is_index ? INDEX_MASK : ~0u);
	result = shm ? control(shm, cmd, &ds) : -EINVAL;
	mutex_unlock(&shm_mutex);
	if (result >= 0 && (is_index || cmd == IPC_STAT) &&
	    copy_to_user(buf, &ds, sizeof(ds)))
		return -EFAULT;
	return result;
}

void shm_init(void)
{
	mutex_init(&shm_mutex);
	list_init(&segments);
	shm_vm_ops = generic_file_vm_ops;
	shm_vm_ops.open = shm_open;
	shm_vm_ops.close = shm_close;
}
