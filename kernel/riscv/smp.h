/* SPDX-License-Identifier: MIT */
/*
 * Harts: starting them, their timers, interrupts between them, and the end.
 *
 * A hart is named by its hart id, a set of harts is a mask of 64 bits.
 */
#pragma once

#include "lib/machine.h"

/*
 * Top of each hart's emergency stack, for the trap that finds no room on the
 * kernel stack. Set before the hart takes its first trap.
 */
extern uint64_t emergency_stack[MAX_HARTS];

/* Prepare the boot hart's share of the above. First thing after the MMU. */
void smp_init_boot_hart(unsigned hart);

/* Start the other harts; they enter sched_idle(). Reports who does not come. */
void smp_start(void);

/* Software interrupt on each hart of the set: ipi_received() there. */
void hart_send_ipi(uint64_t harts);

/*
 * Timer interrupt of this hart at machine_clock() >= deadline; replaces the
 * one set before. UINT64_MAX: none.
 */
void hart_set_timer(uint64_t deadline);

/* Map what power_off() needs. After kernel_map_init. */
void power_init(void);

/* Power off with an exit status for the host, 0 to 255. */
_Noreturn void power_off(int status);

/* Stop this hart for ever. */
_Noreturn void hart_stop(void);
