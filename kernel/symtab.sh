#!/bin/sh
# SPDX-License-Identifier: MIT
#
# symtab.sh NM IMAGE: the functions of a kernel image as assembly, in the form
# that kernel/symbols.c reads. Local labels of assembly files are left out.

set -eu

"$1" -n "$2" | awk '
	BEGIN { n = 0 }
	$3 == "kernel_start" { start = $1 }
	$3 == "kernel_text_end" { exit }
	($2 == "t" || $2 == "T") && $3 !~ /^[.$]/ && $3 != "kernel_start" {
		# 16 digits do not fit awk numbers: the image is below 4 GiB.
		low = substr($1, 9)
		if (low == last)
			next
		last = low
		offset[n] = low
		sub(/\.(isra|part|constprop|cold).*/, "", $3)
		name[n++] = $3
	}
	END {
		base = substr(start, 9)
		print "\t.section .symbols, \"a\""
		print "\t.balign 4\n\t.globl symbol_count\nsymbol_count:"
		print "\t.4byte " n
		print "\t.globl symbol_gap\nsymbol_gap:"
		offset[-1] = base
		for (i = 0; i < n; i++)
			print "\t.2byte 0x" offset[i] " - 0x" offset[i - 1]
		print "\t.globl symbol_names\nsymbol_names:"
		for (i = 0; i < n; i++)
			print "\t.asciz \"" name[i] "\""
	}'
