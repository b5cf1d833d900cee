/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of memory calls and accesses, on the host's Linux and on
 * mm/ as a library: after each step both must tell the same.
 *
 * The environment may say: FAULTLINE_SEED (which sequences),
 * FAULTLINE_ORACLE_SEQUENCES (how many), FAULTLINE_ORACLE_FIRST (number of the
 * first), FAULTLINE_ORACLE_JOBS (processes at a time),
 * FAULTLINE_ORACLE_REPRODUCER (name of the C program). FAULTLINE_ORACLE_LINUX
 * is the program of the Linux side, set by the build.
 *
 * Sequences run in a child of the test, so one that crashes mm/ is found and
 * made short like any other. A difference that does not come again is no
 * difference: Linux may take a page away from anybody at any time.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/host/bytes.h"
#include "test/oracle/oracle.h"

#define MAX_JOBS 16
#define WHY_LEN	 12000
#define CORPUS	 "test/oracle/corpus"

/* How a child ends. */
enum {
	ALL_EQUAL = 0,
	IS_DIFFERENT = 10,
	LINUX_FAILED = 11,
};

/* What a child tells; memory that it shares with the test. */
struct job {
	struct linux_side side;
	pid_t pid;
	uint64_t number;   /* of the sequence that it runs */
	uint32_t step;	   /* that it compares */
	char why[WHY_LEN]; /* what differs */
	/* How steps ended, to see that sequences reach something. */
	uint64_t nr_done[NR_OPS], nr_refused[NR_OPS], nr_skipped[NR_OPS];
};

static struct job *jobs; /* shared */

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static uint64_t sequence_seed(uint64_t number)
{
	return tap_seed() * 1000003 + number;
}

/* The whole of mm's side, in a form that tap_try takes. */
struct run {
	struct job *job;
	const struct sequence *seq;
};

static void run_on_mm(void *arg)
{
	static struct observation on_mm;
	struct run *run = arg;
	struct job *job = run->job;
	struct observation *seen = job->side.shared->seen;

	mm_begin(run->seq->nr);
	for (uint32_t i = 0; i < run->seq->nr && !job->why[0]; i++) {
		const struct step *step = &run->seq->step[i];

		job->step = i;
		mm_run_step(step, seen[i].was_skipped, &on_mm);
		if (job->side.shared->joins_less) {
			join_areas(&seen[i]);
			join_areas(&on_mm);
		}
		compare(step, &seen[i], &on_mm, job->why, WHY_LEN);
	}
	mm_end();
}

/* In a child: run one sequence on both sides. */
static int run_both(struct job *job, const struct sequence *seq)
{
	struct run run = {.job = job, .seq = seq};

	job->why[0] = '\0';
	job->step = 0;
	if (!linux_run(&job->side, seq))
		return LINUX_FAILED;
	if (!tap_try(run_on_mm, &run, job->why, WHY_LEN))
		return IS_DIFFERENT;
	return job->why[0] ? IS_DIFFERENT : ALL_EQUAL;
}

/* Run one sequence in a child of its own. */
static int run_apart(struct job *job, const struct sequence *seq, bool is_quiet)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (is_quiet && (!freopen("/dev/null", "w", stdout) ||
				 !freopen("/dev/null", "w", stderr)))
			_exit(LINUX_FAILED);
		_exit(run_both(job, seq));
	}
	if (pid < 0)
		return LINUX_FAILED;
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(job->why, WHY_LEN, "mm died of signal %d", WTERMSIG(status));
	return IS_DIFFERENT;
}

static bool still_fails(void *ctx, const struct sequence *seq)
{
	int end = run_apart(ctx, seq, true);

	return end != ALL_EQUAL && end != LINUX_FAILED;
}

static void print_steps(const struct sequence *seq, uint32_t bad)
{
	char line[160];

	for (uint32_t i = 0; i < seq->nr; i++) {
		step_print(line, sizeof(line), &seq->step[i]);
		tap_note("%s%s", i == bad ? "> " : "  ", line);
	}
}

