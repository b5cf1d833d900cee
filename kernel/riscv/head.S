/* SPDX-License-Identifier: MIT */
/*
 * First instructions of each hart.
 *
 * The boot hart arrives from the firmware with the MMU off, its hart id in a0
 * and the device tree's physical address in a1. Harts that it starts later
 * come to secondary_start with their id and find their thread in a table; a1
 * is not used, because OpenSBI before 1.3 can start a hart before it has stored
 * address and argument (the state is set first), and the hart then comes to
 * _start as well. So only the first one there is the boot hart.
 * The image may have been loaded at any physical address that equals its link
 * address modulo 1 GiB; kernel_offset is the difference.
 *
 * Turning the MMU on needs no identity map: the fetch after the write to satp
 * faults, and stvec already holds the virtual address to go on at.
 */
#include "kernel/riscv/csr.h"
#include "kernel/riscv/thread.h"

	.set	MAX_HARTS, 64

	/* Valid, read, write, execute, global, accessed, dirty. */
	.set	PTE_EARLY, 0xef

	.section .text.head, "ax"
	.globl _start
_start:
	csrw	sie, zero
	lla	t0, early_trap
	csrw	stvec, t0
	rdtime	s3
	lla	t0, boot_claimed
	li	t1, 1
	amoswap.w t1, t1, (t0)
	bnez	t1, secondary_start
	mv	s0, a0
	mv	s1, a1

	lla	t0, bss_start
	lla	t1, bss_end
1:	sd	zero,  0(t0)
	sd	zero,  8(t0)
	sd	zero, 16(t0)
	sd	zero, 24(t0)
	sd	zero, 32(t0)
	sd	zero, 40(t0)
	sd	zero, 48(t0)
	sd	zero, 56(t0)
	addi	t0, t0, 64
	bltu	t0, t1, 1b

	/* Link address minus load address, for this and later harts. */
	lla	t0, _start
	ld	s2, link_address
	sub	s2, s2, t0
	lla	t1, kernel_offset
	sd	s2, 0(t1)
	lla	t1, boot_ticks
	sd	s3, 0(t1)

	/* Early table: 1 GiB leaves for the image and for the direct map. */
	lla	a0, early_root
	srli	t0, t0, 30
	slli	t1, t0, 28
	ori	t1, t1, PTE_EARLY
	slli	t2, t0, 3
	add	t2, t2, a0
	li	t3, 256 * 8
	add	t2, t2, t3
	sd	t1, 0(t2)
	li	t3, 510 * 8
	add	t2, a0, t3
	sd	t1, 0(t2)

	lla	ra, boot_high
	add	ra, ra, s2
	j	mmu_on

	.balign 4
boot_high:
	lla	sp, boot_stack_top
	lla	tp, boot_thread
	lla	t0, trap_entry
	csrw	stvec, t0
	csrw	sscratch, zero
	mv	a0, s0
	mv	a1, s1
	call	boot_main
	unimp

/* Other harts: wait for the (virtual) address of the idle thread to be. */
	.globl secondary_start
secondary_start:
	csrw	sie, zero
	lla	t0, early_trap
	csrw	stvec, t0
	li	t0, MAX_HARTS
	bgeu	a0, t0, park
	lla	t0, secondary_thread
	slli	t1, a0, 3
	add	t0, t0, t1
1:	ld	tp, 0(t0)
	beqz	tp, 1b
	fence	r, rw		/* pairs with the release in start_hart */
	ld	s2, kernel_offset
	lla	a0, kernel_root
	lla	ra, secondary_high
	add	ra, ra, s2
	j	mmu_on

	.balign 4
secondary_high:
	lla	t0, trap_entry
	csrw	stvec, t0
	csrw	sscratch, zero
	ld	sp, THREAD_KSTACK(tp)
	call	secondary_main
	unimp

/* Load the table at physical a0 and go on at virtual ra. */
mmu_on:
	csrw	stvec, ra
	srli	a0, a0, 12
	li	t0, 8		/* Sv39 */
	slli	t0, t0, 60
	or	a0, a0, t0
	sfence.vma
	csrw	satp, a0
	sfence.vma
	/* The hardware has no Sv39: the write was ignored. */
	.balign 4

/*
 * A trap before there is a stack, or no Sv39. Nothing can be said here but
 * "stop": the legacy shutdown call, then wait. Without this the firmware's
 * idea of stvec would run this file again for ever.
 */
early_trap:
	li	a7, 8
	li	a6, 0
	call	sbi_call
park:
	wfi
	j	park

	.balign 8
link_address:
	.quad	_start

	.section .data
	.balign 8
	.globl secondary_thread
secondary_thread:
	.skip	8 * MAX_HARTS
	.globl boot_ticks
boot_ticks:
	.dword	0
boot_claimed:
	.word	0

	.section .bss.early, "aw", @nobits
	.balign 4096
	.globl early_root
early_root:
	.skip	4096
