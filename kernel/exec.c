/* SPDX-License-Identifier: MIT */
/*
 * execve(2): find the program, prepare its address space, become it.
 *
 * The point of no return is in commit(), when all that can fail has been done:
 * the other threads of the process are dead then, and a fatal signal is the
 * only thing left that may come first.
 */
#include "kernel/exec.h"

#include <string.h>

#include "kernel/exit.h"
#include "kernel/fs/files.h"
#include "kernel/fs/vfs.h"
#include "kernel/panic.h"
#include "kernel/posix_timer.h"
#include "kernel/riscv/uaccess.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "mm/mm.h"
#include "mm/slab.h"

#include "abi/fcntl.h"

/* li a7, 139 (rt_sigreturn); ecall. Debuggers know these two. */
static const uint32_t trampoline[] = {0x08b00893, 0x00000073};
static struct page *vdso_page;

void exec_init(void)
{
	vdso_page = page_alloc(0, GFP_KERNEL | GFP_ZERO);
	if (!vdso_page)
		cannot_boot("no memory for the vDSO");
	memcpy(page_address(vdso_page), trampoline, sizeof(trampoline));
}

/*
 * The first line of a script is "#! interpreter argument", both cut at white
 * space but for the argument, which goes to the end of the line. Make them the
 * program to run, with the script as next argument.
 */
static int parse_script(struct exec *exec, const char *script, char **interp)
{
	char *line, *end, *arg;

	if (exec->nr_lines == EXEC_MAX_SCRIPTS)
		return -ELOOP;
	line = exec->line[exec->nr_lines++];
	memcpy(line, exec->head + 2, EXEC_LINE_MAX - 1);
	line[EXEC_LINE_MAX - 1] = '\0';
	end = strchr(line, '\n');
	if (!end)
		end = line + strlen(line);
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	line += strspn(line, " \t");
	if (!*line)
		return -ENOEXEC;
	arg = line + strcspn(line, " \t");
	if (*arg) {
		*arg++ = '\0';
		arg += strspn(arg, " \t");
	}
	/* Ahead of what is there: [interpreter, argument, script, ...]. */
	if (!exec->nr_prefix)
		exec->prefix[exec->nr_prefix++] = script;
	memmove(exec->prefix + 1 + !!*arg, exec->prefix,
		exec->nr_prefix * sizeof(exec->prefix[0]));
	exec->nr_prefix += 1 + !!*arg;
	exec->prefix[0] = line;
	if (*arg)
		exec->prefix[1] = arg;
	*interp = line;
	return 0;
}

/* Open the program and read its head, through scripts. Bytes read. */
static long open_program(struct exec *exec, int dfd, unsigned at_flags)
{
	char *path = exec->path;
	long len;
	int err;

	for (;;) {
		err = vfs_open_exec(dfd, path, at_flags, &exec->file);
		if (err)
			return err;
		memset(exec->head, 0, EXEC_LINE_MAX + 2);
		len =
		    kernel_read(exec->file, 0, exec->head, sizeof(exec->head));
		if (len < 0)
			return len;
		if (exec->head[0] != '#' || exec->head[1] != '!')
			return len;
		err = parse_script(exec, path, &path);
		if (err)
			return err;
		open_file_put(exec->file);
		exec->file = NULL;
		dfd = AT_FDCWD;
		at_flags = 0;
	}
}

/* A new address space with program and stack. */
static int prepare_mm(struct exec *exec, size_t head_len)
{
	struct process *p = current->process;
	long vdso;
	int err;

	exec->mm = mm_alloc();
	if (!exec->mm)
		return -ENOMEM;
	if (current->mm)
		mm_inherit(exec->mm, current->mm);
	exec->mm->limits = (struct mm_limits){
	    .as = process_limit(p, RLIMIT_AS),
	    .data = process_limit(p, RLIMIT_DATA),
	    .stack = process_limit(p, RLIMIT_STACK),
	    .memlock = process_memlock(p),
	};
	err = exec_load(exec, head_len);
	if (!err)
		err = exec_build_stack(exec);
	if (err)
		return err;
	vdso = install_special_mapping(exec->mm, &vdso_page, 1,
				       PROT_READ | PROT_EXEC, "[vdso]");
	if (vdso < 0)
		return (int)vdso;
	return 0;
}

/* End all other threads, and take over the process's number. */
static int become_single(struct process *p)
{
	struct thread *self = current, *t;
	struct spinlock *lock = &p->sighand->lock;
	struct pid *old;

	spin_lock(lock);
	if (p->is_group_exit || p->group_exec) {
		spin_unlock(lock);
		return -EAGAIN;
	}
	p->group_exec = self;
	p->stop_signal = 0;
	for_each_thread(t, p)
	{
		if (t == self)
			continue;
		store_relaxed(&t->fatal_signal, true);
		thread_set_work(t, WORK_SIGNAL);
		sched_kick(t);
	}
	while (p->nr_threads > 1 && !p->is_group_exit) {
		spin_unlock(lock);
		machine_park();
		spin_lock(lock);
	}
	p->group_exec = NULL;
	spin_unlock(lock);
	if (p->nr_threads > 1)
		return -EAGAIN; /* killed meanwhile */
	if (self->pid == p->pid)
		return 0;
	spin_lock(&process_lock);
	old = self->pid;
	old->thread = NULL;
	self->pid = pid_get_locked(p->pid);
	p->pid->thread = self;
	pid_put_locked(old);
	spin_unlock(&process_lock);
	return 0;
}

