/* SPDX-License-Identifier: MIT */
/*
 * The instructions that touch user memory.
 *
 * Each may fault. The fault is handled as if the program had made it; when
 * that fails, the exception table says where to go on. An entry covers a range
 * of instructions: start, end, fixup, relative to the field itself. SUM is set
 * on entry and cleared on every way out, the fixups included.
 *
 * Copies work in blocks of 1 KiB (page.S) and 64 bytes. A block that faults is
 * done again byte by byte, so that the number of bytes left is exact.
 */
#include "kernel/riscv/copy.inc"
#include "kernel/riscv/csr.h"
#include "kernel/riscv/sigframe.h"

	.macro EX_RANGE start, end, fixup
	.pushsection __ex_table, "a"
	.4byte	\start - .
	.4byte	\end - .
	.4byte	\fixup - .
	.popsection
	.endm

	.macro USER_ON tmp
	li	\tmp, SSTATUS_SUM
	csrs	sstatus, \tmp
	.endm

	.macro USER_OFF tmp
	li	\tmp, SSTATUS_SUM
	csrc	sstatus, \tmp
	.endm

	.macro FUNCTION name
	.balign 4
	.globl \name
	.type \name, @function
\name:
	.endm

	.section .text

/* size_t user_copy(void *to, const void *from, size_t len): bytes left */
FUNCTION user_copy
	USER_ON	t6
	add	t5, a0, a2		/* end of `to` */
	sltiu	t0, a2, 16
	bnez	t0, .Lcopy_bytes

	/* Bytes up to the first whole word of `to`. */
	neg	t0, a0
	andi	t0, t0, 7
	add	t0, t0, a0
	beq	a0, t0, 2f
1:	lbu	a3, 0(a1)
	sb	a3, 0(a0)
	addi	a1, a1, 1
	addi	a0, a0, 1
	bne	a0, t0, 1b
2:	andi	t3, a1, 7
	bnez	t3, .Lcopy_shift

	/* Blocks of 1 KiB, and what is left of them in blocks of 64. */
	sub	t4, t5, a0
	andi	t4, t4, -1024
	beqz	t4, 4f
	add	a2, t4, a0
	mv	t4, ra
	call	copy_kib
3:	mv	ra, t4
4:	sub	t4, t5, a0
	andi	t4, t4, -64
	beqz	t4, 6f
	add	t4, t4, a0
5:	COPY_64	0
	addi	a0, a0, 64
	addi	a1, a1, 64
	bne	a0, t4, 5b
6:
	/* Words. */
	sub	t4, t5, a0
	andi	t4, t4, -8
	beqz	t4, .Lcopy_bytes
	add	t4, t4, a0
7:	ld	a3, 0(a1)
	sd	a3, 0(a0)
	addi	a1, a1, 8
	addi	a0, a0, 8
	bne	a0, t4, 7b

.Lcopy_bytes:
	beq	a0, t5, .Lcopy_done
6:	lbu	a3, 0(a1)
	sb	a3, 0(a0)
	addi	a1, a1, 1
	addi	a0, a0, 1
	bne	a0, t5, 6b
.Lcopy_done:
	csrc	sstatus, t6
	sub	a0, t5, a0
	ret

	/* Each word of `to` is put together from the two that hold it. */
.Lcopy_shift:
	addi	t4, t5, -8		/* last place for a word */
	bltu	t4, a0, .Lcopy_bytes
	slli	t1, t3, 3
	neg	t2, t1			/* shifts count modulo 64 */
	sub	a1, a1, t3
7:	ld	a3, 0(a1)
8:	ld	a4, 8(a1)
	srl	a3, a3, t1
	sll	a5, a4, t2
	or	a3, a3, a5
	sd	a3, 0(a0)
	mv	a3, a4
	addi	a1, a1, 8
	addi	a0, a0, 8
	bgeu	t4, a0, 8b
9:	add	a1, a1, t3
	j	.Lcopy_bytes
