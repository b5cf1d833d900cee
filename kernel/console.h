/* SPDX-License-Identifier: MIT */
/*
 * The console: bytes out with a lock, bytes in by polling.
 *
 * The device is the firmware's debug console (SBI DBCN) if there is one, else
 * the 16550 of the device tree, else the firmware's legacy calls. Log lines of
 * kprintf and output of programs come here and are never mixed within one call.
 */
#pragma once

#include "lib/types.h"

struct boot_info;

/* Choose the device. Before this call output goes through the firmware. */
void console_init(const struct boot_info *info);

/*
 * Print the marker line (once), then whatever else is written. The host drops
 * all it reads up to the marker, which is the firmware's banner. With quiet,
 * kprintf prints nothing until a panic.
 */
void console_begin(bool quiet);

/* As kprintf, but for lines that were asked for: quiet does not apply. */
void console_print(const char *fmt, ...) __printf(1, 2);

/* Write bytes as they are. Any context; does not sleep. */
void console_write(const char *buf, size_t len);

/* Bytes typed so far, at most len; 0: none. Does not wait. */
size_t console_poll(char *buf, size_t len);

/* Take the console away from whoever has it: panic only. */
void console_panic(void);
