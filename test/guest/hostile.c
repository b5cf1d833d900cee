/* SPDX-License-Identifier: MIT */
/*
 * hostile [SECONDS [SEED]]: every system call with random registers.
 *
 * Four lanes work side by side. A lane starts one victim after the other, a
 * process in a group of its own and with limits, which makes a few hundred
 * calls and then ends, or crashes, or hangs and is killed: nothing of that
 * matters. What counts is that the kernel and everyone else live on.
 *
 * A call that could reach beyond the victim by right, not by a bug, is left
 * out or has its process id replaced. The same seed makes the same calls.
 */
#include "abi/shm.h"
#include "test/guest/guest.h"

#define LANES	 4
#define CALLS	 300 /* of one victim */
#define PATIENCE 100 /* milliseconds until a victim is killed */
#define HIGHEST	 (SYS_MAX + 10)

static unsigned seconds = 10;
static uint64_t seed = 1;

static uint64_t random_state;

/* splitmix64 */
static uint64_t random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
	return random() % n;
}

/* They act on other processes, on the machine, or end the victim at once. */
static const short left_out[] = {
    SYS_exit,
    SYS_exit_group,
    SYS_reboot,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_vhangup,
    SYS_setsid,
    SYS_setpgid,
    SYS_ptrace,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
    SYS_pidfd_send_signal,
    SYS_process_mrelease,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_swapoff,
    SYS_syslog,
};

/* Their first argument names a process: let it be the victim's own. */
static const short name_a_process[] = {
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_prlimit64,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_setpriority,
    SYS_sched_setaffinity,
};

static bool is_in(const short *list, size_t count, uint64_t nr)
{
	for (size_t i = 0; i < count; i++)
		if ((uint64_t)list[i] == nr)
			return true;
	return false;
}

/* Memory of several kinds for pointers to point at; one page each. */
enum { WRITABLE, READABLE, FORBIDDEN, MISSING, SHARED, KINDS };

static char *room;

static void make_room(void)
{
	static const char *const paths[] = {"/tmp/hostile", "/", "/dev/null",
					    "/proc/self/maps"};

	room = anon(KINDS, RW);
	for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
		memcpy(room + i * 64, paths[i], strlen(paths[i]));
		memcpy(room + READABLE * PAGE + i * 64, paths[i],
		       strlen(paths[i]));
	}
	mprotect(room + READABLE * PAGE, PAGE, PROT_READ);
	mprotect(room + FORBIDDEN * PAGE, PAGE, PROT_NONE);
	munmap(room + MISSING * PAGE, PAGE);
	mmap(room + SHARED * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED,
	     memfd_create("room", 0), 0);
}

static uint64_t random_address(void)
{
	static const uint64_t strange[] = {
	    0,
	    8,
	    1UL << 38,
	    (1UL << 38) - PAGE,
	    1UL << 63,
	    0xffffffff80200000,
	    0xffffffc080000000,
	    0xffffffc080200000,
	    -4096UL,
	    -1UL,
	    1UL << 47,
	};
	uint64_t page = (uintptr_t)room + below(KINDS) * PAGE;

	switch (below(6)) {
	case 0:
		return strange[below(ARRAY_SIZE(strange))] + below(16);
	case 1:
		return page + PAGE - below(64);
	case 2:
		return page;
	default:
		return page + below(4) * 64;
	}
}

static uint64_t random_value(void)
{
	switch (below(8)) {
	case 0:
		return random();
	case 1:
		return -below(4);
	case 2:
		return 1UL << below(64);
	case 3:
		return below(20) * PAGE;
	case 4:
	case 5:
		return below(16);
	default:
		return random_address();
	}
}