static void print_why(const char *why)
{
	while (*why) {
		size_t n = strcspn(why, "\n");

		tap_note("%.*s", (int)n, why);
		why += n + (why[n] == '\n');
	}
}

/* The C program, as comments from its main function on, and as a file. */
static void print_program(const struct sequence *seq, const char *why)
{
	const char *path = getenv("FAULTLINE_ORACLE_REPRODUCER");
	bool in_main = false;
	char *text, *rest;
	size_t len;

	path = path ? path : "oracle_reproducer.c";
	if (!reproducer_write(path, seq, why))
		return;
	text = (char *)bytes_read_at(path, &len);
	text = realloc(text, len + 1);
	text[len] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		in_main |= !strncmp(line, "int main", 8);
		if (in_main)
			tap_note("%s", line);
	}
	free(text);
	tap_note("the whole C program is in %s", path);
}

/* Report a sequence that failed; false: it does not fail again. */
static bool report(struct job *job, const struct sequence *found)
{
	struct sequence seq = *found;

	for (unsigned i = 0; !still_fails(job, &seq); i++)
		if (i == 3)
			return false;
	shrink(&seq, still_fails, job);
	run_apart(job, &seq, false);
	tap_note("step %u of %u differs:", job->step + 1, seq.nr);
	print_steps(&seq, job->step);
	print_why(job->why);
	print_program(&seq, job->why);
	return true;
}

static void count_steps(struct job *job, const struct sequence *seq)
{
	for (uint32_t i = 0; i < seq->nr; i++) {
		const struct observation *seen = &job->side.shared->seen[i];
		uint32_t op = seq->step[i].op;

		if (seen->was_skipped)
			job->nr_skipped[op]++;
		else if (seen->result < 0 || seen->signal)
			job->nr_refused[op]++;
		else
			job->nr_done[op]++;
	}
}

static void print_counts(uint64_t nr_jobs)
{
	for (unsigned op = 0; op < NR_OPS; op++) {
		uint64_t done = 0, refused = 0, skipped = 0;

		for (uint64_t i = 0; i < nr_jobs; i++) {
			done += jobs[i].nr_done[op];
			refused += jobs[i].nr_refused[op];
			skipped += jobs[i].nr_skipped[op];
		}
		tap_note("%-12s %8llu done %8llu refused %8llu skipped",
			 op_info[op].name, (unsigned long long)done,
			 (unsigned long long)refused,
			 (unsigned long long)skipped);
	}
}

/* In a child: every `stride`-th sequence from `first` to `end`. */
static _Noreturn void job_main(struct job *job, uint64_t end, uint64_t stride)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (; job->number < end; job->number += stride) {
		struct sequence seq;
		int status;

		generate(&seq, sequence_seed(job->number));
		status = run_both(job, &seq);
		if (status != ALL_EQUAL)
			_exit(status);
		count_steps(job, &seq);
	}
	_exit(ALL_EQUAL);
}

static void job_start(struct job *job, uint64_t end, uint64_t stride)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		job_main(job, end, stride);
	if (pid < 0)
		tap_fail(__FILE__, __LINE__, "no process to be had");
	job->pid = pid; /* *job is shared: the child must not write it */
}

/* Only one difference is reported. */
static void stop_jobs(void)
{
	for (unsigned i = 0; i < MAX_JOBS; i++) {
		if (jobs[i].pid > 0 && !waitpid(jobs[i].pid, NULL, WNOHANG)) {
			kill(jobs[i].pid, SIGKILL);
			waitpid(jobs[i].pid, NULL, 0);
		}
		if (jobs[i].side.shared)
			linux_stop(&jobs[i].side);
	}
}

