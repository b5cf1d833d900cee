/* SPDX-License-Identifier: MIT */
/*
 * clone(2) and clone3(2): threads, processes, and the first process.
 *
 * Everything that can fail comes first; attach() makes the new thread visible
 * and cannot fail but for a group that is about to end.
 */
#include "kernel/clone.h"

#include <string.h>

#include "kernel/exec.h"
#include "kernel/fs/files.h"
#include "kernel/panic.h"
#include "kernel/riscv/boot.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "mm/mm.h"

#include "abi/fcntl.h"
#include "abi/sched.h"

#define CLONE_REFUSED                                                          \
	(CLONE_PIDFD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |          \
	 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* The flags that clone3 shares with clone; its signal has a field of its own.
 */
#define CLONE_ANY (UINT32_MAX & ~(CSIGNAL | CLONE_DETACHED))

struct clone_request {
	uint64_t flags, stack, parent_tid, tls, child_tid;
};

static int check_flags(uint64_t flags)
{
	if (flags & CLONE_REFUSED)
		return -EINVAL;
	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return -EINVAL;
	if (flags & CLONE_PARENT && current->process->pid_nr == 1)
		return -EINVAL;
	if (load_relaxed(&nr_all_threads) >= process_max_threads())
		return -EAGAIN;
	return 0;
}

/* A bad address is not an error: the program finds out, as on Linux. */
static void put_tid(uint64_t addr, int tid)
{
	if (addr && put_user_u32(addr, (uint32_t)tid))
		return;
}

/* First steps of a child, on its own stack and in its own address space. */
static void clone_first(struct thread *prev)
{
	sched_thread_first(prev);
	put_tid(current->set_child_tid, current->pid->nr);
}

/* Registers and the thread's own attributes. */
static void copy_thread(struct thread *t, const struct clone_request *request)
{
	struct thread *self = current;
	struct trap_frame *frame = &t->arch.frame;

	*frame = self->arch.frame;
	frame->a0 = 0;
	if (request->stack)
		frame->sp = request->stack;
	if (request->flags & CLONE_SETTLS)
		frame->tp = request->tls;
	thread_save_fp(&self->arch);
	t->arch.fp = self->arch.fp;
	thread_prepare_user(&t->arch, clone_first);
	if (request->flags & CLONE_CHILD_SETTID)
		t->set_child_tid = request->child_tid;
	if (request->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = request->child_tid;
	memcpy(t->comm, self->comm, sizeof(t->comm));
	t->blocked = self->blocked;
	t->affinity = self->affinity;
	if (!(request->flags & CLONE_VM) || request->flags & CLONE_VFORK)
		t->altstack = self->altstack;
}

static int copy_files(struct thread *t, uint64_t flags)
{
	struct thread *self = current;

	t->files = flags & CLONE_FILES ? files_get(self->files)
				       : files_dup(self->files);
	if (!t->files)
		return -ENOMEM;
	t->fs = flags & CLONE_FS ? fs_context_get(self->fs)
				 : fs_context_dup(self->fs);
	return t->fs ? 0 : -ENOMEM;
}

static int copy_sighand(struct process *p, uint64_t flags)
{
	struct sighand *old = current->process->sighand;
	struct sighand *new;

	if (flags & CLONE_SIGHAND) {
		fetch_add_relaxed(&old->refs, 1);
		p->sighand = old;
		return 0;
	}
	new = sighand_alloc();
	if (!new)
		return -ENOMEM;
	spin_lock(&old->lock);
	new->changed = old->changed;
	for (uint64_t set = old->changed; set; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctzl(set);

		new->action[i] = old->action[i];
	}
	spin_unlock(&old->lock);
	if (flags & CLONE_CLEAR_SIGHAND)
		sighand_clear_handlers(new);
	p->sighand = new;
	return 0;
}

/* The process of a new thread, when it is not the caller's. */
static int copy_process(struct process **pp, uint64_t flags)
{
	struct process *self = current->process;
	struct process *p = process_alloc();
	int err;

	*pp = p;
	if (!p)
		return -ENOMEM;
	err = copy_sighand(p, flags);
	if (err)
		return err;
	p->traits = self->traits;
	p->traits.bits &= ~TRAIT_SUBREAPER;
	memcpy(p->limit, self->limit, sizeof(p->limit));
	p->ids = self->ids;
	p->exit_signal = (int)(flags & CSIGNAL);
	if (!(flags & CLONE_VM))
		return mm_fork(self->mm, &p->mm);
	mmget(self->mm);
	p->mm = self->mm;
	return 0;
}

/* Undo what copy_process() did so far. */
static void discard_process(struct process *p)
{
	if (!p)
		return;
	if (p->mm)
		mmput(p->mm);
	process_put(p);
}

static void discard_thread(struct thread *t)
{
	if (t->files)
		files_put(t->files);
	if (t->fs)
		fs_context_put(t->fs);
	thread_put(t);
}

/* Give a new process its place in the tree. process_lock is held. */
static void attach_process(struct process *p, struct process *parent,
			   struct pid *pid)
{
	p->pid = pid_get_locked(pid);
	p->pid_nr = pid->nr;
	pid->process = p;
	p->parent = parent;
	if (parent)
		list_add_tail(&p->sibling, &parent->children);
}

/* The thread becomes one of its process. process_lock is held. */
static void attach_thread(struct thread *t, struct process *p, struct pid *pid)
{
	t->process = process_get(p);
	t->mm = p->mm;
	t->pid = pid;
	pid->thread = t;
	list_add_tail(&t->group_node, &p->threads);
	p->nr_threads++;
	fetch_add_relaxed(&p->nr_live, 1);
	fetch_add_relaxed(&nr_all_threads, 1);
}

/* p is a new process, or NULL for a new thread of the caller's. */
static int attach(struct thread *t, struct process *p, struct pid *pid,
		  uint64_t flags)
{
	struct process *self = current->process;
	int err = 0;

	spin_lock(&process_lock);
	spin_lock(&self->sighand->lock);
	if (machine_fatal_signal() || self->is_group_exit || self->group_exec) {
		err = -ERESTARTNOINTR; /* and dies on the way */
	} else if (p) {
		bool is_sibling = flags & CLONE_PARENT;

		if (is_sibling)
			p->exit_signal = self->exit_signal;
		attach_process(p, is_sibling ? self->parent : self, pid);
		process_set_pgrp_locked(p, self->pgrp);
		process_set_session_locked(p, self->session);
		attach_thread(t, p, pid);
	} else {
		attach_thread(t, self, pid);
	}
	spin_unlock(&self->sighand->lock);
	spin_unlock(&process_lock);
	return err;
}

/* Wait until the child no longer uses this address space. */
static void wait_for_vfork(struct thread *child, struct vfork *vfork)
{
	int err =
	    wait_event_killable(&vfork->wait, load_relaxed(&vfork->is_done));

	/* Killed: the child must not find us any more. */
	spin_lock(&process_lock);
	if (err)
		child->vfork = NULL;
	spin_unlock(&process_lock);
	thread_put(child);
}

static long start_child(struct thread *t, const struct clone_request *request)
{
	struct vfork vfork;
	long tid = t->pid->nr;

	if (request->flags & CLONE_PARENT_SETTID)
		put_tid(request->parent_tid, t->pid->nr);
	if (!(request->flags & CLONE_VFORK)) {
		sched_start(t);
		return tid;
	}
	vfork.is_done = false;
	wait_queue_init(&vfork.wait);
	t->vfork = &vfork;
	thread_get(t);
	sched_start(t);
	wait_for_vfork(t, &vfork);
	return tid;
}

/* RLIMIT_NPROC: how many threads and zombies its user may have; not root. */
static int check_process_limit(const struct process *self)
{
	uint32_t uid = load_relaxed(&self->ids.uid[ID_REAL]);
	uint64_t nr = 0;
	struct pid *pid;

	if (!uid || process_is_root(self))
		return 0;
	spin_lock(&process_lock);
	for (pid = pid_next_locked(0); pid; pid = pid_next_locked(pid->nr)) {
		const struct process *p = pid->process;

		if (p && p->ids.uid[ID_REAL] == uid)
			nr += max(p->nr_threads, 1u);
	}
	spin_unlock(&process_lock);
	return nr < process_limit(self, RLIMIT_NPROC) ? 0 : -EAGAIN;
}

static long do_clone(const struct clone_request *request)
{
	struct process *p = NULL;
	struct thread *t;
	struct pid *pid;
	int err = check_flags(request->flags);

	if (!err)
		err = check_process_limit(current->process);
	if (err)
		return err;
	t = thread_alloc();
	if (!t)
		return -ENOMEM;
	err = pid_alloc(&pid);
	if (err)
		goto out_thread;
	err = copy_files(t, request->flags);
	if (err)
		goto out_pid;
	if (!(request->flags & CLONE_THREAD)) {
		err = copy_process(&p, request->flags);
		if (err)
			goto out_process;
	}
	copy_thread(t, request);
	err = attach(t, p, pid, request->flags);
	if (!err)
		return start_child(t, request);
out_process:
	discard_process(p);
out_pid:
	spin_lock(&process_lock);
	pid_put_locked(pid);
	spin_unlock(&process_lock);
out_thread:
	discard_thread(t);
	return err;
}

long sys_clone(uint64_t flags, uint64_t stack, uint64_t parent_tid,
	       uint64_t tls, uint64_t child_tid)
{
	struct clone_request request = {(uint32_t)flags, stack, parent_tid, tls,
					child_tid};

	return do_clone(&request);
}

/* The structure may be shorter or longer than ours; longer ones end in zeros.
 */
static int get_clone_args(struct clone_args *args, vaddr_t from, uint64_t size)
{
	uint8_t byte = 0;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	memset(args, 0, sizeof(*args));
	if (copy_from_user(args, from, min(size, sizeof(*args))))
		return -EFAULT;
	while (size > sizeof(*args) && !byte)
		if (get_user_u8(&byte, from + --size))
			return -EFAULT;
	return byte ? -E2BIG : 0;
}

static bool clone_args_are_valid(const struct clone_args *args)
{
	uint64_t flags = args->flags;

	if (flags & ~(CLONE_ANY | CLONE_CLEAR_SIGHAND) ||
	    (flags & CLONE_SIGHAND && flags & CLONE_CLEAR_SIGHAND))
		return false;
	if (args->exit_signal > SIGRTMAX ||
	    (flags & (CLONE_THREAD | CLONE_PARENT) && args->exit_signal))
		return false;
	/* A child cannot choose its number. */
	if (args->set_tid || args->set_tid_size)
		return false;
	return args->stack ? args->stack_size &&
				 access_ok(args->stack, args->stack_size)
			   : !args->stack_size;
}

long sys_clone3(uint64_t from, uint64_t size)
{
	struct clone_args args;
	int err = get_clone_args(&args, from, size);

	if (err)
		return err;
	if (!clone_args_are_valid(&args))
		return -EINVAL;
	return do_clone(&(struct clone_request){
	    args.flags | args.exit_signal, args.stack + args.stack_size,
	    args.parent_tid, args.tls, args.child_tid});
}

static struct {
	const char *path;
	const char *const *argv, *const *envp;
} init_program;

/* Why the first program does not start. */
static const char *describe(int err)
{
	if (!boot_info.initrd_end)
		return "there is no initramfs";
	switch (err) {
	case -ENOENT:
		return "the initramfs has no such file";
	case -EACCES:
		return "it may not be executed";
	case -ENOEXEC:
		return "it is not a static riscv64 program";
	case -ENOMEM:
		return "there is not enough memory";
	default:
		return "it cannot be run";
	}
}

static void init_first(struct thread *prev)
{
	int err;

	sched_thread_first(prev);
	if (files_open_console(current->files))
		kprintf("no console for %s\n", init_program.path);
	err = kernel_execve(init_program.path, init_program.argv,
			    init_program.envp);
	if (err)
		cannot_boot("%s: %s", init_program.path, describe(err));
}

static void init_limits(struct process *p)
{
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		p->limit[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	p->limit[RLIMIT_STACK].rlim_cur = 8UL << 20;
	p->limit[RLIMIT_CORE].rlim_cur = 0;
	p->limit[RLIMIT_NOFILE] = (struct rlimit){1024, 4096};
	p->limit[RLIMIT_NPROC] = (struct rlimit){process_max_threads() / 2,
						 process_max_threads() / 2};
	p->limit[RLIMIT_MEMLOCK] = (struct rlimit){8UL << 20, 8UL << 20};
	p->limit[RLIMIT_SIGPENDING] = p->limit[RLIMIT_NPROC];
	p->limit[RLIMIT_NICE] = p->limit[RLIMIT_RTPRIO] = (struct rlimit){0, 0};
	p->limit[RLIMIT_MSGQUEUE] = (struct rlimit){819200, 819200};
}

void start_init(const char *path, const char *const *argv,
		const char *const *envp)
{
	struct thread *t = thread_alloc();
	struct process *p = process_alloc();
	struct pid *pid;

	if (!t || !p || pid_alloc(&pid))
		panic("no memory for the first process\n");
	p->sighand = sighand_alloc();
	t->files = files_alloc();
	t->fs = fs_context_alloc();
	if (!p->sighand || !t->files || !t->fs)
		panic("no memory for the first process\n");
	memset(&t->arch.frame, 0, sizeof(t->arch.frame));
	memset(&t->arch.fp, 0, sizeof(t->arch.fp));
	init_limits(p);
	init_program.path = path;
	init_program.argv = argv;
	init_program.envp = envp;
	thread_prepare_user(&t->arch, init_first);
	spin_lock(&process_lock);
	attach_process(p, NULL, pid);
	process_set_pgrp_locked(p, pid);
	process_set_session_locked(p, pid);
	attach_thread(t, p, pid);
	spin_unlock(&process_lock);
	sched_start(t);
}
