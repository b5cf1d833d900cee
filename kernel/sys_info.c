/* SPDX-License-Identifier: MIT */
/*
 * System calls about resources and the machine: usage, limits, names, memory,
 * random bytes, caches.
 */
#include <string.h>

#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/riscv/smp.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/time.h"
#include "kernel/usage.h"
#include "kernel/uts.h"
#include "mm/mm.h"
#include "mm/page.h"

#include "abi/prctl.h"

struct utsname system_name = {
    .sysname = UTS_SYSNAME,
    .nodename = "faultline",
    .release = UTS_RELEASE,
    .version = UTS_VERSION,
    .machine = UTS_MACHINE,
    .domainname = "(none)",
};

void usage_to_rusage(const struct usage *usage, struct rusage *ru)
{
	memset(ru, 0, sizeof(*ru));
	ru->ru_utime.tv_sec = (int64_t)(usage->runtime / NSEC_PER_SEC);
	ru->ru_utime.tv_usec = (int64_t)(usage->runtime % NSEC_PER_SEC / 1000);
	ru->ru_maxrss = (int64_t)(usage->max_rss * (PAGE_SIZE / 1024));
	ru->ru_minflt = (int64_t)usage->min_flt;
	ru->ru_majflt = (int64_t)usage->maj_flt;
	ru->ru_nvcsw = (int64_t)(usage->nr_switches - usage->nr_preempted);
	ru->ru_nivcsw = (int64_t)usage->nr_preempted;
}

long sys_getrusage(uint64_t who, uint64_t addr)
{
	struct process *p = current->process;
	struct usage usage;
	struct rusage ru;

	memset(&usage, 0, sizeof(usage));
	spin_lock(&process_lock);
	if ((int)who == RUSAGE_CHILDREN)
		usage = p->dead_children;
	else
		process_usage_locked(p, &usage);
	spin_unlock(&process_lock);
	if ((int)who == RUSAGE_THREAD) {
		uint64_t max_rss = usage.max_rss;

		memset(&usage, 0, sizeof(usage));
		usage_add_thread(&usage, current);
		usage.max_rss = max_rss;
	} else if ((int)who != RUSAGE_SELF && (int)who != RUSAGE_CHILDREN) {
		return -EINVAL;
	}
	usage_to_rusage(&usage, &ru);
	return copy_to_user(addr, &ru, sizeof(ru));
}

long sys_times(uint64_t addr)
{
	const uint64_t tick = NSEC_PER_SEC / USER_HZ;
	struct tms tms = {0, 0, 0, 0};
	struct usage usage;

	spin_lock(&process_lock);
	process_usage_locked(current->process, &usage);
	tms.tms_cutime =
	    (int64_t)(current->process->dead_children.runtime / tick);
	spin_unlock(&process_lock);
	tms.tms_utime = (int64_t)(usage.runtime / tick);
	if (addr && copy_to_user(addr, &tms, sizeof(tms)))
		return -EFAULT;
	return (long)(machine_clock() / tick);
}

/* The address space keeps its own copy of the limits that concern it. */
static void apply_limit(struct process *p, unsigned which, uint64_t value)
{
	struct mm_struct *mm = p->mm;

	if (!mm)
		return;
	if (which == RLIMIT_STACK)
		store_relaxed(&mm->limits.stack, value);
	else if (which == RLIMIT_AS)
		store_relaxed(&mm->limits.as, value);
	else if (which == RLIMIT_DATA)
		store_relaxed(&mm->limits.data, value);
	else if (which == RLIMIT_MEMLOCK)
		store_relaxed(&mm->limits.memlock, process_memlock(p));
}

static long change_limit(int pid, uint64_t which, const struct rlimit *new,
			 struct rlimit *old)
{
	struct process *p;
	long err = 0;

	if (which >= RLIM_NLIMITS || (new &&new->rlim_cur > new->rlim_max))
		return -EINVAL;
	p = process_find(pid ? pid : current_pid());
	if (!p)
		return -ESRCH;
	spin_lock(&process_lock);
	*old = p->limit[which];
	if (new &&new->rlim_max > old->rlim_max &&
	    !process_is_root(current->process)) {
		err = -EPERM;
	} else if (new) {
		p->limit[which].rlim_max = new->rlim_max;
		store_relaxed(&p->limit[which].rlim_cur, new->rlim_cur);
		apply_limit(p, (unsigned)which, new->rlim_cur);
	}
	spin_unlock(&process_lock);
	process_put(p);
	return err;
}

