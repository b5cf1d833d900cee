/* SPDX-License-Identifier: MIT */
/*
 * One step on Linux: a system call with the step's numbers, or an access with
 * a signal handler around it.
 *
 * A few steps are skipped, which the test then does as well:
 *  - a jump that would run something else than a return, or that this machine
 *    handles in a way of its own;
 *  - what this kernel answers in a way that is younger than the version we
 *    follow (see differences.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/oracle/linux.h"

/* Some C libraries do not know it yet. */
enum { ADVICE_COLLAPSE = 25 };

static int pipe_fd[2], file_fd[NR_FILES];
static bool has_swap, has_huge_pages;
static sigjmp_buf after_signal;
static volatile sig_atomic_t is_armed;
static volatile int got_signal, got_code;
static volatile uint64_t got_address;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (!is_armed)
		_exit(3);
	is_armed = 0;
	got_signal = signal;
	got_code = info->si_code;
	got_address = (uint64_t)info->si_addr;
	siglongjmp(after_signal, 1);
}

/* Is there somewhere to page out to; are there huge pages to advise? */
static void look_for_features(void)
{
	int fd = open("/proc/swaps", O_RDONLY);
	const char *line = fd < 0 ? NULL : strchr(read_text(fd), '\n');

	has_swap = line && line[1];
	close(fd);
	has_huge_pages =
	    !access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK);
}

void step_init(void)
{
	struct sigaction action = {.sa_sigaction = on_signal,
				   .sa_flags = SA_SIGINFO | SA_NODEFER};

	if (sigaction(SIGSEGV, &action, NULL) ||
	    sigaction(SIGBUS, &action, NULL) || pipe2(pipe_fd, O_NONBLOCK))
		refuse("signals or pipes are not to be had");
	look_for_features();
}

static int make_file(uint64_t size, uint64_t holes)
{
	uint64_t text[ORACLE_PAGE / 8];
	int fd = (int)syscall(SYS_memfd_create, "oracle", 0);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		_exit(4);
	for (uint64_t off = 0; off < size; off += ORACLE_PAGE) {
		uint64_t len =
		    size - off < ORACLE_PAGE ? size - off : ORACLE_PAGE;

		if (holes >> off / ORACLE_PAGE & 1)
			continue;
		for (uint64_t i = 0; i < len / 8; i++)
			text[i] = FILE_TEXT(off + i * 8);
		if (pwrite(fd, text, len, (off_t)off) != (ssize_t)len)
			_exit(4);
	}
	return fd;
}

static int reopen(int fd, int how)
{
	char path[32] = "/proc/self/fd/";
	size_t at = strlen(path);

	if (fd > 9)
		path[at++] = (char)('0' + fd / 10);
	path[at++] = (char)('0' + fd % 10);
	path[at] = '\0';
	fd = open(path, how);
	if (fd < 0)
		_exit(4);
	return fd;
}

void step_open_files(void)
{
	file_fd[0] = make_file(FILE0_SIZE, 0);
	file_fd[1] = reopen(file_fd[0], O_RDONLY);
	file_fd[2] = make_file(FILE2_SIZE, FILE2_HOLES);
	file_fd[3] = reopen(file_fd[2], O_WRONLY);
}

int64_t call(long number, const uint64_t *arg)
{
	long result =
	    syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);

	return result == -1 ? -errno : result;
}

/* The instructions that may fault are between these two calls. */
static void access_memory(const struct step *step, uint64_t va)
{
	volatile uint64_t *word = (volatile uint64_t *)va;

	if (step->op == OP_LOAD)
		(void)*word;
	else if (step->op == OP_STORE)
		*word = step->arg[1];
	else
		((void (*)(void))va)();
}

/*
 * Executable memory is entered only where a return is waiting. In other memory
 * the page must be there already: x86 maps a page for the fetch before it sees
 * that it may not.
 */
