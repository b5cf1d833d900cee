/* SPDX-License-Identifier: MIT */
/*
 * proc_pid_maps(5), proc_pid_smaps(5), proc_pid_statm(5), proc_pid_status(5),
 * proc_pid_pagemap(5): what a process sees of its own memory.
 */
#include "test/conform/conform.h"

TEST(maps_shows_bounds)
{
	char *p = island(3, RW);
	struct area area = area_at(p + PAGE);

	EQ(area.start, (uintptr_t)p);
	EQ(area.end, (uintptr_t)p + 3 * PAGE);
}

TEST(maps_shows_no_offset_and_inode_for_anonymous_memory)
{
	struct area area = area_at(island(1, RW));

	EQ(area.offset, 0);
	EQ(area.inode, 0);
	EQ(area.name[0], '\0');
}

TEST(maps_shows_shared_anonymous_memory)
{
	struct area area = area_at(shared(1, RW));

	EQ(strcmp(area.perms, "rw-s"), 0);
	CHECK(area.inode != 0);
	EQ(strcmp(area.name, "/dev/zero (deleted)"), 0);
}

TEST(maps_shows_memfd_names)
{
	char *p = map_fd(memfd_create("mine", 0), 1, RW, MAP_SHARED);

	EQ(strcmp(area_at(p).name, "/memfd:mine (deleted)"), 0);
}

TEST(maps_shows_the_path_of_a_file)
{
	int fd = open("/tmp/maps_path", O_RDWR | O_CREAT, 0600);
	struct stat st;

	EQ(fstat(fd, &st), 0);
	struct area area = area_at(map_fd(fd, 1, PROT_READ, MAP_PRIVATE));
	EQ(strcmp(area.name, "/tmp/maps_path"), 0);
	EQ(area.inode, st.st_ino);
	unlink("/tmp/maps_path");
}

TEST(maps_is_sorted_and_without_overlap)
{
	static char text[16384];
	uint64_t last = 0;
	char *line = text;

	CHECK(read_file("/proc/self/maps", text, sizeof(text)) > 0);
	for (int i = 0; i < 100 && *line; i++) {
		uint64_t start = 0;
		for (; *line != '-'; line++)
			start = start << 4 |
				(uint64_t)(*line <= '9' ? *line - '0'
							: *line - 'a' + 10);
		CHECK(start >= last);
		last = start;
		line = strchr(line, '\n') + 1;
	}
	CHECK(last > 0);
}

TEST(maps_joins_neighbours_that_are_alike)
{
	char *p = hole(3);

	for (int i = 0; i < 3; i++)
		EQ(map(p + i * PAGE, PAGE, RW, ANON | MAP_FIXED),
		   (long)(p + i * PAGE));
	EQ(areas_in(p, 3 * PAGE), 1);
}

TEST(maps_joins_file_neighbours_when_offsets_meet)
{
	char *p = hole(2);
	int fd = file_of(2);

	for (int i = 0; i < 2; i++)
		EQ((long)mmap(p + i * PAGE, PAGE, PROT_READ,
			      MAP_SHARED | MAP_FIXED, fd, (int64_t)(i * PAGE)),
		   (long)(p + i * PAGE));
	EQ(areas_in(p, 2 * PAGE), 1);
}

TEST(maps_keeps_file_neighbours_apart_when_offsets_do_not_meet)
{
	char *p = hole(2);
	int fd = file_of(2);

	for (int i = 0; i < 2; i++)
		EQ((long)mmap(p + i * PAGE, PAGE, PROT_READ,
			      MAP_SHARED | MAP_FIXED, fd, 0),
		   (long)(p + i * PAGE));
	EQ(areas_in(p, 2 * PAGE), 2);
}

TEST(smaps_counts_resident_pages)
{
	char *p = island(4, RW);

	EQ(smaps_kib(p, "Size:"), 16);
	EQ(smaps_kib(p, "Rss:"), 0);
	put(p, 1);
	put(p + 3 * PAGE, 1);
	EQ(smaps_kib(p, "Rss:"), 8);
	EQ(smaps_kib(p, "Anonymous:"), 8);
	EQ(smaps_kib(p, "Private_Dirty:"), 8);
}