.Lcopy_kib_fault:
	mv	ra, t4
	j	.Lcopy_bytes
	EX_RANGE copy_kib, copy_kib_end, .Lcopy_kib_fault
	EX_RANGE user_copy, .Lcopy_bytes, .Lcopy_bytes
	EX_RANGE .Lcopy_bytes, .Lcopy_done, .Lcopy_done
	EX_RANGE 7b, 9b, 9b

/* size_t user_clear(void *to, size_t len): bytes left */
FUNCTION user_clear
	USER_ON	t6
	add	t5, a0, a1
	sltiu	t0, a1, 16
	bnez	t0, .Lclear_bytes
	neg	t0, a0
	andi	t0, t0, 7
	add	t0, t0, a0
	beq	a0, t0, 2f
1:	sb	zero, 0(a0)
	addi	a0, a0, 1
	bne	a0, t0, 1b
2:	sub	t4, t5, a0
	andi	t4, t4, -64
	beqz	t4, 4f
	add	t4, t4, a0
3:
	.set	offset, 0
	.rept	8
	sd	zero, offset(a0)
	.set	offset, offset + 8
	.endr
	addi	a0, a0, 64
	bne	a0, t4, 3b
4:	sub	t4, t5, a0
	andi	t4, t4, -8
	beqz	t4, .Lclear_bytes
	add	t4, t4, a0
5:	sd	zero, 0(a0)
	addi	a0, a0, 8
	bne	a0, t4, 5b
.Lclear_bytes:
	beq	a0, t5, .Lclear_done
6:	sb	zero, 0(a0)
	addi	a0, a0, 1
	bne	a0, t5, 6b
.Lclear_done:
	csrc	sstatus, t6
	sub	a0, t5, a0
	ret
	EX_RANGE user_clear, .Lclear_bytes, .Lclear_bytes
	EX_RANGE .Lclear_bytes, .Lclear_done, .Lclear_done

/* long user_strncpy(char *to, const char *from, size_t len): length or -1 */
FUNCTION user_strncpy
	USER_ON	t6
	add	t5, a1, a2
	mv	t4, a1
	beqz	a2, 2f
1:	lbu	a3, 0(a1)
	sb	a3, 0(a0)
	beqz	a3, 2f
	addi	a1, a1, 1
	addi	a0, a0, 1
	bne	a1, t5, 1b
2:	csrc	sstatus, t6
	sub	a0, a1, t4
	ret
3:	csrc	sstatus, t6
	li	a0, -1
	ret
	EX_RANGE 1b, 2b, 3b

/* int get_user_NN(uintNN_t *value, vaddr_t from): 0 or -EFAULT */
	.macro GET_USER name, load, store
FUNCTION \name
	srli	t0, a1, 38
	bnez	t0, user_fault
	USER_ON	t6
1:	\load	a2, 0(a1)
2:	csrc	sstatus, t6
	\store	a2, 0(a0)
	li	a0, 0
	ret
	EX_RANGE 1b, 2b, user_fault
	.endm

/* int put_user_NN(vaddr_t to, uintNN_t value): 0 or -EFAULT */
	.macro PUT_USER name, store
FUNCTION \name
	srli	t0, a0, 38
	bnez	t0, user_fault
	USER_ON	t6
1:	\store	a1, 0(a0)
2:	csrc	sstatus, t6
	li	a0, 0
	ret
	EX_RANGE 1b, 2b, user_fault
	.endm

	GET_USER get_user_u8, lbu, sb
	GET_USER get_user_u32, lwu, sw
	GET_USER get_user_u64, ld, sd
	PUT_USER put_user_u16, sh
	PUT_USER put_user_u32, sw
	PUT_USER put_user_u64, sd

user_fault:
	USER_OFF t6
	li	a0, -14 /* EFAULT */
	ret

/* int cmpxchg_user_u32(uint32_t *old, vaddr_t, uint32_t expected, new) */
FUNCTION cmpxchg_user_u32
	andi	t0, a1, 3
	srli	t1, a1, 38
	or	t0, t0, t1
	bnez	t0, user_fault
	sext.w	a2, a2
	USER_ON	t6
1:	lr.w.aqrl t0, (a1)
	bne	t0, a2, 2f
	sc.w.rl	t1, a3, (a1)
	bnez	t1, 1b
