/* SPDX-License-Identifier: MIT */
/*
 * The calls of sbi.h. The calling convention (SBI 1.0, chapter 3): extension
 * in a7, function in a6, arguments in a0-a5; error and value come back in a0
 * and a1 and every other register is kept. sbi_call() takes its arguments in
 * that order, so that none has to be moved.
 */
#include "sbi/sbi.h"

enum {
	LEGACY_PUTCHAR = 1,
	LEGACY_GETCHAR = 2,
	LEGACY_SHUTDOWN = 8,
};

struct sbi_ret sbi_call(long arg0, long arg1, long arg2, long arg3, long arg4,
			long arg5, long fid, long ext)
{
	register long a0 __asm__("a0") = arg0;
	register long a1 __asm__("a1") = arg1;
	register long a2 __asm__("a2") = arg2;
	register long a3 __asm__("a3") = arg3;
	register long a4 __asm__("a4") = arg4;
	register long a5 __asm__("a5") = arg5;
	register long a6 __asm__("a6") = fid;
	register long a7 __asm__("a7") = ext;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbi_ret){a0, a1};
}

bool sbi_probe(long ext)
{
	struct sbi_ret ret = sbi_call(ext, 0, 0, 0, 0, 0, 3, SBI_EXT_BASE);

	return ret.error == 0 && ret.value != 0;
}

void sbi_set_timer(uint64_t when)
{
	sbi_call((long)when, 0, 0, 0, 0, 0, 0, SBI_EXT_TIME);
}

void sbi_send_ipi(uint64_t mask, uint64_t base)
{
	sbi_call((long)mask, (long)base, 0, 0, 0, 0, 0, SBI_EXT_IPI);
}

void sbi_remote_fence_i(uint64_t mask, uint64_t base)
{
	sbi_call((long)mask, (long)base, 0, 0, 0, 0, 0, SBI_EXT_RFENCE);
}

void sbi_remote_sfence(uint64_t mask, uint64_t base, vaddr_t start,
		       uint64_t size)
{
	sbi_call((long)mask, (long)base, (long)start, (long)size, 0, 0, 1,
		 SBI_EXT_RFENCE);
}

void sbi_remote_sfence_asid(uint64_t mask, uint64_t base, vaddr_t start,
			    uint64_t size, unsigned asid)
{
	sbi_call((long)mask, (long)base, (long)start, (long)size, asid, 0, 2,
		 SBI_EXT_RFENCE);
}

long sbi_hart_start(uint64_t hart_id, paddr_t entry, uint64_t opaque)
{
	return sbi_call((long)hart_id, (long)entry, (long)opaque, 0, 0, 0, 0,
			SBI_EXT_HSM)
	    .error;
}

void sbi_shutdown(bool failure)
{
	sbi_call(0, failure, 0, 0, 0, 0, 0, SBI_EXT_SRST);
	sbi_call(0, 0, 0, 0, 0, 0, 0, LEGACY_SHUTDOWN);
}

long sbi_console_write(paddr_t buf, size_t len)
{
	struct sbi_ret ret =
	    sbi_call((long)len, (long)buf, 0, 0, 0, 0, 0, SBI_EXT_DBCN);

	return ret.error ? ret.error : ret.value;
}

long sbi_console_read(paddr_t buf, size_t len)
{
	struct sbi_ret ret =
	    sbi_call((long)len, (long)buf, 0, 0, 0, 0, 1, SBI_EXT_DBCN);

	return ret.error ? ret.error : ret.value;
}

void sbi_putchar(char c)
{
	sbi_call((unsigned char)c, 0, 0, 0, 0, 0, 0, LEGACY_PUTCHAR);
}

int sbi_getchar(void)
{
	return (int)sbi_call(0, 0, 0, 0, 0, 0, 0, LEGACY_GETCHAR).error;
}