TEST(smaps_counts_shared_pages_in_shares)
{
	char *p = filled(4);
	int pid = fork();

	if (pid == 0) {
		EQ(smaps_kib(p, "Rss:"), 16);
		EQ(smaps_kib(p, "Pss:"), 8);
		EQ(smaps_kib(p, "Private_Dirty:"), 0);
		EQ(smaps_kib(p, "Shared_Dirty:"), 16);
		EQ(smaps_kib(p, "Pss_Dirty:"), 8);
		put(p, 1);
		EQ(smaps_kib(p, "Private_Dirty:"), 4);
		exit(0);
	}
	joined(pid, 0);
	EQ(smaps_kib(p, "Private_Dirty:"), 16);
}

TEST(smaps_does_not_count_the_zero_page)
{
	char *p = island(2, RW);

	EQ(get(p), 0);
	EQ(smaps_kib(p, "Anonymous:"), 0);
}

TEST(smaps_says_the_page_sizes)
{
	char *p = island(1, RW);

	EQ(smaps_kib(p, "KernelPageSize:"), 4);
	EQ(smaps_kib(p, "MMUPageSize:"), 4);
}

TEST(smaps_flags_follow_the_protection)
{
	char *p = island(1, RW);

	CHECK(has_vm_flag(p, "rd"));
	CHECK(has_vm_flag(p, "wr"));
	CHECK(!has_vm_flag(p, "ex"));
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	CHECK(!has_vm_flag(p, "wr"));
	CHECK(has_vm_flag(p, "mw"));
}

TEST(status_size_follows_mmap)
{
	long before = status_kib("VmSize:");

	anon(256, PROT_NONE);
	EQ(status_kib("VmSize:"), before + 1024);
}

TEST(status_data_follows_private_writable_memory)
{
	long before = status_kib("VmData:");
	char *p = anon(256, RW);

	EQ(status_kib("VmData:"), before + 1024);
	EQ(mprotect(p, 256 * PAGE, PROT_READ), 0);
	EQ(status_kib("VmData:"), before);
}

TEST(status_tells_kinds_of_resident_pages_apart)
{
	long anonymous = status_kib("RssAnon:"), file = status_kib("RssFile:");
	long shmem = status_kib("RssShmem:");

	memset(anon(256, RW), 1, 256 * PAGE);
	memset(shared(256, RW), 1, 256 * PAGE);
	CHECK(status_kib("RssAnon:") >= anonymous + 1024);
	CHECK(status_kib("RssShmem:") >= shmem + 1024);
	CHECK(status_kib("RssFile:") < file + 512);
}

TEST(status_remembers_the_largest_size)
{
	EQ(munmap(anon(512, RW), 512 * PAGE), 0);
	CHECK(status_kib("VmPeak:") >= status_kib("VmSize:") + 2048);
}

TEST(statm_counts_pages)
{
	static char text[256];
	char *p;

	CHECK(read_file("/proc/self/statm", text, sizeof(text)) > 0);
	unsigned long size = strtoul(text, &p);
	unsigned long resident_pages = strtoul(p + 1, &p);

	EQ(size * 4, status_kib("VmSize:"));
	CHECK(resident_pages > 0);
	CHECK(resident_pages <= size);
}

static uint64_t pagemap(const volatile void *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY, 0);
	uint64_t word = 0;

	CHECK(fd >= 0);
	EQ(pread(fd, &word, 8, (int64_t)((uintptr_t)p / PAGE * 8)), 8);
	close(fd);
	return word;
}

TEST(pagemap_tells_present_pages)
{
	char *p = island(2, RW);

	put(p, 1);
	EQ(pagemap(p) >> 63, 1);
	EQ(pagemap(p + PAGE) >> 63, 0);
	EQ(pagemap(hole(1)) >> 63, 0);
}

TEST(pagemap_shows_root_the_frame)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	char *q = map_fd(fd, 1, RW, MAP_SHARED);
	uint64_t frame = (1UL << 55) - 1;

	put(p, 1);
	put(q, 1);
	CHECK((pagemap(p) & frame) != 0);
	EQ(pagemap(p) & frame, pagemap(q) & frame);
}

TEST(pagemap_shows_copy_on_write)
{
	char *p = filled(1);
	uint64_t before = pagemap(p);
	int pid = fork();

	if (pid == 0) {
		EQ(pagemap(p) << 9, before << 9);
		put(p, 'x');
		CHECK(pagemap(p) << 9 != before << 9);
		exit(0);
	}
	joined(pid, 0);
}

