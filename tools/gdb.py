# SPDX-License-Identifier: MIT
"""Commands for gdb that know the kernel's structures. Load with -x.

    fl-maps         areas of the running address space, in order
    fl-pt ADDRESS   the page table entries that translate an address
    fl-fault        the last trap of this hart, and the area it hit

Everything is read from physical memory, with our own walk of the page tables,
so that the commands work whatever the hart is running: a debugger that asks
through the MMU sees no kernel memory while a program runs.
"""

import gdb

DIRECT_MAP = 0xFFFFFFC000000000
DIRECT_MAP_END = 0xFFFFFFD000000000
PAGE_SHIFT, LEVEL_BITS, LEVELS = 12, 9, 3
MASK = (1 << 64) - 1
PTE_BITS = "VRWXUGAD"
CAUSES = {2: "illegal instruction", 3: "breakpoint", 8: "system call",
          12: "instruction page fault", 13: "load page fault",
          15: "store page fault"}
FLAGS = [(1, "r"), (2, "w"), (4, "x"), (8, "s")]


def number(expression):
    return int(gdb.parse_and_eval(expression).cast(
        gdb.lookup_type("unsigned long"))) & MASK


class Physical:
    """While active, QEMU answers reads of physical addresses."""

    @staticmethod
    def _mode(on):
        gdb.execute(f"maintenance packet Qqemu.PhyMemMode:{on}",
                    to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)

    def __enter__(self):
        self._mode(1)

    def __exit__(self, *_):
        self._mode(0)


def read_physical(pa, length):
    with Physical():
        return gdb.selected_inferior().read_memory(pa, length).tobytes()


def root_table():
    """Physical address of the root table that the hart uses; 0: none."""
    satp = number("$satp")
    return (satp & (1 << 44) - 1) << PAGE_SHIFT if satp >> 60 == 8 else 0


def walk(va):
    """(level, address of the entry, entry) from the root to the leaf."""
    table = root_table()
    for level in reversed(range(LEVELS)):
        shift = PAGE_SHIFT + LEVEL_BITS * level
        where = table + 8 * (va >> shift & (1 << LEVEL_BITS) - 1)
        entry = int.from_bytes(read_physical(where, 8), "little")
        yield level, where, entry
        if not entry & 1 or entry & 0xE:
            return
        table = (entry >> 10 & (1 << 44) - 1) << PAGE_SHIFT


def translate(va):
    """The physical address behind va; ValueError when there is none."""
    if DIRECT_MAP <= va < DIRECT_MAP_END:
        return va - DIRECT_MAP
    level, _, entry = list(walk(va))[-1]
    if not entry & 1 or not entry & 0xE:
        raise ValueError(f"{va:#x} is not mapped")
    size = 1 << PAGE_SHIFT + LEVEL_BITS * level
    return ((entry >> 10 & (1 << 44) - 1) << PAGE_SHIFT) + (va & size - 1)


def load(type_name, va):
    """A copy of the struct at va, as a gdb value."""
    kind = gdb.lookup_type(type_name)
    data = bytearray()
    while len(data) < kind.sizeof:
        at = va + len(data)
        piece = min(kind.sizeof - len(data), 4096 - at % 4096)
        data += read_physical(translate(at), piece)
    return gdb.Value(bytes(data), kind)


def pointer(value):
    return int(value) & MASK


def offset_of(type_name, field):
    return gdb.lookup_type(type_name)[field].bitpos // 8


def current_mm():
    """The mm of the running thread, or None: see kernel/riscv/thread.h."""
    thread = number("$sscratch") or number("$tp")
    mm = pointer(load("struct thread", thread)["mm"])
    return load("struct mm_struct", mm) if mm else None


def areas(node):
    """The areas below a node of the tree, by address."""
    if node:
        rb = load("struct rb_node", node)
        yield from areas(pointer(rb["left"]))
        yield load("struct vm_area_struct",
                   node - offset_of("struct vm_area_struct", "vm_rb"))
        yield from areas(pointer(rb["right"]))


def area_text(vma):
    bits = int(vma["vm_flags"]["bits"])
    perms = "".join(c if bits & bit else "-" for bit, c in FLAGS[:3])
    perms += "s" if bits & 8 else "p"
    kind = "anonymous" if not pointer(vma["vm_file"]) else \
        f"file {pointer(vma['vm_file']):#x}"
    return (f"{int(vma['vm_start']):#014x}-{int(vma['vm_end']):#014x} {perms}"
            f" pgoff {int(vma['vm_pgoff']):#x} {kind}")


class Command(gdb.Command):
    """A command whose problems are one line, not a traceback."""

    def __init__(self, name):
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        try:
            self.run(argument)
        except ValueError as error:
            raise gdb.GdbError(str(error)) from error


class Maps(Command):
    """Print the areas of the running address space."""

    def run(self, _argument):
        mm = current_mm()
        if mm is None:
            raise ValueError("a kernel thread has no address space")
        for vma in areas(pointer(mm["mm_rb"]["node"])):
            print(area_text(vma))


class PageTable(Command):
    """Print the page table entries that translate ADDRESS."""

    def run(self, argument):
        if not root_table():
            raise ValueError("translation is off")
        for level, where, entry in walk(number(argument or "$pc")):
            bits = "".join(c if entry >> at & 1 else "-"
                           for at, c in enumerate(PTE_BITS))
            print(f"level {level}  entry at {where:#x}  {entry:#018x}  "
                  f"page {(entry >> 10 & (1 << 44) - 1):#x}  {bits}")


class Fault(Command):
    """Print the last trap of this hart and the area of its address."""

    def run(self, _argument):
        cause, va = number("$scause"), number("$stval")
        what = "interrupt" if cause >> 63 else CAUSES.get(cause, "exception")
        print(f"scause {cause & MASK >> 1} ({what})  stval {va:#x}  "
              f"sepc {number('$sepc'):#x}")
        mm = current_mm()
        if mm is None or cause not in (12, 13, 15):
            return
        for vma in areas(pointer(mm["mm_rb"]["node"])):
            if int(vma["vm_start"]) <= va < int(vma["vm_end"]):
                print("area", area_text(vma))
                return
        print("area none")


Maps("fl-maps")
PageTable("fl-pt")
Fault("fl-fault")

# Without this, "stepi" over a trapping instruction runs through the whole
# handler: gdb then knows Linux, where the kernel is out of sight.
gdb.execute("set osabi none")
gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set stack-cache off")
gdb.execute("set code-cache off")