/* A child has ended too early. */
static void job_failed(struct job *job, int status)
{
	uint64_t number = job->number;
	struct sequence seq;

	if (WIFEXITED(status) && WEXITSTATUS(status) == LINUX_FAILED) {
		stop_jobs();
		tap_fail(__FILE__, __LINE__, "the Linux side failed");
		return;
	}
	generate(&seq, sequence_seed(number));
	if (!report(job, &seq)) {
		tap_note("sequence %llu differed once and not again",
			 (unsigned long long)number);
		return;
	}
	stop_jobs();
	tap_note("again with: FAULTLINE_SEED=%llu FAULTLINE_ORACLE_FIRST=%llu "
		 "FAULTLINE_ORACLE_SEQUENCES=1",
		 (unsigned long long)tap_seed(), (unsigned long long)number);
	tap_fail(__FILE__, __LINE__, "sequence %llu differs",
		 (unsigned long long)number);
}

static void start_linux(struct job *job)
{
	const char *program = getenv("FAULTLINE_ORACLE_LINUX");
	const char *why = program ? linux_start(&job->side, program)
				  : "FAULTLINE_ORACLE_LINUX is not set";

	if (why)
		tap_skip(why);
}

static struct job *job_of(pid_t pid, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		if (jobs[i].pid == pid)
			return &jobs[i];
	return NULL;
}

static void random_sequences(void)
{
	uint64_t nr = setting("FAULTLINE_ORACLE_SEQUENCES", 2000);
	uint64_t first = setting("FAULTLINE_ORACLE_FIRST", 0);
	uint64_t nr_jobs =
	    setting("FAULTLINE_ORACLE_JOBS",
		    nr > 5000 ? (uint64_t)sysconf(_SC_NPROCESSORS_ONLN) : 1);
	uint64_t nr_running = 0;

	nr_jobs = nr_jobs > MAX_JOBS ? MAX_JOBS : nr_jobs;
	tap_note("%llu sequences, seed %llu", (unsigned long long)nr,
		 (unsigned long long)tap_seed());
	for (; nr_running < nr_jobs; nr_running++) {
		struct job *job = &jobs[nr_running];

		start_linux(job);
		job->number = first + nr_running;
		job_start(job, first + nr, nr_jobs);
	}
	while (nr_running) {
		int status;
		struct job *job = job_of(wait(&status), nr_jobs);

		if (!job)
			continue;
		if (status) {
			job_failed(job, status);
			job->number += nr_jobs;
			job_start(job, first + nr, nr_jobs);
			continue;
		}
		nr_running--;
		linux_stop(&job->side);
	}
	print_counts(nr_jobs);
}

static int is_sequence(const struct dirent *entry)
{
	return strstr(entry->d_name, ".seq") != NULL;
}

static void load_sequence(const char *name, struct sequence *seq)
{
	char path[512], *text, *line, *rest;
	size_t len;

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	text = (char *)bytes_read(path, &len);
	text = realloc(text, len + 1);
	text[len] = '\0';
	memset(seq, 0, sizeof(*seq));
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#')
			continue;
		CHECK(seq->nr < MAX_STEPS);
		CHECK(step_parse(line, &seq->step[seq->nr++]));
	}
	free(text);
}

/* Sequences that once differed, one a file. */
static void known_sequences(void)
{
	const char *top = getenv("FAULTLINE_SOURCE");
	struct dirent **names;
	char path[512];
	int nr;

	start_linux(&jobs[0]);
	snprintf(path, sizeof(path), "%s/" CORPUS, top ? top : ".");
	nr = scandir(path, &names, is_sequence, alphasort);
	CHECK(nr > 0);
	for (int i = 0; i < nr; i++) {
		struct sequence seq;

		load_sequence(names[i]->d_name, &seq);
		if (run_apart(&jobs[0], &seq, false) == ALL_EQUAL ||
		    !report(&jobs[0], &seq))
			free(names[i]);
		else
			tap_fail(__FILE__, __LINE__, "%s differs",
				 names[i]->d_name);
	}
	free(names);
	tap_note("%d sequences", nr);
	linux_stop(&jobs[0].side);
}

static const struct tap_test tests[] = {
    TEST(known_sequences),
    TEST(random_sequences),
};

int main(int argc, char **argv)
{
	jobs = mmap(NULL, MAX_JOBS * sizeof(*jobs), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (jobs == MAP_FAILED)
		return 2;
	return tap_run(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
