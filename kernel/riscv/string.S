/* SPDX-License-Identifier: MIT */
/*
 * memcpy, memmove and memset, in place of picolibc's, which were built for
 * size and go byte by byte. The compiler calls them as well.
 *
 * Words in blocks of 64 bytes, memset of 256; no access is ever misaligned. memcpy goes
 * upwards, which memmove relies on.
 */
	.macro FUNCTION name
	.balign 4
	.globl \name
	.type \name, @function
\name:
	.endm

	.section .text

/* void *memmove(void *to, const void *from, size_t len) */
FUNCTION memmove
	sub	t0, a0, a1
	bltu	t0, a2, .Ldown		/* `to` lies inside `from` */

/* void *memcpy(void *to, const void *from, size_t len) */
FUNCTION memcpy
	mv	a3, a0
	add	a4, a0, a2		/* end of `to` */
	sltiu	t0, a2, 16
	bnez	t0, .Lup_bytes
1:	andi	t0, a3, 7
	beqz	t0, 2f
	lbu	t1, 0(a1)
	sb	t1, 0(a3)
	addi	a1, a1, 1
	addi	a3, a3, 1
	j	1b
2:	andi	t0, a1, 7
	bnez	t0, .Lup_shift
	addi	a5, a4, -64		/* last place for a block */
	bltu	a5, a3, 4f
3:	ld	t0,  0(a1)
	ld	t1,  8(a1)
	ld	t2, 16(a1)
	ld	t3, 24(a1)
	ld	t4, 32(a1)
	ld	t5, 40(a1)
	ld	t6, 48(a1)
	ld	a7, 56(a1)
	sd	t0,  0(a3)
	sd	t1,  8(a3)
	sd	t2, 16(a3)
	sd	t3, 24(a3)
	sd	t4, 32(a3)
	sd	t5, 40(a3)
	sd	t6, 48(a3)
	sd	a7, 56(a3)
	addi	a1, a1, 64
	addi	a3, a3, 64
	bgeu	a5, a3, 3b
4:	addi	a5, a4, -8
	bltu	a5, a3, .Lup_bytes
5:	ld	t0, 0(a1)
	sd	t0, 0(a3)
	addi	a1, a1, 8
	addi	a3, a3, 8
	bgeu	a5, a3, 5b
.Lup_bytes:
	beq	a3, a4, 7f
6:	lbu	t0, 0(a1)
	sb	t0, 0(a3)
	addi	a1, a1, 1
	addi	a3, a3, 1
	bne	a3, a4, 6b
7:	ret

	/* Each word is put together from the two that hold its bytes. */
.Lup_shift:
	addi	a5, a4, -16
	bltu	a5, a3, .Lup_bytes
	andi	a1, a1, -8
	slli	t1, t0, 3		/* bits of the lower word to drop */
	neg	t2, t1			/* shifts count modulo 64 */
	ld	t3, 0(a1)
8:	ld	t4, 8(a1)
	srl	t3, t3, t1
	sll	t5, t4, t2
	or	t3, t3, t5
	sd	t3, 0(a3)
	ld	t3, 16(a1)
	srl	t4, t4, t1
	sll	t5, t3, t2
	or	t4, t4, t5
	sd	t4, 8(a3)
	addi	a1, a1, 16
	addi	a3, a3, 16
	bgeu	a5, a3, 8b
	add	a1, a1, t0
	j	.Lup_bytes

	/* From the end: bytes until it is aligned, words, bytes. */
.Ldown:
	add	a3, a0, a2
	add	a1, a1, a2
	xor	t0, a3, a1
	andi	t0, t0, 7
	bnez	t0, .Ldown_bytes
1:	andi	t0, a3, 7
	beqz	t0, 2f
	beq	a3, a0, 7b
	addi	a1, a1, -1
	addi	a3, a3, -1
	lbu	t1, 0(a1)
	sb	t1, 0(a3)
	j	1b
2:	addi	a5, a0, 8
	bltu	a3, a5, .Ldown_bytes
3:	addi	a1, a1, -8
	addi	a3, a3, -8
	ld	t0, 0(a1)
	sd	t0, 0(a3)
	bgeu	a3, a5, 3b
.Ldown_bytes:
	beq	a3, a0, 7b
4:	addi	a1, a1, -1
	addi	a3, a3, -1
	lbu	t0, 0(a1)
	sb	t0, 0(a3)
	bne	a3, a0, 4b
	ret

/* void *memset(void *to, int byte, size_t len) */
FUNCTION memset
	mv	a3, a0
	add	a4, a0, a2
	sltiu	t0, a2, 16
	bnez	t0, .Lset_bytes
	andi	a1, a1, 0xff
	beqz	a1, 1f
	slli	t0, a1, 8
	or	a1, a1, t0
	slli	t0, a1, 16
	or	a1, a1, t0
	slli	t0, a1, 32
	or	a1, a1, t0
1:	andi	t0, a3, 7
	beqz	t0, 2f
	sb	a1, 0(a3)
	addi	a3, a3, 1
	j	1b
2:	addi	a5, a4, -256
	bltu	a5, a3, 8f
9:
	.set	offset, 0
	.rept	32
	sd	a1, offset(a3)
	.set	offset, offset + 8
	.endr
	addi	a3, a3, 256
	bgeu	a5, a3, 9b
8:	addi	a5, a4, -64
	bltu	a5, a3, 4f
3:	sd	a1,  0(a3)
	sd	a1,  8(a3)
	sd	a1, 16(a3)
	sd	a1, 24(a3)
	sd	a1, 32(a3)
	sd	a1, 40(a3)
	sd	a1, 48(a3)
	sd	a1, 56(a3)
	addi	a3, a3, 64
	bgeu	a5, a3, 3b
4:	addi	a5, a4, -8
	bltu	a5, a3, .Lset_bytes
5:	sd	a1, 0(a3)
	addi	a3, a3, 8
	bgeu	a5, a3, 5b
.Lset_bytes:
	beq	a3, a4, 7f
6:	sb	a1, 0(a3)
	addi	a3, a3, 1
	bne	a3, a4, 6b
7:	ret
