/* SPDX-License-Identifier: MIT */
/*
 * Files of proc(5) that programs about memory look at: clear_refs, fdinfo,
 * mountinfo, oom_adj, timerslack_ns, kpagecount, kpageflags.
 */
#include "test/conform/conform.h"

static long write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY, 0);
	long done;

	CHECK(fd >= 0);
	done = write(fd, text, strlen(text));
	close(fd);
	return done;
}

static char *text_of(const char *path)
{
	static char text[32768];

	CHECK(read_file(path, text, sizeof(text)) > 0);
	return text;
}

TEST(clear_refs_clears_referenced_pages)
{
	char *p = filled(4);

	EQ(smaps_kib(p, "Referenced:"), 16);
	EQ(write_to("/proc/self/clear_refs", "1"), 1);
	EQ(smaps_kib(p, "Referenced:"), 0);
	EQ(smaps_kib(p, "Rss:"), 16);
	EQ(get(p), 'A');
}

TEST(clear_refs_tells_anonymous_memory_from_files)
{
	char *p = filled(1), *f = map_fd(file_of(1), 1, RW, MAP_SHARED);

	put(f, 'x');
	EQ(write_to("/proc/self/clear_refs", "3\n"), 2);
	EQ(smaps_kib(p, "Referenced:"), 4);
	EQ(smaps_kib(f, "Referenced:"), 0);
	EQ(write_to("/proc/self/clear_refs", "2"), 1);
	EQ(smaps_kib(p, "Referenced:"), 0);
}

TEST(clear_refs_leaves_memory_as_it_is)
{
	char *p = filled(3), *f = map_fd(file_of(1), 1, RW, MAP_SHARED);
	int pid;

	put(f, 'x');
	EQ(write_to("/proc/self/clear_refs", "1"), 1);
	put(p, 'x');
	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	pid = fork();
	if (pid == 0) {
		put(p, 'y');
		EQ(get(p + PAGE), 'B');
		exit(get(f));
	}
	joined(pid, 'x');
	EQ(get(p), 'x');
	IS_READONLY(p + PAGE);
	EQ(get(p + 2 * PAGE), 'C');
}

TEST(clear_refs_resets_the_peak)
{
	char *p = anon(1024, RW);

	memset(p, 1, 1024 * PAGE);
	EQ(munmap(p, 1024 * PAGE), 0);
	CHECK(status_kib("VmHWM:") > status_kib("VmRSS:") + 2048);
	EQ(write_to("/proc/self/clear_refs", "5"), 1);
	CHECK(status_kib("VmHWM:") < status_kib("VmRSS:") + 1024);
}

TEST(clear_refs_refuses_other_values)
{
	EQ(write_to("/proc/self/clear_refs", "0"), -EINVAL);
	EQ(write_to("/proc/self/clear_refs", "6"), -EINVAL);
	EQ(write_to("/proc/self/clear_refs", "x"), -EINVAL);
	EQ(write_to("/proc/self/clear_refs", "4"), 1);
}

TEST(fdinfo_tells_position_and_flags)
{
	int fd = file_of(2);
	char path[40];

	EQ(lseek(fd, 1234, SEEK_SET), 1234);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	EQ(number_after(text_of(path), "pos:"), 1234);
	EQ(number_after(text_of(path), "flags:") % 10, 2);
	CHECK(strstr(text_of(path), "mnt_id:\t") != NULL);
	CHECK(strstr(text_of(path), "ino:\t") != NULL);
	EQ(strstr(text_of(path), "flags:\t02") != NULL, 0);
	EQ(sys(SYS_fcntl, fd, F_SETFD, 1), 0);
	CHECK(strstr(text_of(path), "flags:\t02") != NULL);
	close(fd);
	EQ(open(path, O_RDONLY, 0), -ENOENT);
}

TEST(mountinfo_names_file_systems)
{
	const char *text = text_of("/proc/self/mountinfo");

	CHECK(strstr(text, " / / ") != NULL);
	CHECK(strstr(text, " /proc ") != NULL);
	CHECK(strstr(text, " - proc ") != NULL);
}

TEST(timerslack_is_kept)
{
	EQ(number_after(text_of("/proc/self/timerslack_ns"), ""), 50000);
	EQ(write_to("/proc/self/timerslack_ns", "70000"), 5);
	EQ(number_after(text_of("/proc/self/timerslack_ns"), ""), 70000);
	EQ(sys(SYS_prctl, 30), 70000); /* PR_GET_TIMERSLACK */
	EQ(write_to("/proc/self/timerslack_ns", "0"), 1);
	EQ(number_after(text_of("/proc/self/timerslack_ns"), ""), 50000);
	EQ(write_to("/proc/self/timerslack_ns", "x"), -EINVAL);
}