long sys_prlimit64(uint64_t pid, uint64_t which, uint64_t new_addr,
		   uint64_t old_addr)
{
	struct rlimit new, old;
	long err;

	if (new_addr && copy_from_user(&new, new_addr, sizeof(new)))
		return -EFAULT;
	err = change_limit((int)pid, (uint32_t)which, new_addr ? &new : NULL,
			   &old);
	if (!err && old_addr)
		err = copy_to_user(old_addr, &old, sizeof(old));
	return err;
}

long sys_getrlimit(uint64_t which, uint64_t addr)
{
	struct rlimit old;
	long err = change_limit(0, (uint32_t)which, NULL, &old);

	return err ? err : copy_to_user(addr, &old, sizeof(old));
}

long sys_setrlimit(uint64_t which, uint64_t addr)
{
	return sys_prlimit64(0, which, addr, 0);
}

long sys_uname(uint64_t addr)
{
	return copy_to_user(addr, &system_name, sizeof(system_name));
}

long sys_sethostname(uint64_t addr, uint64_t len)
{
	char name[sizeof(system_name.nodename)] = {0};

	if (len >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, addr, len))
		return -EFAULT;
	memcpy(system_name.nodename, name, sizeof(name));
	return 0;
}

long sys_getrandom(uint64_t addr, uint64_t len, uint64_t flags)
{
	uint8_t buf[256];
	uint64_t done = 0;

	if ((uint32_t)flags &
	    ~(uint32_t)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	len = min(len, (uint64_t)INT32_MAX);
	while (done < len && !(done && machine_fatal_signal())) {
		uint64_t n = min(len - done, sizeof(buf));

		random_bytes(buf, n);
		if (copy_to_user(addr + done, buf, n))
			return done ? (long)done : -EFAULT;
		done += n;
	}
	return (long)done;
}

long sys_sysinfo(uint64_t addr)
{
	struct sysinfo info;

	memset(&info, 0, sizeof(info));
	info.uptime = (int64_t)(machine_clock() / NSEC_PER_SEC);
	info.totalram = page_nr_total() * PAGE_SIZE;
	info.freeram = page_nr_free() * PAGE_SIZE;
	info.procs = (uint16_t)load_relaxed(&nr_all_threads);
	info.mem_unit = 1;
	return copy_to_user(addr, &info, sizeof(info));
}

long sys_getcpu(uint64_t cpu, uint64_t node, uint64_t unused)
{
	(void)unused;
	if (cpu && put_user_u32(cpu, machine_hart()))
		return -EFAULT;
	return node ? put_user_u32(node, 0) : 0;
}

long sys_riscv_flush_icache(uint64_t start, uint64_t end, uint64_t flags)
{
	(void)start;
	(void)end;
	if (flags & ~SYS_RISCV_FLUSH_ICACHE_LOCAL)
		return -EINVAL;
	machine_fence_i(sched_online_harts());
	return 0;
}

#define MEMBARRIER_REGISTRATIONS                                               \
	(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED |                            \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |                           \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)
#define MEMBARRIER_COMMANDS                                                    \
	(MEMBARRIER_REGISTRATIONS | MEMBARRIER_CMD_GLOBAL |                    \
	 MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |  \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |                          \
	 MEMBARRIER_CMD_GET_REGISTRATIONS)

/*
 * Every command that orders memory does so on all harts: the firmware
 * interrupts them, and they fetch instructions anew. A process keeps what it
 * has registered for in its traits.
 */
long sys_membarrier(uint64_t ucmd, uint64_t flags, uint64_t cpu)
{
	uint32_t *bits = &current->process->traits.bits, cmd = (uint32_t)ucmd;
	uint32_t registered = load_relaxed(bits) / TRAIT_MEMBARRIER;

	(void)cpu;
	if ((uint32_t)flags)
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return MEMBARRIER_COMMANDS;
	case MEMBARRIER_CMD_GET_REGISTRATIONS:
		/* As on Linux the one for code brings the other along. */
		registered &= MEMBARRIER_REGISTRATIONS;
		return registered | (registered & 64) >> 2;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		fetch_or_relaxed(bits, cmd * TRAIT_MEMBARRIER);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		if (!(registered & cmd << 1))
			return -EPERM;
		break;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		break;
	default:
		return -EINVAL;
	}
	machine_fence_i(sched_online_harts());
	return 0;
}

long sys_reboot(uint64_t magic, uint64_t magic2, uint64_t cmd, uint64_t arg)
{
	(void)arg;
	if ((uint32_t)magic != LINUX_REBOOT_MAGIC1 ||
	    (uint32_t)magic2 != LINUX_REBOOT_MAGIC2)
		return -EINVAL;
	switch ((uint32_t)cmd) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		power_off(0);
	default:
		return -EINVAL;
	}
}
