/* SPDX-License-Identifier: MIT */
/*
 * Touch an address and live to tell: single accesses that report the signal
 * they raised instead of dying of it, and the faults that were counted.
 *
 * Each access is one instruction in a leaf function (access.S), so the signal
 * handler can give up on it by returning to that function's caller. The frame
 * of the handler and all code involved are touched beforehand: the counts of
 * minor and major faults are those of the access alone.
 *
 * One thread at a time; handlers for SIGSEGV, SIGBUS, SIGILL and SIGTRAP are
 * installed by the first probe and stay.
 */
#pragma once

#include "user/lib/user.h"

struct probe {
	int signal;	/* 0: the access succeeded */
	int code;	/* si_code */
	uint64_t addr;	/* si_addr */
	uint64_t pc;	/* of the instruction that faulted */
	uint64_t value; /* what a load or AMO returned */
	long minor;	/* faults counted by getrusage */
	long major;
};

struct probe probe_load(const volatile void *addr);   /* one byte */
struct probe probe_load64(const volatile void *addr); /* any alignment */
struct probe probe_store(volatile void *addr, uint8_t value);
struct probe probe_store64(volatile void *addr, uint64_t value);
struct probe probe_amo(volatile void *addr, uint32_t add); /* amoadd.w */
struct probe probe_call(const volatile void *addr);	   /* jump there */

/* Installs the handlers without an access; sets SA_ONSTACK and such flags. */
void probe_handlers(uint64_t flags);

/* Minor faults of this process so far. */
long minor_faults(void);
