/* SPDX-License-Identifier: MIT */
/*
 * Calls from S-mode into the firmware (RISC-V SBI specification 1.0; the
 * debug console is from 2.0).
 *
 * Harts are named by the hardware's hart ids here. A set of harts is a mask
 * whose bit 0 is hart id `base`. Results are 0 or a negative SBI error number,
 * which is not an errno.
 */
#pragma once

#include "lib/types.h"

#define SBI_EXT_BASE   0x10
#define SBI_EXT_TIME   0x54494d45
#define SBI_EXT_IPI    0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM    0x48534d
#define SBI_EXT_SRST   0x53525354
#define SBI_EXT_DBCN   0x4442434e

struct sbi_ret {
	long error;
	long value;
};

/* Any call; the only ecall instruction of the kernel. */
struct sbi_ret sbi_call(long arg0, long arg1, long arg2, long arg3, long arg4,
			long arg5, long fid, long ext);

/* Does the firmware have this extension? */
bool sbi_probe(long ext);

/* Next timer interrupt of this hart, in ticks of the time CSR. */
void sbi_set_timer(uint64_t when);

void sbi_send_ipi(uint64_t mask, uint64_t base);
void sbi_remote_fence_i(uint64_t mask, uint64_t base);

/* SFENCE.VMA for [start, start + size) there; it is done on return. */
void sbi_remote_sfence(uint64_t mask, uint64_t base, vaddr_t start,
		       uint64_t size);
void sbi_remote_sfence_asid(uint64_t mask, uint64_t base, vaddr_t start,
			    uint64_t size, unsigned asid);

/* Start a stopped hart at physical address `entry`, a0 = id, a1 = opaque. */
long sbi_hart_start(uint64_t hart_id, paddr_t entry, uint64_t opaque);

/* Power off, saying whether as planned; returns if the firmware cannot. */
void sbi_shutdown(bool failure);

/* Debug console: bytes written from or read to physical memory, or < 0. */
long sbi_console_write(paddr_t buf, size_t len);
long sbi_console_read(paddr_t buf, size_t len);

/* Legacy console, for old firmware. getchar: -1 when nothing was typed. */
void sbi_putchar(char c);
int sbi_getchar(void);
