// SPDX-License-Identifier: Apache-2.0
#include "differential/report.h"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/bits.h"

namespace kelvin::differential {

namespace {

std::string vector(const uint64_t (&v)[2]) {
    return fmt::format("{:016x}_{:016x}", v[1], v[0]);
}

void general(std::string& text, const char* name, u64 in, u64 qemu, u64 interpreted, u64 compiled) {
    if (qemu != interpreted || qemu != compiled) {
        text += fmt::format("  {:6} in {:016x}  qemu {:016x}  interpreter {:016x}  compiled {:016x}\n", name, in, qemu,
                            interpreted, compiled);
    }
}

/// Which signal a fault becomes is Linux's choice, and QEMU's differs from it.
u64 kind_of(u64 signal) {
    return signal == SIGBUS ? SIGSEGV : signal;
}

}  // namespace

std::string disassemble(u64 pc, std::span<const u32> words) {
    std::string bytes;
    for (const u32 word : words) {
        bytes += fmt::format("\\{:03o}\\{:03o}\\{:03o}\\{:03o}", word & 255, (word >> 8) & 255, (word >> 16) & 255,
                             word >> 24);
    }
    const std::string command = fmt::format(
        "f=$(mktemp) && printf '{}' > $f && aarch64-linux-gnu-objdump -D -b binary -m aarch64 -M no-aliases "
        "--adjust-vma={:#x} $f 2>/dev/null | tail -n {}; rm -f $f",
        bytes, pc, words.size());
    std::string text;
    if (FILE* output = popen(command.c_str(), "r")) {
        std::array<char, 256> line;
        while (std::fgets(line.data(), line.size(), output) != nullptr) {
            text += line.data();
        }
        pclose(output);
    }
    return text;
}

std::string differing(const Case& a, const Case& b, u64 fpsr_ignored) {
    std::string parts;
    const auto add = [&](bool differs, const char* name) {
        if (differs) {
            parts += parts.empty() ? name : std::string(" ") + name;
        }
    };
    add(kind_of(a.signal) != kind_of(b.signal), "signal");
    // Without the tag; and QEMU may say where an aligned part of the access lies.
    add(a.signal == SIGSEGV && b.signal == SIGSEGV && bits(a.fault ^ b.fault, 55, 4) != 0, "address");
    add(a.pc != b.pc, "pc");
    add(std::memcmp(a.x, b.x, sizeof a.x) != 0, "x");
    add(a.sp != b.sp, "sp");
    add(std::memcmp(a.v, b.v, sizeof a.v) != 0, "v");
    add(a.nzcv != b.nzcv, "nzcv");
    add(((a.fpsr ^ b.fpsr) & ~fpsr_ignored) != 0, "fpsr");
    add(std::memcmp(a.memory, b.memory, sizeof a.memory) != 0, "memory");
    return parts;
}

std::string describe(const Case& in, std::span<const u32> words, const Case& qemu, const Case& interpreted,
                     const Case& compiled) {
    std::string text = disassemble(in.pc, words);
    for (unsigned i = 0; i < 31; i++) {
        general(text, fmt::format("x{}", i).c_str(), in.x[i], qemu.x[i], interpreted.x[i], compiled.x[i]);
    }
    general(text, "sp", in.sp, qemu.sp, interpreted.sp, compiled.sp);
    general(text, "pc", in.pc, qemu.pc, interpreted.pc, compiled.pc);
    general(text, "nzcv", in.nzcv, qemu.nzcv, interpreted.nzcv, compiled.nzcv);
    general(text, "fpsr", in.fpsr, qemu.fpsr, interpreted.fpsr, compiled.fpsr);
    general(text, "address", in.fault, qemu.fault, interpreted.fault, compiled.fault);
    general(text, "signal", in.signal, qemu.signal, interpreted.signal, compiled.signal);
    for (unsigned i = 0; i < 32; i++) {
        if (std::memcmp(qemu.v[i], interpreted.v[i], 16) != 0 || std::memcmp(qemu.v[i], compiled.v[i], 16) != 0) {
            text += fmt::format("  v{:<5} in {}\n       qemu {}\ninterpreter {}\n   compiled {}\n", i, vector(in.v[i]),
                                vector(qemu.v[i]), vector(interpreted.v[i]), vector(compiled.v[i]));
        }
    }
    for (unsigned i = 0; i < CASE_MEMORY; i++) {
        if (qemu.memory[i] != interpreted.memory[i] || qemu.memory[i] != compiled.memory[i]) {
            text += fmt::format("  [{:#x}] in {:02x}  qemu {:02x}  interpreter {:02x}  compiled {:02x}\n",
                                CASE_MEMORY_START + i, in.memory[i], qemu.memory[i], interpreted.memory[i],
                                compiled.memory[i]);
        }
    }
    text += fmt::format("  inputs: fpcr {:08x} nzcv {:08x}", in.fpcr, in.nzcv);
    for (unsigned i = 0; i < 31; i++) {
        text += fmt::format("{}x{:<2} {:016x}", i % 4 == 0 ? "\n    " : "  ", i, in.x[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        text += fmt::format("{}v{:<2} {}", i % 2 == 0 ? "\n    " : "  ", i, vector(in.v[i]));
    }
    return text + "\n";
}

}  // namespace kelvin::differential
