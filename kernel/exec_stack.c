/* SPDX-License-Identifier: MIT */
/*
 * The first stack of a program, from its top down: eight zero bytes, the path,
 * the strings of envp and argv, 16 random bytes, then what the program's first
 * instruction finds at sp: argc, argv, envp, the auxiliary vector.
 *
 * The strings go to the new address space page by page through a bounce
 * buffer, while the words that point to them are collected in kernel memory.
 */
#include "kernel/exec.h"

#include <string.h>

#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/riscv/uaccess.h"
#include "mm/mm.h"
#include "mm/slab.h"

#include "abi/auxvec.h"
#include "abi/signal.h"

#define STACK_SPARE   (128UL << 10) /* below what the arguments use */
#define STACK_MIN     (128UL << 10) /* arguments may always use this */
#define STACK_DEFAULT (8UL << 20)

#define MAX_WORDS ((2UL << 20) / sizeof(uint64_t)) /* what kmalloc gives */
#define NR_AUXV	  20

/* Bit n: single-letter extension 'a' + n. */
#define HWCAP                                                                  \
	(1UL << ('i' - 'a') | 1UL << ('m' - 'a') | 1UL << ('a' - 'a') |        \
	 1UL << ('f' - 'a') | 1UL << ('d' - 'a') | 1UL << ('c' - 'a'))

struct stack_builder {
	struct mm_struct *mm;
	uint64_t at;	 /* lowest byte used */
	uint64_t limit;	 /* strings end above it */
	uint64_t bottom; /* of the area, for now */
	char *bounce;	 /* one page */
	uint64_t *words;
	unsigned nr_words;
};

static int put_bytes(struct stack_builder *b, uint64_t at, const void *from,
		     uint64_t len)
{
	uint64_t done =
	    access_remote_vm(b->mm, at, (void *)from, len, true, true);

	return done == len ? 0 : -ENOMEM;
}

/* Make room for a string of len bytes and its zero. */
static int reserve(struct stack_builder *b, uint64_t len)
{
	if (len >= ARG_STRLEN_MAX || b->at - b->limit <= len)
		return -E2BIG;
	b->at -= len + 1;
	return 0;
}

static int push_string(struct stack_builder *b, const char *s)
{
	uint64_t len = strlen(s);
	int err = reserve(b, len);

	return err ? err : put_bytes(b, b->at, s, len + 1);
}

/*
 * The same from user memory: one pass finds the length, which for most strings
 * is also the copy. The program may change the string in between; it then gets
 * what it deserves, within the room that was reserved.
 */
static int push_user_string(struct stack_builder *b, vaddr_t from)
{
	uint64_t len = 0;
	long n;
	int err;

	do {
		n = strncpy_from_user(b->bounce, from + len, PAGE_SIZE);
		if (n < 0)
			return (int)n;
		len += (uint64_t)n;
	} while (n == PAGE_SIZE && len < ARG_STRLEN_MAX);
	err = reserve(b, len);
	if (err)
		return err;
	if (len < PAGE_SIZE)
		return put_bytes(b, b->at, b->bounce, len + 1);
	for (uint64_t off = 0; off <= len; off += PAGE_SIZE) {
		uint64_t part = min(PAGE_SIZE, len + 1 - off);

		if (copy_from_user(b->bounce, from + off, part))
			return -EFAULT;
		if (off + part == len + 1)
			b->bounce[part - 1] = '\0';
		err = put_bytes(b, b->at + off, b->bounce, part);
		if (err)
			return err;
	}
	return 0;
}

/* Entry i of an array of strings: 1 there is one, 0 the end, or -EFAULT. */
static int string_at(const struct exec_strings *strings, unsigned i,
		     vaddr_t *addr)
{
	if (strings->kernel)
		*addr = (vaddr_t)strings->kernel[i];
	else if (!strings->user)
		*addr = 0;
	else if (get_user_u64(addr, strings->user + 8UL * i))
		return -EFAULT;
	return *addr != 0;
}

static long count(const struct exec_strings *strings)
{
	vaddr_t addr;
	unsigned n = 0;
	int err;

	while ((err = string_at(strings, n, &addr)) > 0) {
		if (++n >= MAX_WORDS / 2)
			return -E2BIG;
		if (machine_fatal_signal())
			return -EINTR;
	}
	return err ? err : (long)n;
}

/* Push strings `first` to `nr` - 1 and fill in the words that point to them. */
static int push_strings(struct stack_builder *b,
			const struct exec_strings *strings, unsigned first,
			unsigned nr, uint64_t *words)
{
	vaddr_t addr;

	for (unsigned i = nr; i-- > first;) {
		int err = string_at(strings, i, &addr);

		if (err < 0)
			return err;
		if (!err)
			return -EFAULT; /* it was there when we counted */
		if (strings->kernel)
			err = push_string(b, (const char *)addr);
		else
			err = push_user_string(b, addr);
		if (err)
			return err;
		words[i - first] = b->at;
	}
	return 0;
}

