/* SPDX-License-Identifier: MIT */
/*
 * The shell: one line, one or more commands with `;` between them. A command
 * is a program with arguments, `< file` and `> file`, and may pass its output
 * to one other with `|`. Quotes keep blanks. `sh -c LINE` runs one line.
 *
 * Left out: variables, patterns, background jobs, longer pipelines.
 */
#include "abi/ioctl.h"
#include "user/lib/exec.h"

#define MAX_LINE  1024
#define MAX_WORDS 64

static const char help[] =
    "name args...  run a program of /bin, or a path\n"
    "a | b         give what a writes to b\n"
    "< f  > f      read from and write to a file\n"
    "a ; b         one after the other\n"
    "cd DIR        change the directory\n"
    "exit [N]      end; as the first program, power the machine off\n"
    "Try: ls /bin; tour; free; cat /proc/self/maps\n";

/* Words that stand for themselves; known by their address. */
static char semicolon[] = ";", bar[] = "|", from[] = "<", to[] = ">";

/* One program with its redirections; NULL for none. */
struct command {
	char *argv[MAX_WORDS + 1];
	int argc;
	const char *input;
	const char *output;
};

static int last_status;

static char *special(char c)
{
	switch (c) {
	case ';':
		return semicolon;
	case '|':
		return bar;
	case '<':
		return from;
	case '>':
		return to;
	default:
		return NULL;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copy one word of `line`, without its quotes; returns what follows it. */
static const char *copy_word(const char *line, char **text)
{
	char quote = 0;

	for (; *line && (quote || (!is_blank(*line) && !special(*line)));
	     line++) {
		if (*line == quote)
			quote = 0;
		else if (!quote && (*line == '\'' || *line == '"'))
			quote = *line;
		else
			*(*text)++ = *line;
	}
	*(*text)++ = '\0';
	return line;
}

/* Split a line into words, which are kept in `text`. Returns how many. */
static int split(const char *line, char *text, char **words)
{
	int n = 0;

	while (n < MAX_WORDS) {
		while (is_blank(*line))
			line++;
		if (!*line)
			break;
		words[n] = special(*line);
		if (words[n]) {
			line++;
		} else {
			words[n] = text;
			line = copy_word(line, &text);
		}
		n++;
	}
	return n;
}

/*
 * Take one command off the words, up to ; or | or the end. Returns how many
 * words it took, or -EINVAL when < or > lacks its file.
 */
static int parse(struct command *cmd, char **words, int count)
{
	int i;

	*cmd = (struct command){.argc = 0};
	for (i = 0; i < count; i++) {
		char *word = words[i];

		if (word == semicolon || word == bar)
			break;
		if (word != from && word != to) {
			cmd->argv[cmd->argc++] = word;
			continue;
		}
		if (++i == count || special(*words[i]) == words[i])
			return -EINVAL;
		*(word == from ? &cmd->input : &cmd->output) = words[i];
	}
	return i;
}

static void open_as(int fd, const char *path, int flags)
{
	int file = open(path, flags, 0644);

	if (file < 0) {
		dprintf(2, "sh: %s: %s\n", path, error_name(file));
		exit(1);
	}
	dup2(file, fd);
	close(file);
}

static bool run_builtin(const struct command *cmd)
{
	const char *name = cmd->argv[0];

	if (!cmd->argc)
		return false;
	if (strcmp(name, "exit") == 0) {
		exit(cmd->argc > 1 ? (int)strtoul(cmd->argv[1], NULL)
				   : last_status);
	} else if (strcmp(name, "cd") == 0) {
		int error = chdir(cmd->argc > 1 ? cmd->argv[1] : "/");

		if (error)
			dprintf(2, "sh: cd: %s\n", error_name(error));
		last_status = error != 0;
	} else if (strcmp(name, "help") == 0) {
		write(1, help, sizeof(help) - 1);
	} else {
		return false;
	}
	return true;
}

/* In the child: become the program. */
static _Noreturn void become(const struct command *cmd)
{
	struct sigaction normal = {.sa_handler = SIG_DFL};

	sigaction(SIGINT, &normal, NULL);
	if (cmd->input)
		open_as(0, cmd->input, O_RDONLY);
	if (cmd->output)
		open_as(1, cmd->output, O_WRONLY | O_CREAT | O_TRUNC);
	if (!cmd->argc || run_builtin(cmd))
		exit(last_status);
	long error = exec_program(cmd->argv);

	dprintf(2, "sh: %s: %s\n", cmd->argv[0], error_name(error));
	exit(127);
}

/* Start a command with `in` and `out` as 0 and 1; `other` is closed there. */
static int start(const struct command *cmd, int in, int out, int other)
{
	int pid = fork();

	if (pid)
		return pid;
	if (other >= 0)
		close(other);
	if (in != 0) {
		dup2(in, 0);
		close(in);
	}
	if (out != 1) {
		dup2(out, 1);
		close(out);
	}
	become(cmd);
}

static void wait_for(const struct command *cmd, int pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		dprintf(2, "sh: fork: %s\n", error_name(pid));
		last_status = 1;
		return;
	}
	if (WIFSIGNALED(status))
		dprintf(2, "sh: %s: killed by %s\n", cmd->argv[0],
			signal_name(WTERMSIG(status)));
	last_status = exit_code(status);
}

static void run_pair(const struct command *first, const struct command *second)
{
	int ends[2];
	int error = pipe(ends);

	if (error) {
		dprintf(2, "sh: pipe: %s\n", error_name(error));
		return;
	}
	int left = start(first, 0, ends[1], ends[0]);
	int right = start(second, ends[0], 1, ends[1]);

	close(ends[0]);
	close(ends[1]);
	wait_for(first, left);
	wait_for(second, right);
}

/* Run what `words` say; returns false when they say nothing sensible. */
static bool run_words(char **words, int count)
{
	struct command first, second;

	while (count > 0) {
		int used = parse(&first, words, count);

		if (used < 0)
			return false;
		bool piped = used < count && words[used] == bar;
		words += used + (used < count);
		count -= used + (used < count);
		if (!piped) {
			if (!run_builtin(&first) && used > 0)
				wait_for(&first, start(&first, 0, 1, -1));
			continue;
		}
		used = parse(&second, words, count);
		if (!first.argc || used <= 0 || !second.argc ||
		    (used < count && words[used] == bar))
			return false;
		words += used + (used < count);
		count -= used + (used < count);
		run_pair(&first, &second);
	}
	return true;
}

static void run_line(const char *line)
{
	static char text[2 * MAX_LINE];
	static char *words[MAX_WORDS];

	if (!run_words(words, split(line, text, words))) {
		dprintf(2, "sh: cannot make sense of that; try help\n");
		last_status = 2;
	}
}

/* Read a line, without its end; returns false at the end of the input. */
static bool read_line(char *line)
{
	size_t len = 0;
	char c = 0;

	while (read(0, &c, 1) == 1) {
		if (c == '\n')
			break;
		if (len < MAX_LINE - 1)
			line[len++] = c;
	}
	line[len] = '\0';
	return c == '\n' || len > 0;
}

int main(int argc, char **argv)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	static char line[MAX_LINE];
	struct termios term;
	bool prompt = sys(SYS_ioctl, 0, TCGETS, &term) == 0;

	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		run_line(argv[2]);
		return last_status;
	}
	sigaction(SIGINT, &ignore, NULL);
	if (prompt)
		printf("faultline shell; help tells what it can do\n");
	for (;;) {
		if (prompt)
			printf("$ ");
		if (!read_line(line))
			return last_status;
		run_line(line);
	}
}