static void random_call(uint64_t nr, int pid)
{
	uint64_t args[6];

	for (int i = 0; i < 6; i++)
		args[i] = random_value();
	if (is_in(left_out, ARRAY_SIZE(left_out), nr))
		return;
	if (is_in(name_a_process, ARRAY_SIZE(name_a_process), nr))
		args[0] = nr == SYS_prlimit64 ? 0 : (uint64_t)pid;
	sys(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}

/* What the victim may use up. */
static void confine(void)
{
	static const struct {
		int what;
		uint64_t limit;
	} limits[] = {
	    {RLIMIT_AS, 64UL << 20}, {RLIMIT_FSIZE, 1UL << 20}, {RLIMIT_CPU, 2},
	    {RLIMIT_CORE, 0},	     {RLIMIT_NOFILE, 64},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++)
		setrlimit(limits[i].what, limits[i].limit, limits[i].limit);
}

static _Noreturn void be_victim(uint64_t start)
{
	int null = open("/dev/null", O_RDWR, 0), fds[2];
	int pid = getpid();

	if (null < 0)
		exit(1); /* no memory; and our output is not for random calls */
	random_state = start;
	sys(SYS_setpgid, 0, 0);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	pipe(fds);
	memfd_create("victim", 0);
	open("/tmp", O_RDONLY, 0);
	make_room();
	confine();
	for (int i = 0; i < CALLS; i++) {
		/* Mostly in turn, so that each is called; some are absurd. */
		uint64_t nr = (start + (uint64_t)i) % HIGHEST;

		random_call(below(50) ? nr : random(), pid);
		if (getpid() != pid || gettid() != pid)
			sys(SYS_exit, 0); /* made by a call to clone */
	}
	exit(0);
}

/* Reap everything of the group, after a while by force. */
static void end_victim(int pid)
{
	uint64_t start = now_ns();
	int status, found;

	while ((found = waitpid(-1, &status, WNOHANG)) != -ECHILD) {
		if (found == 0 && now_ns() - start > PATIENCE * 1000000UL) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
		}
		if (found == pid)
			kill(-pid, SIGKILL);
		if (found == 0)
			sleep_ms(1);
		if (now_ns() - start > 20000000000UL)
			tap_fail(__FILE__, __LINE__, "a victim can be killed");
	}
}

static void run_lane(uint64_t start)
{
	uint64_t until = now_ns() + seconds * 1000000000UL;
	int victims = 0;

	for (; now_ns() < until; victims++) {
		uint64_t first = start + (uint64_t)victims * CALLS;
		int pid = fork();

		if (pid == 0)
			be_victim(first);
		CHECK(pid > 0);
		end_victim(pid);
	}
	printf("# lane with seed %lu: %d victims\n", (unsigned long)start,
	       victims);
}

static bool run_lanes(void)
{
	int pids[LANES], status;
	bool good = true;

	for (int i = 0; i < LANES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			run_lane(seed * 1000003 + (uint64_t)i * 7000000001);
			exit(0);
		}
	}
	for (int i = 0; i < LANES; i++)
		good &= waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	return good;
}

/* Segments of shared memory outlive those who made them. */
static void remove_segments(void)
{
	struct shminfo info;
	struct shmid_ds ds;
	long highest = sys(SYS_shmctl, 0, IPC_INFO, &info);

	for (long i = 0; i <= highest; i++) {
		long id = sys(SYS_shmctl, i, SHM_STAT, &ds);

		if (id >= 0)
			sys(SYS_shmctl, id, IPC_RMID, NULL);
	}
}

/* Memory, files, processes: a little of each still works. */
static void still_works(void *arg)
{
	char *p = anon(100, RW);
	int fd = file_of(3);

	(void)arg;
	memset(p, 1, 100 * PAGE);
	EQ(get(map_fd(fd, 3, RW, MAP_SHARED) + 2 * PAGE), 'C');
	int pid = fork();
	if (pid == 0)
		exit(p[50] + 1);
	joined(pid, 2);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = (unsigned)strtoul(argv[1], NULL);
	if (argc > 2)
		seed = strtoul(argv[2], NULL);
	printf("1..2\n# seed %lu, %u s\n", (unsigned long)seed, seconds);
	bool good = run_lanes();
	unlink("/tmp/hostile");
	remove_segments();
	printf("%sok 1 - random system calls\n", good ? "" : "not ");
	bool works = in_child(still_works, NULL) == 0;
	printf("%sok 2 - everything still works\n", works ? "" : "not ");
	return !(good && works);
}