TEST(pagemap_tells_file_pages_from_anonymous_ones)
{
	char *p = map_fd(file_of(1), 1, RW, MAP_PRIVATE);

	EQ(get(p), 'A');
	EQ(pagemap(p) >> 61 & 1, 1);
	put(p, 'x');
	EQ(pagemap(p) >> 61 & 1, 0);
}

TEST(pagemap_tells_exclusive_pages)
{
	char *p = filled(1);
	int pid;

	EQ(pagemap(p) >> 56 & 1, 1);
	pid = fork();
	if (pid == 0)
		exit((int)(pagemap(p) >> 56 & 1));
	joined(pid, 0);
}

TEST(proc_mem_reads_memory)
{
	char *p = filled(1), c = 0;
	int fd = open("/proc/self/mem", O_RDWR, 0);

	CHECK(fd >= 0);
	EQ(pread(fd, &c, 1, (int64_t)(uintptr_t)p), 1);
	EQ(c, 'A');
}

TEST(proc_mem_of_nothing_is_eio)
{
	char c;
	int fd = open("/proc/self/mem", O_RDWR, 0);

	EQ(pread(fd, &c, 1, (int64_t)(uintptr_t)hole(1)), -EIO);
}

TEST(smaps_has_the_documented_lines)
{
	static const char *const lines[] = {
	    "Size:",	      "KernelPageSize:",
	    "MMUPageSize:",   "Rss:",
	    "Pss:",	      "Pss_Dirty:",
	    "Shared_Clean:",  "Shared_Dirty:",
	    "Private_Clean:", "Private_Dirty:",
	    "Referenced:",    "Anonymous:",
	    "LazyFree:",      "AnonHugePages:",
	    "Swap:",	      "SwapPss:",
	    "Locked:",	      "VmFlags:",
	};
	const char *text = smaps_of(island(1, RW));

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		CHECK(strstr(text, lines[i]) != NULL);
}

TEST(status_has_the_documented_lines_about_memory)
{
	static const char *const lines[] = {
	    "VmPeak:", "VmSize:",  "VmLck:",   "VmPin:",    "VmHWM:",
	    "VmRSS:",  "RssAnon:", "RssFile:", "RssShmem:", "VmData:",
	    "VmStk:",  "VmExe:",   "VmLib:",   "VmPTE:",    "VmSwap:",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		CHECK(status_kib(lines[i]) >= 0);
}

TEST(status_counts_page_tables)
{
	long before = status_kib("VmPTE:");
	char *p = (char *)map(NULL, 1UL << 30, RW, ANON | MAP_NORESERVE);

	for (unsigned long i = 0; i < 16; i++)
		put(p + (i << 26), 1);
	CHECK(status_kib("VmPTE:") >= before + 15 * 4);
	EQ(munmap(p, 1UL << 30), 0);
	CHECK(status_kib("VmPTE:") < before + 15 * 4);
}

TEST(status_tells_the_size_of_the_stack)
{
	char here = 0;
	struct area stack = area_at(&here);

	EQ(status_kib("VmStk:"), (long)((stack.end - stack.start) / 1024));
}

TEST(status_tells_the_size_of_the_code)
{
	struct area code = area_at((void *)area_at);

	EQ(status_kib("VmExe:"), (long)((code.end - code.start) / 1024));
}

TEST(smaps_rollup_sums_up)
{
	static char text[4096];
	char *p = anon(64, RW);

	memset(p, 1, 64 * PAGE);
	CHECK(read_file("/proc/self/smaps_rollup", text, sizeof(text)) > 0);
	CHECK(number_after(text, "Rss:") >= 256);
	CHECK(number_after(text, "Anonymous:") >= 256);
}

TEST(pagemap_hides_frames_from_all_but_root)
{
	char *p = filled(1);

	CHECK(pagemap(p) << 9 != 0);
	drop_root();
	EQ(sys(SYS_prctl, 4, 1), 0); /* PR_SET_DUMPABLE: /proc is ours again */
	EQ(pagemap(p) << 9, 0);
	EQ(pagemap(p) >> 63, 1);
}

TEST(status_remembers_the_most_that_was_resident)
{
	char *p = anon(512, RW);

	memset(p, 1, 512 * PAGE);
	EQ(munmap(p, 512 * PAGE), 0);
	CHECK(status_kib("VmHWM:") >= status_kib("VmRSS:") + 1024);
}

TAP_MAIN
