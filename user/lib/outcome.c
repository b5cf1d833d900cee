/* SPDX-License-Identifier: MIT */
/* See outcome.h. */
#include "user/lib/outcome.h"

static const char *outcome = "?";

void subject(const char *name, const volatile void *addr)
{
	outcome = name;
	printf("~subject name=%s addr=0x%lx\n", name, (unsigned long)addr);
}

void expect(const char *what, unsigned long seen, unsigned long wanted)
{
	if (seen == wanted)
		return;
	printf("%s: %s is 0x%lx, expected 0x%lx\n", outcome, what, seen,
	       wanted);
	exit(1);
}

void expect_signal(const struct probe *seen, int sig, int code,
		   const volatile void *addr)
{
	if (seen->signal != sig) {
		printf("%s: %s, expected %s\n", outcome,
		       signal_name(seen->signal), signal_name(sig));
		exit(1);
	}
	expect("si_code", (unsigned long)seen->code, (unsigned long)code);
	expect("si_addr", seen->addr, (unsigned long)addr);
}

void expect_no_signal(const struct probe *seen)
{
	if (seen->signal == 0)
		return;
	printf("%s: %s with si_code %d at 0x%lx, expected none\n", outcome,
	       signal_name(seen->signal), seen->code, seen->addr);
	exit(1);
}

void expect_minor(long seen, long wanted)
{
	expect("the number of minor faults", (unsigned long)seen,
	       (unsigned long)wanted);
}

_Noreturn void cannot(const char *what, long error)
{
	printf("%s: cannot %s: %s\n", outcome, what, error_name(error));
	exit(1);
}

int passed(const char *what)
{
	printf("%s: %s\n", outcome, what);
	return 0;
}

/*
 * Touch a page beside the next mapping, so that the page tables are there and
 * the cost of a fault is that of its page alone.
 */
static void prepare_tables(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	*(volatile char *)map_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC) = 1;
}

char *map_pages(unsigned long npages, int prot)
{
	prepare_tables();
	char *p =
	    mmap(NULL, npages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (err(p))
		cannot("map memory", err(p));
	return p;
}

int make_file(size_t len)
{
	char page[PAGE];
	int fd = memfd_create("outcome", 0);

	if (fd < 0)
		cannot("make a file", fd);
	for (size_t pos = 0; pos < len; pos += PAGE) {
		size_t part = len - pos < PAGE ? len - pos : PAGE;

		memset(page, (int)('A' + pos / PAGE), part);
		long done = write(fd, page, part);
		if (done != (long)part)
			cannot("fill a file", done);
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

char *map_file(int fd, unsigned long npages, int prot, int flags)
{
	prepare_tables();
	char *p = mmap(NULL, npages * PAGE, prot, flags, fd, 0);

	if (err(p))
		cannot("map a file", err(p));
	return p;
}

int wait_for(int pid)
{
	int status = 0;

	if (pid < 0)
		cannot("fork", pid);
	pid = waitpid(pid, &status, 0);
	if (pid < 0)
		cannot("wait", pid);
	return status;
}
