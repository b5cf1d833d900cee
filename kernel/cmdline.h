/* SPDX-License-Identifier: MIT */
/*
 * The kernel's command line: words separated by spaces; double quotes keep
 * spaces in a word. Words up to "--" are for the kernel, those behind it are
 * the arguments of init.
 */
#pragma once

#include "lib/types.h"

/*
 * Split boot_info.cmdline. Once, before the calls below; what does not fit is
 * dropped with a message.
 */
void cmdline_init(void);

/* Is this word there? */
bool cmdline_has(const char *word);

/* What stands behind "name=", or NULL. The last one counts. */
const char *cmdline_value(const char *name);

/* Arguments of init from argv[1] on, NULL-terminated. */
const char *const *cmdline_init_args(void);
