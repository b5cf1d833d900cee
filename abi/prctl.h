/* SPDX-License-Identifier: MIT */
/*
 * Small calls that share one header: prctl(2), getrandom(2), membarrier(2),
 * reboot(2) and the riscv instruction cache flush.
 */
#pragma once

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE	 3
#define PR_SET_DUMPABLE	 4
#define PR_SET_NAME	 15
#define PR_GET_NAME	 16

#define GRND_NONBLOCK 0x0001
#define GRND_RANDOM   0x0002
#define GRND_INSECURE 0x0004

#define MEMBARRIER_CMD_QUERY 0

#define LINUX_REBOOT_MAGIC1	   0xfee1deadU
#define LINUX_REBOOT_MAGIC2	   672274793
#define LINUX_REBOOT_CMD_RESTART   0x01234567
#define LINUX_REBOOT_CMD_HALT	   0xcdef0123U
#define LINUX_REBOOT_CMD_POWER_OFF 0x4321fedc

#define SYS_RISCV_FLUSH_ICACHE_LOCAL 1UL