/* A table of files that nobody else changes. */
static int unshare_files(void)
{
	struct files *shared = current->files, *files;

	if (load_relaxed(&shared->refs) == 1)
		return 0;
	files = files_dup(shared);
	if (!files)
		return -ENOMEM;
	spin_lock(&process_lock);
	current->files = files;
	spin_unlock(&process_lock);
	files_put(shared);
	return 0;
}

/* The same for the actions of signals, with a table made before. */
static void unshare_sighand(struct process *p, struct sighand *new)
{
	struct sighand *old = p->sighand;

	if (load_relaxed(&old->refs) == 1) {
		sighand_put(new);
		return;
	}
	spin_lock(&process_lock);
	spin_lock(&old->lock);
	new->changed = old->changed;
	memcpy(new->action, old->action, sizeof(new->action));
	p->sighand = new;
	spin_unlock(&old->lock);
	spin_unlock(&process_lock);
	sighand_put(old);
}

void sighand_clear_handlers(struct sighand *sighand)
{
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		if (sighand_action(sighand, sig).sa_handler != SIG_IGN)
			sighand->changed &= ~SIGMASK(sig);
		else
			sighand->action[sig - 1] =
			    (struct sigaction){.sa_handler = SIG_IGN};
	}
}

static void reset_signals(struct process *p)
{
	struct sighand *sighand = p->sighand;

	spin_lock(&sighand->lock);
	sighand_clear_handlers(sighand);
	spin_unlock(&sighand->lock);
	current->altstack = (struct sigaltstack){.ss_flags = SS_DISABLE};
}

static void set_comm(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	memset(current->comm, 0, sizeof(current->comm));
	strncpy(current->comm, name, sizeof(current->comm) - 1);
}

/* Become the new program. */
static void replace_mm(struct exec *exec, struct process *p)
{
	struct mm_struct *old = p->mm;

	thread_release_mm();
	spin_lock(&process_lock);
	p->mm = exec->mm;
	p->has_execed = true;
	p->exit_signal = SIGCHLD;
	p->traits.bits %= TRAIT_MEMBARRIER;
	p->ids.uid[ID_SAVED] = p->ids.uid[ID_EFFECTIVE];
	p->ids.gid[ID_SAVED] = p->ids.gid[ID_EFFECTIVE];
	spin_unlock(&process_lock);
	sched_use_mm(exec->mm);
	exec->mm = NULL;
	if (old)
		mmput(old);
}

static int commit(struct exec *exec)
{
	struct process *p = current->process;
	struct sighand *sighand = NULL;
	int err = unshare_files();

	if (!err && load_relaxed(&p->sighand->refs) > 1) {
		sighand = sighand_alloc();
		err = sighand ? 0 : -ENOMEM;
	}
	if (!err)
		err = become_single(p);
	if (err) {
		sighand_put(sighand);
		return err;
	}
	if (sighand)
		unshare_sighand(p, sighand);
	replace_mm(exec, p);
	reset_signals(p);
	set_comm(exec->path);
	posix_timers_delete(p, true);
	files_close_on_exec(current->files);
	machine_fence_i(sched_online_harts());
	thread_start_user(&current->arch, exec->base + exec->image.entry,
			  exec->sp);
	return 0;
}

static int do_execve(struct exec *exec, int dfd, unsigned at_flags)
{
	long len = open_program(exec, dfd, at_flags);
	int err = len < 0 ? (int)len : prepare_mm(exec, (size_t)len);

	return err ? err : commit(exec);
}

static void discard(struct exec *exec)
{
	if (exec->mm)
		mmput(exec->mm);
	if (exec->file)
		open_file_put(exec->file);
	kfree(exec->path);
	kfree(exec);
}

static struct exec *exec_alloc(void)
{
	struct exec *exec = kzalloc(sizeof(*exec), GFP_USER);

	if (!exec)
		return NULL;
	exec->path = kmalloc(PATH_MAX, GFP_USER);
	if (exec->path)
		return exec;
	kfree(exec);
	return NULL;
}

int kernel_execve(const char *path, const char *const *argv,
		  const char *const *envp)
{
	struct exec *exec = exec_alloc();
	int err;

	if (!exec)
		return -ENOMEM;
	exec->argv.kernel = argv;
	exec->envp.kernel = envp;
	strncpy(exec->path, path, PATH_MAX - 1);
	exec->path[PATH_MAX - 1] = '\0';
	err = do_execve(exec, AT_FDCWD, 0);
	discard(exec);
	return err;
}

long sys_execveat(uint64_t dfd, uint64_t path, uint64_t argv, uint64_t envp,
		  uint64_t flags)
{
	struct exec *exec;
	long err;

	if ((uint32_t)flags & ~(uint32_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	exec = exec_alloc();
	if (!exec)
		return -ENOMEM;
	exec->argv.user = argv;
	exec->envp.user = envp;
	err = strncpy_from_user(exec->path, path, PATH_MAX);
	if (err == PATH_MAX)
		err = -ENAMETOOLONG;
	else if (err >= 0)
		err = do_execve(exec, (int)dfd, (uint32_t)flags);
	discard(exec);
	return err;
}

long sys_execve(uint64_t path, uint64_t argv, uint64_t envp)
{
	return sys_execveat((uint64_t)AT_FDCWD, path, argv, envp, 0);
}
