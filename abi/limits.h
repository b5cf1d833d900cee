/* SPDX-License-Identifier: MIT */
/*
 * Sizes that programs may rely on. PATH_MAX counts the closing zero byte,
 * NAME_MAX does not.
 */
#pragma once

#define PATH_MAX       4096
#define NAME_MAX       255
#define PIPE_BUF       4096   /* writes up to this are atomic */
#define PIPE_SIZE      65536  /* bytes a pipe holds by default */
#define ARG_STRLEN_MAX 131072 /* longest single argument of execve */
#define TASK_COMM_LEN  16     /* program name in /proc, with its zero */
