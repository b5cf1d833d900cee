/* SPDX-License-Identifier: MIT */
/*
 * Programs that are damaged. Starting one fails with an error
 * number, or it starts and runs into a wall; nobody else notices.
 */
#include "test/guest/guest.h"

#define NAME	"/tmp/elf_damaged"
#define HEADER	64 /* sizes and offsets of the ELF format, 64 bits */
#define PHENT	56
#define MACHINE 18
#define PHENTSZ 54
#define PHNUM	56

/* This program as it is in its file. */
static char *image;
static size_t length;

static void load_image(void)
{
	int fd = open("/proc/self/exe", O_RDONLY, 0);
	struct stat st;

	CHECK(fd >= 0);
	EQ(fstat(fd, &st), 0);
	length = (size_t)st.st_size;
	image = anon(length / PAGE + 1, RW);
	for (size_t len = 0; len < length;) {
		long part = read(fd, image + len, length - len);

		CHECK(part > 0);
		len += (size_t)part;
	}
	close(fd);
}

/* Start the first `len` bytes of the image; the wait status. */
static int start(size_t len)
{
	char *argv[] = {"elf", "-", NULL};
	int status, fd = open(NAME, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	CHECK(fd >= 0);
	EQ(write(fd, image, len), (long)len);
	EQ(close(fd), 0);
	int pid = fork();
	if (pid == 0) {
		struct itimerval limit = {.it_value = {2, 0}};

		sys(SYS_setitimer, ITIMER_REAL, &limit, NULL);
		exit(100 - execve(NAME, argv, environ()));
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(unlink(NAME), 0);
	return status;
}

static int failed_with(int error)
{
	return (100 + error) << 8;
}

TEST(undamaged)
{
	load_image();
	EQ(start(length), 0);
}

TEST(cut_short)
{
	load_image();
	EQ(start(0), failed_with(ENOEXEC));
	EQ(start(3), failed_with(ENOEXEC));
	for (size_t len = 4; len < HEADER + 4 * PHENT; len += 20)
		CHECK(start(len) != 0);
	for (size_t len = PAGE / 2; len < length; len += len / 3)
		start(len); /* what is missing may not be missed */
}

TEST(another_kind_of_file)
{
	load_image();
	image[MACHINE] = 62; /* x86-64 */
	EQ(start(length), failed_with(ENOEXEC));
	load_image();
	image[4] = 1; /* 32 bits */
	CHECK(start(length) != 0);
	load_image();
	image[16] = 1; /* an object file */
	EQ(start(length), failed_with(ENOEXEC));
	load_image();
	image[PHENTSZ]++;
	EQ(start(length), failed_with(ENOEXEC));
}

TEST(no_segments)
{
	load_image();
	image[PHNUM] = image[PHNUM + 1] = 0;
	CHECK(start(length) != 0);
	image[PHNUM] = image[PHNUM + 1] = -1;
	CHECK(start(length) != 0);
}

TEST(segments_out_of_place)
{
	static const uint64_t values[] = {0,
					  1,
					  0xfff,
					  1UL << 38,
					  (1UL << 38) - 1,
					  1UL << 63,
					  0xffffffff80200000,
					  -1UL,
					  -4096UL};

	for (size_t field = 0; field < 6; field++) {
		for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
			load_image();
			uint64_t *segment = (uint64_t *)(image + HEADER);

			segment[field + 1] = values[i];
			start(length); /* in whatever way */
		}
	}
}

static uint64_t random_state;

static uint64_t random(void)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return random_state >> 33;
}

TEST(random_damage)
{
	load_image();
	char *good = anon(length / PAGE + 1, RW);

	memcpy(good, image, length);
	for (random_state = 1; random_state < 150; random_state++) {
		uint64_t seed = random_state;

		memcpy(image, good, length);
		for (int i = 0; i < 3; i++) {
			size_t at = random() % (HEADER + 4 * PHENT);

			image[at] = (char)random();
		}
		start(length);
		random_state = seed;
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-") == 0)
		return 0;
	return tap_main(argc, argv);
}