TEST(oom_adj_is_the_older_scale)
{
	EQ(write_to("/proc/self/oom_adj", "15"), 2);
	EQ(number_after(text_of("/proc/self/oom_score_adj"), ""), 1000);
	EQ(write_to("/proc/self/oom_score_adj", "0"), 1);
	EQ(number_after(text_of("/proc/self/oom_adj"), ""), 0);
	EQ(write_to("/proc/self/oom_adj", "8"), 1);
	EQ(number_after(text_of("/proc/self/oom_score_adj"), ""), 470);
	EQ(write_to("/proc/self/oom_adj", "16"), -EINVAL);
	EQ(write_to("/proc/self/oom_adj", "-18"), -EINVAL);
	EQ(write_to("/proc/self/oom_adj", "-17"), 3);
	EQ(strncmp(text_of("/proc/self/oom_score_adj"), "-1000", 5), 0);
	EQ(write_to("/proc/self/oom_score_adj", "0"), 1);
}

static uint64_t word_at(const char *path, uint64_t n)
{
	uint64_t word = 0;
	int fd = open(path, O_RDONLY, 0);

	CHECK(fd >= 0);
	EQ(pread(fd, &word, 8, (int64_t)(n * 8)), 8);
	close(fd);
	return word;
}

static uint64_t frame_of(const volatile void *p)
{
	uint64_t frame = word_at("/proc/self/pagemap", (uintptr_t)p / PAGE) &
			 ((1UL << 55) - 1);

	CHECK(frame != 0);
	return frame;
}

TEST(kpagecount_counts_mappings)
{
	char *p = filled(1), *f;
	int fd = file_of(1), pid;

	EQ(word_at("/proc/kpagecount", frame_of(p)), 1);
	f = map_fd(fd, 1, RW, MAP_SHARED);
	put(f, 'x');
	put(map_fd(fd, 1, RW, MAP_SHARED), 'x');
	EQ(word_at("/proc/kpagecount", frame_of(f)), 2);
	pid = fork();
	if (pid == 0) {
		EQ(word_at("/proc/kpagecount", frame_of(p)), 2);
		exit(0);
	}
	joined(pid, 0);
	EQ(word_at("/proc/kpagecount", frame_of(p)), 1);
}

TEST(kpageflags_tells_kinds_of_pages)
{
	char *p = filled(1), *f = map_fd(file_of(1), 1, RW, MAP_SHARED);
	uint64_t anonymous = word_at("/proc/kpageflags", frame_of(p)), file;

	put(f, 'x');
	file = word_at("/proc/kpageflags", frame_of(f));
	EQ(anonymous >> 12 & 1, 1); /* ANON */
	EQ(file >> 12 & 1, 0);
	EQ(anonymous >> 11 & 1, 1); /* MMAP */
	EQ(file >> 11 & 1, 1);
	EQ(anonymous >> 14 & 1, 1); /* SWAPBACKED */
	EQ(file >> 14 & 1, 1);
	EQ((anonymous | file) >> 20 & 1, 0); /* NOPAGE */
}

TEST(kpage_files_take_whole_words)
{
	static const char *const paths[] = {"/proc/kpagecount",
					    "/proc/kpageflags"};
	uint64_t word;

	for (unsigned i = 0; i < 2; i++) {
		int fd = open(paths[i], O_RDONLY, 0);

		EQ(pread(fd, &word, 8, 4), -EINVAL);
		EQ(pread(fd, &word, 4, 0), -EINVAL);
	}
}

TEST(meminfo_counts_shared_memory)
{
	long before = number_after(text_of("/proc/meminfo"), "Shmem:");
	long cached = number_after(text_of("/proc/meminfo"), "\nCached:");
	char *p = shared(512, RW);

	memset(p, 1, 512 * PAGE);
	/* Linux counts on each CPU some pages by itself. */
	CHECK(number_after(text_of("/proc/meminfo"), "Shmem:") >=
	      before + 1024);
	CHECK(number_after(text_of("/proc/meminfo"), "\nCached:") >=
	      cached + 1024);
	EQ(munmap(p, 512 * PAGE), 0);
	CHECK(number_after(text_of("/proc/meminfo"), "Shmem:") < before + 1024);
}

TAP_MAIN