/* The strings, argv's lowest. words: argc, argv, NULL, envp, NULL. */
static int push_arguments(struct exec *exec, struct stack_builder *b,
			  unsigned argc, unsigned envc)
{
	unsigned skip = exec->nr_prefix && argc ? 1 : 0;
	unsigned total = exec->nr_prefix + argc - skip;
	uint64_t *argv = b->words + 1, *envp = argv + total + 1;
	int err;

	b->words[0] = total;
	exec->mm->env_end = b->at;
	err = push_strings(b, &exec->envp, 0, envc, envp);
	if (err)
		return err;
	exec->mm->env_start = exec->mm->arg_end = b->at;
	err = push_strings(b, &exec->argv, skip, argc, argv + exec->nr_prefix);
	for (unsigned i = exec->nr_prefix; !err && i-- > 0;) {
		err = push_string(b, exec->prefix[i]);
		argv[i] = b->at;
	}
	exec->mm->arg_start = b->at;
	argv[total] = 0;
	envp[envc] = 0;
	b->nr_words = total + envc + 3;
	return err;
}

static void push_auxv(struct stack_builder *b, uint64_t type, uint64_t value)
{
	b->words[b->nr_words++] = type;
	b->words[b->nr_words++] = value;
}

static int push_auxiliary(struct exec *exec, struct stack_builder *b,
			  uint64_t path_at)
{
	const struct elf_image *image = &exec->image;
	const struct process *p = current->process;
	uint64_t random[2];
	int err;

	random_bytes(random, sizeof(random));
	b->at = (b->at & ~15UL) - sizeof(random);
	err = put_bytes(b, b->at, random, sizeof(random));
	if (err)
		return err;
	push_auxv(b, AT_HWCAP, HWCAP);
	push_auxv(b, AT_PAGESZ, PAGE_SIZE);
	push_auxv(b, AT_CLKTCK, USER_HZ);
	if (image->phdr_vaddr)
		push_auxv(b, AT_PHDR, exec->base + image->phdr_vaddr);
	push_auxv(b, AT_PHENT, ELF_PHDR_SIZE);
	push_auxv(b, AT_PHNUM, image->phnum);
	push_auxv(b, AT_BASE, 0);
	push_auxv(b, AT_FLAGS, 0);
	push_auxv(b, AT_ENTRY, exec->base + image->entry);
	push_auxv(b, AT_UID, p->ids.uid[ID_REAL]);
	push_auxv(b, AT_EUID, p->ids.uid[ID_EFFECTIVE]);
	push_auxv(b, AT_GID, p->ids.gid[ID_REAL]);
	push_auxv(b, AT_EGID, p->ids.gid[ID_EFFECTIVE]);
	push_auxv(b, AT_SECURE, 0);
	push_auxv(b, AT_RANDOM, b->at);
	push_auxv(b, AT_EXECFN, path_at);
	push_auxv(b, AT_MINSIGSTKSZ, sizeof(struct rt_sigframe));
	push_auxv(b, AT_NULL, 0);
	return 0;
}

static int build(struct exec *exec, struct stack_builder *b, unsigned argc,
		 unsigned envc)
{
	uint64_t path_at;
	int err;

	b->at = MM_USER_END - sizeof(uint64_t);
	err = push_string(b, exec->path);
	path_at = b->at;
	if (!err)
		err = push_arguments(exec, b, argc, envc);
	if (!err)
		err = push_auxiliary(exec, b, path_at);
	if (err)
		return err;
	b->at = (b->at - b->nr_words * sizeof(uint64_t)) & ~15UL;
	exec->sp = exec->mm->start_stack = b->at;
	return put_bytes(b, b->at, b->words, b->nr_words * sizeof(uint64_t));
}

/* Give back what the arguments did not need, but for what Linux leaves. */
static int trim(struct exec *exec, uint64_t bottom)
{
	uint64_t keep = PAGE_ALIGN_DOWN(exec->sp) - STACK_SPARE;

	return keep > bottom ? do_munmap(exec->mm, bottom, keep - bottom) : 0;
}

int exec_build_stack(struct exec *exec)
{
	uint64_t limit = process_limit(current->process, RLIMIT_STACK);
	bool is_exec = exec->image.has_stack_flags && exec->image.is_stack_exec;
	struct stack_builder b = {.mm = exec->mm};
	long argc, envc;
	uint64_t nr_words;
	int err;

	argc = count(&exec->argv);
	if (argc < 0)
		return (int)argc;
	envc = count(&exec->envp);
	if (envc < 0)
		return (int)envc;
	if (!argc && !exec->nr_prefix)
		exec->prefix[exec->nr_prefix++] = ""; /* argv[0] is there */
	nr_words = (uint64_t)(argc + envc) + 3 + EXEC_MAX_PREFIX + 2 * NR_AUXV;
	b.limit = MM_USER_END - max(min(limit, STACK_DEFAULT) / 4, STACK_MIN);
	b.bottom = PAGE_ALIGN_DOWN(b.limit - nr_words * sizeof(uint64_t)) -
		   STACK_SPARE;
	err = mm_setup_stack(exec->mm, MM_USER_END, MM_USER_END - b.bottom,
			     is_exec);
	if (err)
		return err;
	b.bounce = page_alloc_virt(GFP_USER);
	b.words = kmalloc(nr_words * sizeof(uint64_t), GFP_USER);
	err = -ENOMEM;
	if (b.bounce && b.words)
		err = build(exec, &b, (unsigned)argc, (unsigned)envc);
	kfree(b.words);
	if (b.bounce)
		page_free_virt(b.bounce);
	return err ? err : trim(exec, b.bottom);
}
