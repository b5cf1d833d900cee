/* SPDX-License-Identifier: MIT */
/*
 * The kernel's command line: words separated by spaces; double quotes keep
 * spaces in a word. Words up to "--" are for the kernel, those behind it are
 * the arguments of init.
 */
#pragma once

#include "lib/types.h"

/*
 * Split boot_info.cmdline, before the calls below. False: too many words, the
 * last ones are not used.
 */
bool cmdline_init(void);

/* Is this word there? */
bool cmdline_has(const char *word);

/* What stands behind "name=", or NULL. The last one counts. */
const char *cmdline_value(const char *name);

/* The arguments of init, NULL-terminated, with argv0 in front. */
const char *const *cmdline_init_argv(const char *argv0);
