/* SPDX-License-Identifier: MIT */
/*
 * Command line. A copy is split; /proc/cmdline shows the original.
 */
#include "kernel/cmdline.h"

#include <string.h>

#include "kernel/riscv/boot.h"

#define MAX_WORDS 128

static char line[BOOT_CMDLINE_LEN];
static const char *words[MAX_WORDS + 1];
static unsigned nr_words, nr_kernel_words;

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

void cmdline_init(void)
{
	char *at = line, *word;
	bool for_init = false;

	memcpy(line, boot_info.cmdline, sizeof(line));
	while ((word = next_word(&at))) {
		if (!for_init && !strcmp(word, "--")) {
			for_init = true;
			continue;
		}
		if (nr_words == MAX_WORDS) {
			kprintf("command line: only %u words are used\n",
				MAX_WORDS);
			break;
		}
		words[nr_words++] = word;
		if (!for_init)
			nr_kernel_words++;
	}
}

bool cmdline_has(const char *word)
{
	for (unsigned i = 0; i < nr_kernel_words; i++) {
		if (!strcmp(words[i], word))
			return true;
	}
	return false;
}

const char *cmdline_value(const char *name)
{
	const char *value = NULL;
	size_t len = strlen(name);

	for (unsigned i = 0; i < nr_kernel_words; i++) {
		if (!strncmp(words[i], name, len) && words[i][len] == '=')
			value = words[i] + len + 1;
	}
	return value;
}

const char *const *cmdline_init_args(void)
{
	return &words[nr_kernel_words];
}
