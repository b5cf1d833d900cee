/* SPDX-License-Identifier: MIT */
/*
 * What POSIX says beyond the pages of Linux: shared memory objects
 * (shm_open(3): files in /dev/shm), time stamps of mapped files, and what
 * exec does to memory.
 */
#include "test/conform/conform.h"

#define OBJECT "/dev/shm/conform_posix"

static int object(int flags)
{
	return open(OBJECT, flags, 0600);
}

TEST(shm_open_creates_an_empty_object)
{
	struct stat st;
	int fd = object(O_RDWR | O_CREAT | O_EXCL);

	CHECK(fd >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	EQ(unlink(OBJECT), 0);
}

TEST(shm_open_exclusively_refuses_what_exists)
{
	CHECK(object(O_RDWR | O_CREAT) >= 0);
	EQ(object(O_RDWR | O_CREAT | O_EXCL), -EEXIST);
	EQ(unlink(OBJECT), 0);
}

TEST(shm_open_of_nothing_is_enoent)
{
	EQ(object(O_RDWR), -ENOENT);
}

TEST(shm_unlink_of_nothing_is_enoent)
{
	EQ(unlink(OBJECT), -ENOENT);
}

TEST(shm_truncated_to_a_length_reads_as_zero)
{
	int fd = object(O_RDWR | O_CREAT);

	EQ(ftruncate(fd, 4 * PAGE), 0);
	char *p = map_fd(fd, 4, RW, MAP_SHARED);
	EQ(get(p), 0);
	EQ(get(p + 4 * PAGE - 1), 0);
	EQ(unlink(OBJECT), 0);
}

TEST(shm_opened_again_has_the_same_contents)
{
	int fd = object(O_RDWR | O_CREAT), again;

	EQ(ftruncate(fd, PAGE), 0);
	put(map_fd(fd, 1, RW, MAP_SHARED), 'x');
	EQ(close(fd), 0);
	again = object(O_RDONLY);
	EQ(get(map_fd(again, 1, PROT_READ, MAP_SHARED)), 'x');
	EQ(unlink(OBJECT), 0);
}

TEST(shm_opened_with_truncation_takes_access_away)
{
	int fd = object(O_RDWR | O_CREAT);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p, 'x');
	CHECK(object(O_RDWR | O_TRUNC) >= 0);
	FAULTS(probe_load(p), SIGBUS, BUS_ADRERR, p);
	EQ(unlink(OBJECT), 0);
}

TEST(shm_unlinked_lives_while_it_is_mapped)
{
	int fd = object(O_RDWR | O_CREAT);

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p, 'x');
	EQ(unlink(OBJECT), 0);
	EQ(close(fd), 0);
	EQ(get(p), 'x');
	EQ(object(O_RDWR), -ENOENT);
}

TEST(shm_name_may_be_used_again_while_the_old_is_mapped)
{
	int fd = object(O_RDWR | O_CREAT), other;

	EQ(ftruncate(fd, PAGE), 0);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	put(p, 'x');
	EQ(unlink(OBJECT), 0);
	other = object(O_RDWR | O_CREAT | O_EXCL);
	EQ(ftruncate(other, PAGE), 0);
	EQ(get(map_fd(other, 1, RW, MAP_SHARED)), 0);
	EQ(get(p), 'x');
	EQ(unlink(OBJECT), 0);
}

TEST(shm_open_read_only_refuses_writable_mappings)
{
	int fd = object(O_RDWR | O_CREAT), readable = object(O_RDONLY);

	EQ(ftruncate(fd, PAGE), 0);
	EQ(map_file(readable, PAGE, RW, MAP_SHARED, 0), -EACCES);
	EQ(ftruncate(readable, 0), -EINVAL);
	EQ(unlink(OBJECT), 0);
}

static int64_t modified(int fd)
{
	struct stat st;

	EQ(fstat(fd, &st), 0);
	return st.st_mtime * 1000000000 + (int64_t)st.st_mtime_nsec;
}