2:	csrc	sstatus, t6
	sw	t0, 0(a0)
	li	a0, 0
	ret
	EX_RANGE 1b, 2b, user_fault

/* int amo_user_OP(uint32_t *old, vaddr_t, uint32_t operand) */
	.macro AMO_USER op
FUNCTION amo_user_\op
	andi	t0, a1, 3
	srli	t1, a1, 38
	or	t0, t0, t1
	bnez	t0, user_fault
	USER_ON	t6
1:	amo\op\().w.aqrl t0, a2, (a1)
2:	csrc	sstatus, t6
	sw	t0, 0(a0)
	li	a0, 0
	ret
	EX_RANGE 1b, 2b, user_fault
	.endm

	AMO_USER swap
	AMO_USER add
	AMO_USER or
	AMO_USER and
	AMO_USER xor

/* The 32 words of pc and registers from a1 to a0; "jal t4". */
copy_registers:
	.set	offset, 0
	.rept	4
	COPY_64	offset
	.set	offset, offset + 64
	.endr
	jr	t4

/*
 * int put_sigframe(vaddr_t to, const struct siginfo *info,
 *		    const struct sigaltstack *alt, int ss_flags, uint64_t mask,
 *		    const struct trap_frame *frame)
 */
FUNCTION put_sigframe
	srli	t0, a0, 38
	bnez	t0, user_fault
	USER_ON	t6
	ld	t0, 0(a2)
	ld	t1, 16(a2)
put_sigframe_start:
	sd	zero, SIG_UC_FLAGS(a0)
	sd	zero, SIG_UC_FLAGS + 8(a0)
	sd	t0, SIG_STACK(a0)
	sw	a3, SIG_STACK + 8(a0)
	sw	zero, SIG_STACK + 12(a0)
	sd	t1, SIG_STACK + 16(a0)
	sd	a4, SIG_MASK(a0)
	sd	zero, SIG_EXTENSION(a0)
	sd	zero, SIG_EXTENSION + 8(a0)
	addi	t0, a0, SIG_FP
	jal	t2, fp_save
	mv	t3, a5
	.set	offset, 0
	.rept	SIG_INFO_BYTES / 8
	ld	t0, offset(a1)
	sd	t0, offset(a0)
	.set	offset, offset + 8
	.endr
	.rept	(SIG_UC_FLAGS - SIG_INFO_BYTES) / 8
	sd	zero, offset(a0)
	.set	offset, offset + 8
	.endr
	addi	a0, a0, SIG_REGS
	mv	a1, t3
	jal	t4, copy_registers
put_sigframe_end:
	csrc	sstatus, t6
	li	a0, 0
	ret
	EX_RANGE fp_save, fp_load_end, user_fault
	EX_RANGE copy_registers, put_sigframe, user_fault
	EX_RANGE put_sigframe_start, put_sigframe_end, user_fault

/*
 * int get_sigframe(vaddr_t from, struct sigaltstack *alt, uint64_t *mask,
 *		    struct trap_frame *frame)
 */
FUNCTION get_sigframe
	srli	t0, a0, 38
	bnez	t0, user_fault
	USER_ON	t6
get_sigframe_start:
	ld	t0, SIG_EXTENSION(a0)
	ld	t1, SIG_EXTENSION + 8(a0)
	srli	t0, t0, 32		/* its first word has no meaning */
	or	t0, t0, t1
	bnez	t0, user_fault
	addi	t0, a0, SIG_FP
	jal	t2, fp_load
	ld	t0, SIG_STACK(a0)
	ld	t1, SIG_STACK + 8(a0)
	ld	t2, SIG_STACK + 16(a0)
	ld	t3, SIG_MASK(a0)
	sd	t0, 0(a1)
	sd	t1, 8(a1)
	sd	t2, 16(a1)
	sd	t3, 0(a2)
	addi	a1, a0, SIG_REGS
	mv	a0, a3
	jal	t4, copy_registers
get_sigframe_end:
	csrc	sstatus, t6
	li	a0, 0
	ret
	EX_RANGE get_sigframe_start, get_sigframe_end, user_fault
