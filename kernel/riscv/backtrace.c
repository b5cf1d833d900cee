/* SPDX-License-Identifier: MIT */
/*
 * Unwinding by reading the code.
 *
 * The kernel keeps no frame pointers: they would cost three instructions in
 * every function. A function's frame follows from its prologue instead, found
 * from the symbol table: "addi sp, sp, -N" makes the frame, "sd ra, M(sp)"
 * says where the return address is. In the functions that are compiled for
 * size "jal t0, __riscv_save_N" does both (save.S), and what "addi" makes comes
 * on top of that frame. A function that appears on the stack by
 * its return address has run its prologue, wherever the compiler put it; only
 * the innermost one may be a leaf or stopped half-way, so its code is read no
 * further than where it stopped, and ra comes from the register if not stored.
 *
 * Every step is checked against the stack, so that a broken stack ends the
 * backtrace and nothing else.
 */
#include "kernel/riscv/backtrace.h"

#include "kernel/kstack.h"
#include "kernel/symbols.h"
#include "lib/machine.h"

#define MAX_STEPS 40

extern char kernel_trap_return[];

struct unwind {
	vaddr_t pc, sp, ra; /* ra: 0 when it is not in a register */
	vaddr_t stack_end;
};

static int sign_extend(uint32_t value, unsigned bits)
{
	return (int)(value << (32 - bits)) >> (32 - bits);
}

/*
 * Size of the frame that the instruction makes, or 0. ADDI (RV64I) and its
 * compressed forms C.ADDI and C.ADDI16SP, with rd = rs1 = sp.
 */
static unsigned frame_made(uint32_t insn)
{
	int imm = 0;

	if ((insn & 0xfffff) == 0x10113)
		imm = sign_extend(insn >> 20, 12);
	else if ((insn & 0xef83) == 0x0101)
		imm = sign_extend((insn >> 7 & 0x20) | (insn >> 2 & 0x1f), 6);
	else if ((insn & 0xef83) == 0x6101)
		imm = sign_extend((insn >> 3 & 0x200) | (insn >> 2 & 0x10) |
				      (insn << 1 & 0x40) | (insn << 4 & 0x180) |
				      (insn << 3 & 0x20),
				  10);
	return imm < 0 ? (unsigned)-imm : 0;
}

/* Offset from sp where the instruction stores ra, or -1: SD and C.SDSP. */
static int ra_stored(uint32_t insn)
{
	if ((insn & 0x1fff07f) == 0x113023)
		return sign_extend((insn >> 20 & 0xfe0) | (insn >> 7 & 0x1f),
				   12);
	if ((insn & 0xe07f) == 0xe006)
		return (int)((insn >> 7 & 0x38) | (insn >> 1 & 0x1c0));
	return -1;
}

/* How far the instruction jumps if it is "jal t0", or 0. */
static vaddr_t save_called(uint32_t insn)
{
	if ((insn & 0xfff) != 0x2ef)
		return 0;
	return (vaddr_t)sign_extend((insn >> 11 & 0x100000) | (insn & 0xff000) |
					(insn >> 9 & 0x800) |
					(insn >> 20 & 0x7fe),
				    21);
}

struct frame {
	unsigned size;
	int ra_at; /* from sp, or -1: not stored */
};

/*
 * The frame that the code between start and stop makes, up to the end of a
 * function of save.S ("c.jr t0"). An instruction of four bytes has its two
 * lowest bits set.
 */
static void read_code(struct frame *frame, vaddr_t start, vaddr_t stop)
{
	bool made = false;
	uint32_t insn = 0;

	for (vaddr_t pc = start; pc < stop && insn != 0x8282;) {
		vaddr_t at = pc;
		unsigned more;
		vaddr_t save;

		insn = *(const uint16_t *)pc;
		if ((insn & 3) == 3)
			insn |= (uint32_t) * (const uint16_t *)(pc + 2) << 16;
		pc += (insn & 3) == 3 ? 4 : 2;
		save = save_called(insn);
		more = made ? 0 : frame_made(insn);
		if (save) {
			read_code(frame, at + save, UINT64_MAX);
		} else if (more) {
			made = true;
			frame->size += more;
			if (frame->ra_at >= 0)
				frame->ra_at += (int)more;
		} else if (frame->size && frame->ra_at < 0) {
			frame->ra_at = ra_stored(insn);
		}
	}
}

/* Replace u by the state of the caller; false at the end. */
static bool unwind_code(struct unwind *u, vaddr_t start, vaddr_t stop)
{
	struct frame frame = {0, -1};
	vaddr_t ra = u->ra;

	read_code(&frame, start, stop);
	if (frame.ra_at >= 0) {
		vaddr_t at = u->sp + (unsigned)frame.ra_at;

		if (at >= u->stack_end || !(at & KSTACK_SLOT / 2))
			return false;
		ra = *(const vaddr_t *)at;
	}
	u->sp += frame.size;
	u->pc = ra;
	u->ra = 0;
	return ra && u->sp < u->stack_end;
}

static void print_trap(const struct trap_frame *frame)
{
	kprintf("  --- trap: scause %lu stval %016lx\n", frame->cause,
		frame->tval);
}

/* The innermost function is read up to pc, others as a whole. */
static bool unwind_step(struct unwind *u, bool innermost)
{
	const struct trap_frame *frame = (const struct trap_frame *)u->sp;
	vaddr_t start, end;

	if (u->pc == (vaddr_t)kernel_trap_return) {
		print_trap(frame);
		u->pc = frame->epc;
		u->sp = frame->sp;
		u->ra = frame->ra;
		return u->sp < u->stack_end;
	}
	if (symbol_find(innermost ? u->pc : u->pc - 1, &start, &end) < 0) {
		/* A jump to nowhere: whoever made it left its address. */
		u->pc = innermost ? u->ra : 0;
		u->ra = 0;
		return u->pc;
	}
	return unwind_code(u, start, innermost ? u->pc : end);
}

static void unwind(struct unwind *u)
{
	bool innermost = u->ra;

	u->stack_end = ALIGN_UP(u->sp + 1, KSTACK_SLOT);
	kprintf("backtrace:\n");
	for (unsigned i = 0; i < MAX_STEPS; i++) {
		vaddr_t pc = u->pc;

		symbol_print("  ", pc, !innermost);
		if (!unwind_step(u, innermost))
			break;
		innermost = pc == (vaddr_t)kernel_trap_return;
	}
}

__noinline void backtrace_here(void)
{
	struct unwind u = {0};

	__asm__ volatile("lla %0, .\n\tmv %1, sp" : "=r"(u.pc), "=r"(u.sp));
	unwind(&u);
}

void backtrace_frame(const struct trap_frame *frame)
{
	struct unwind u = {.pc = frame->epc, .sp = frame->sp, .ra = frame->ra};

	unwind(&u);
}