static int64_t changed(int fd)
{
	struct stat st;

	EQ(fstat(fd, &st), 0);
	return st.st_ctime * 1000000000 + (int64_t)st.st_ctime_nsec;
}

TEST(store_to_a_shared_mapping_marks_the_file_as_modified)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	int64_t mtime = modified(fd), ctime = changed(fd);

	sleep_ms(50);
	put(p, 'x');
	EQ(msync(p, PAGE, MS_SYNC), 0);
	CHECK(modified(fd) > mtime);
	CHECK(changed(fd) > ctime);
}

TEST(load_from_a_shared_mapping_does_not_mark_it_as_modified)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_SHARED);
	int64_t mtime = modified(fd);

	sleep_ms(50);
	EQ(get(p), 'A');
	EQ(modified(fd), mtime);
}

TEST(store_to_a_private_mapping_does_not_mark_the_file)
{
	int fd = file_of(1);
	char *p = map_fd(fd, 1, RW, MAP_PRIVATE);
	int64_t mtime = modified(fd);

	sleep_ms(50);
	put(p, 'x');
	EQ(munmap(p, PAGE), 0);
	EQ(modified(fd), mtime);
}

static void lock_all(void)
{
	EQ(mlockall(MCL_CURRENT | MCL_FUTURE), 0);
}

TEST(exec_removes_locks)
{
	static char text[8192];

	cat_after(lock_all, "/proc/self/status", text, sizeof(text));
	EQ(number_after(text, "VmLck:"), 0);
}

static void map_somewhere(void)
{
	EQ(map((void *)0x20000000, PAGE, RW, ANON | MAP_FIXED), 0x20000000);
}

TEST(exec_removes_mappings)
{
	static char text[8192];

	cat_after(map_somewhere, "/proc/self/maps", text, sizeof(text));
	CHECK(strstr(text, "[stack]") != NULL);
	CHECK(strstr(text, "20000000-") == NULL);
}

static void grow_heap(void)
{
	char *p = brk(NULL);

	EQ((long)brk(p + 1024 * PAGE), (long)(p + 1024 * PAGE));
}

TEST(exec_starts_with_a_new_heap)
{
	static char text[8192];

	cat_after(grow_heap, "/proc/self/status", text, sizeof(text));
	CHECK(number_after(text, "VmData:") < 2048);
}

static void set_data_limit(void)
{
	EQ(setrlimit(RLIMIT_DATA, 1234 * PAGE, 1234 * PAGE), 0);
}

TEST(exec_keeps_limits)
{
	static char text[4096];

	cat_after(set_data_limit, "/proc/self/limits", text, sizeof(text));
	EQ(number_after(text, "Max data size"), 1234 * PAGE);
}

TEST(exit_of_a_process_removes_its_mappings_only)
{
	char *p = shared(1, RW);
	int pid = fork();

	if (pid == 0) {
		put(p, 'x');
		exit(0);
	}
	joined(pid, 0);
	EQ(get(p), 'x');
	EQ(smaps_kib(p, "Private_Dirty:"), 4);
}

TEST(store_to_a_mapping_does_not_undo_times_that_are_set)
{
	struct timespec times[2] = {{1000, 0}, {2000, 0}};
	int fd = file_of(1);

	put(map_fd(fd, 1, RW, MAP_SHARED), 'x');
	EQ(sys(SYS_utimensat, fd, NULL, times, 0), 0);
	EQ(modified(fd), 2000 * 1000000000L);
}

TEST(mmap_and_a_load_mark_the_file_as_accessed)
{
	struct stat before, after;
	int fd = file_of(1);

	EQ(fstat(fd, &before), 0);
	sleep_ms(50);
	EQ(get(map_fd(fd, 1, PROT_READ, MAP_SHARED)), 'A');
	EQ(fstat(fd, &after), 0);
	CHECK(after.st_atime > before.st_atime ||
	      after.st_atime_nsec > before.st_atime_nsec);
}

TAP_MAIN