static bool may_jump(uint64_t va)
{
	struct area area;

	if (!look_area(va, &area))
		return true;
	if (area.start > va) /* a signal, unless it may grow down to here */
		return page_number(from_real(area.start)) < 0;
	if (!area.exec)
		return look_is_present(va) || (!area.read && !area.write);
	return RET_WORD && area.read && look_is_present(va) &&
	       *(volatile uint64_t *)va == RET_WORD;
}

static void run_access(const struct step *step, struct observation *seen)
{
	uint64_t va = to_real(step->arg[0]);

	if (step->op == OP_FETCH && !may_jump(va)) {
		seen->was_skipped = true;
		return;
	}
	got_signal = 0;
	is_armed = 1;
	if (!sigsetjmp(after_signal, 0)) {
		access_memory(step, va);
		if (step->op == OP_LOAD)
			seen->value = *(volatile uint64_t *)va;
	}
	is_armed = 0;
	if (!got_signal)
		return;
	seen->signal = got_signal;
	seen->code = got_code;
	seen->address = from_real(got_address);
}

static int64_t kernel_access(const struct step *step, struct observation *seen)
{
	void *va = (void *)to_real(step->arg[0]);
	uint64_t value = step->arg[1];
	ssize_t done;
	int error;

	if (step->op == OP_KERNEL_LOAD) {
		done = syscall(SYS_write, pipe_fd[1], va, 8);
		error = errno;
		if (done == 8 && read(pipe_fd[0], &seen->value, 8) != 8)
			_exit(5);
	} else {
		if (write(pipe_fd[1], &value, 8) != 8)
			_exit(5);
		done = syscall(SYS_read, pipe_fd[0], va, 8);
		error = errno;
		if (done != 8 && read(pipe_fd[0], &value, 8) != 8)
			_exit(5);
	}
	return done < 0 ? -error : done;
}

/* Pages of files are unmapped when they are paged out, and here there is no
 * need to. */
static bool has_files(uint64_t start, uint64_t len)
{
	struct area area;

	for (uint64_t at = start; look_area(at, &area); at = area.end) {
		if (area.start >= start + len)
			break;
		if (area.object)
			return true;
	}
	return false;
}

/*
 * What was given up is not paged out but dropped, if it was on the list of
 * pages to reclaim by then: that depends on who else faults on this CPU.
 */
static bool has_given_up;

static int64_t run_madvise(const uint64_t *arg, bool *was_skipped)
{
	bool is_range = !(arg[0] % ORACLE_PAGE) && arg[1] &&
			arg[1] <= WINDOW_PAGES * ORACLE_PAGE;

	if (arg[2] == MADV_HUGEPAGE || arg[2] == MADV_NOHUGEPAGE ||
	    arg[2] == ADVICE_COLLAPSE)
		*was_skipped = !has_huge_pages;
	if (arg[2] == MADV_PAGEOUT && is_range)
		*was_skipped =
		    has_swap || has_given_up || has_files(arg[0], arg[1]);
	if (*was_skipped)
		return 0;
	has_given_up |= arg[2] == MADV_FREE;
	return call(SYS_madvise, arg);
}

static bool is_split_by(uint64_t va)
{
	struct area area;

	return look_area(va, &area) && area.start < va;
}

/*
 * A fixed mapping that a limit refuses leaves the areas below its two ends
 * split on Linux.
 */
static int64_t run_mmap(const uint64_t *arg, bool *was_skipped)
{
	uint64_t end = arg[0] + ((arg[1] + ORACLE_PAGE - 1) & -ORACLE_PAGE);

	*was_skipped = limit_is_set() && arg[3] & MAP_FIXED &&
		       !(arg[3] & MAP_FIXED_NOREPLACE) &&
		       (is_split_by(arg[0]) || is_split_by(end));
	return *was_skipped ? 0 : call(SYS_mmap, arg);
}

