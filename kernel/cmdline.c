/* SPDX-License-Identifier: MIT */
/*
 * Command line. A copy is split; /proc/cmdline shows the original.
 */
#include "kernel/cmdline.h"

#include <string.h>

#include "kernel/riscv/boot.h"

#define MAX_WORDS 128

static char line[BOOT_CMDLINE_LEN];
static const char *words[MAX_WORDS + 2]; /* argv[0] of init, and NULL */
static unsigned nr_words;
static unsigned init_args; /* place of "--", which becomes argv[0] */

/* Cut one word off *at: unquote it in place. NULL: no more. */
static char *next_word(char **at)
{
	char *in = *at, *out, *word;
	bool quoted = false;

	while (*in == ' ')
		in++;
	if (!*in)
		return NULL;
	word = out = in;
	for (; *in && (quoted || *in != ' '); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*at = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

bool cmdline_init(void)
{
	char *at = line, *word;
	bool found = false;

	memcpy(line, boot_info.cmdline, sizeof(line));
	while (nr_words < MAX_WORDS && (word = next_word(&at))) {
		if (!found && !strcmp(word, "--")) {
			found = true;
			init_args = nr_words;
		}
		words[nr_words++] = word;
	}
	if (!found)
		init_args = nr_words;
	return !next_word(&at);
}

bool cmdline_has(const char *word)
{
	for (unsigned i = 0; i < init_args; i++) {
		if (!strcmp(words[i], word))
			return true;
	}
	return false;
}

const char *cmdline_value(const char *name)
{
	const char *value = NULL;
	size_t len = strlen(name);

	for (unsigned i = 0; i < init_args; i++) {
		if (!strncmp(words[i], name, len) && words[i][len] == '=')
			value = words[i] + len + 1;
	}
	return value;
}

const char *const *cmdline_init_argv(const char *argv0)
{
	words[init_args] = argv0;
	return &words[init_args];
}