static int64_t run_mincore(const uint64_t *arg, struct observation *seen)
{
	uint64_t copy[MAX_ARGS] = {arg[0], arg[1], (uint64_t)seen->vec};
	int64_t result;

	if (arg[1] > sizeof(seen->vec) * ORACLE_PAGE)
		copy[2] = 0;
	result = call(SYS_mincore, copy);
	for (unsigned i = 0; i < sizeof(seen->vec); i++)
		seen->vec[i] &= 1;
	return result;
}

static int64_t run_file(const struct step *step, struct observation *seen)
{
	int fd = file_fd[step->arg[0] % NR_FILES];
	off_t offset = (off_t)step->arg[1];
	uint64_t value = step->arg[2];
	int64_t result;

	/* tmpfs then unmaps the whole file, by a slip of unsigned numbers. */
	if (step->op == OP_PUNCH_HOLE && value &&
	    step->arg[1] + value + 1 < ORACLE_PAGE) {
		seen->was_skipped = true;
		return 0;
	}
	switch (step->op) {
	case OP_FTRUNCATE:
		result = ftruncate(fd, offset);
		break;
	case OP_PWRITE:
		result = pwrite(fd, &value, 8, offset);
		break;
	case OP_PREAD:
		result = pread(fd, &seen->value, 8, offset);
		break;
	default:
		result =
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      offset, (off_t)value);
		break;
	}
	return result < 0 ? -errno : result;
}

static int64_t run_call(const struct step *step, const uint64_t *arg,
			struct observation *seen)
{
	static const short number[NR_OPS] = {
	    [OP_MUNMAP] = SYS_munmap,	      [OP_MLOCK2] = SYS_mlock2,
	    [OP_MUNLOCK] = SYS_munlock,	      [OP_MLOCKALL] = SYS_mlockall,
	    [OP_MUNLOCKALL] = SYS_munlockall, [OP_BRK] = SYS_brk,
	    [OP_MSYNC] = SYS_msync,
	};
	int64_t result;

	switch (step->op) {
	case OP_MADVISE:
		return run_madvise(arg, &seen->was_skipped);
	case OP_MINCORE:
		return run_mincore(arg, seen);
	case OP_MMAP:
		result = run_mmap(arg, &seen->was_skipped);
		break;
	case OP_LIMIT:
		seen->was_skipped = !limit_set(arg);
		return 0;
	case OP_MPROTECT:
		/* From the start of the area on, wherever that is. */
		seen->was_skipped =
		    shared->joins_less && arg[2] & PROT_GROWSDOWN;
		result = seen->was_skipped ? 0 : call(SYS_mprotect, arg);
		break;
	case OP_MREMAP:
		result = remap(arg, &seen->was_skipped);
		break;
	default:
		result = call(number[step->op], arg);
	}
	return result > 0 ? (int64_t)from_real((uint64_t)result) : result;
}

void step_run(const struct step *step, struct observation *seen)
{
	const char *kinds = op_info[step->op].args;
	uint64_t arg[MAX_ARGS] = {0};

	for (unsigned i = 0; kinds[i]; i++) {
		arg[i] = step->arg[i];
		if (kinds[i] == 'a')
			arg[i] = to_real(arg[i]);
		else if (kinds[i] == 'f')
			arg[i] = arg[i] < NR_FILES ? (uint64_t)file_fd[arg[i]]
						   : -1ULL;
	}
	switch (step->op) {
	case OP_LOOK:
		break;
	case OP_LOAD:
	case OP_STORE:
	case OP_FETCH:
		run_access(step, seen);
		break;
	case OP_KERNEL_LOAD:
	case OP_KERNEL_STORE:
		seen->result = kernel_access(step, seen);
		break;
	case OP_FTRUNCATE:
	case OP_PWRITE:
	case OP_PREAD:
	case OP_PUNCH_HOLE:
		seen->result = run_file(step, seen);
		break;
	default:
		seen->result = run_call(step, arg, seen);
	}
}
