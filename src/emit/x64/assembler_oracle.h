// SPDX-License-Identifier: Apache-2.0
// For tests only: compares what the Assembler emits with what GNU as, an independent encoder, makes of the same
// instruction written as text. All instructions of a test go through one run of `as`.
#pragma once

// GCC 12 sees overlapping copies in `"text" + std::string` (its bug 105651).
#pragma GCC diagnostic ignored "-Wrestrict"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "emit/x64/assembler.h"

namespace kelvin::x64 {

using enum Gpr;
using enum Xmm;
using enum Width;

inline std::string hex(const u8* bytes, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; i++) {
        std::array<char, 3> digits{};
        std::snprintf(digits.data(), digits.size(), "%02x", bytes[i]);
        text += digits.data();
    }
    return text;
}

inline std::string name(Gpr r, Width w) {
    static constexpr const char* kOld[8] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    const unsigned n = number(r);
    if (n >= 8) {
        static constexpr const char* kSuffix[4] = {"b", "w", "d", ""};
        return "r" + std::to_string(n) + kSuffix[static_cast<unsigned>(w)];
    }
    const std::string old = kOld[n];
    switch (w) {
        case w8:
            return n < 4 ? old.substr(0, 1) + "l" : old + "l";
        case w16:
            return old;
        case w32:
            return "e" + old;
        default:
            return "r" + old;
    }
}
inline std::string name(Xmm r) {
    return "xmm" + std::to_string(number(r));
}

/// `size` is the bytes of the operand, 0 for none (lea).
inline std::string name(const Mem& m, unsigned size) {
    std::string text = size == 1    ? "byte ptr ["
                       : size == 2  ? "word ptr ["
                       : size == 4  ? "dword ptr ["
                       : size == 8  ? "qword ptr ["
                       : size == 16 ? "xmmword ptr ["
                                    : "[";
    if (m.kind == Mem::Kind::based) {
        text += name(m.base, w64) + "+";
    }
    if (m.index != rsp) {
        text += name(m.index, w64) + "*" + std::to_string(1 << m.shift) + "+";
    }
    return text + "(" + std::to_string(m.value) + ")]";
}
inline std::string name(const Mem& m, Width w) {
    return name(m, bytes(w));
}

/// Every way to write an address: with and without SIB, each base that is special, each length of displacement.
inline std::vector<Mem> addresses() {
    std::vector<Mem> all;
    for (const Gpr base : {rax, rsp, rbp, rdi, r8, r12, r13, r15}) {
        for (const i32 disp : {0, 8, -128, 127, 128, 2032, -2048, 2033, 0x12345678, -0x12345678}) {
            all.push_back(mem(base, disp));
        }
        for (const Gpr index : {rcx, rbp, r9, r12, r13}) {
            all.push_back(mem(base, index, 1));
            all.push_back(mem(base, index, 8, 16));
            all.push_back(mem(base, index, 2, -0x1000));
        }
    }
    all.push_back(mem_scaled(r9, 8, 16));
    all.push_back(mem_scaled(rbp, 4, -0x12345678));
    return all;
}

/// Emit one instruction with `a`, then say by `is` what it should be; `check` at the end.
class Oracle {
  public:
    explicit Oracle(Encoding encoding = Encoding::vex) : a(buffer(), encoding) {}

    void is(const std::string& text) {
        lines_.push_back(text);
        emitted_.emplace_back(buffer_.data() + start_, a.cursor());
        start_ = static_cast<std::size_t>(a.cursor() - buffer_.data());
        ASSERT_FALSE(a.overflowed()) << text;
    }

    void check() {
        std::vector<u8> expected = assemble();
        ASSERT_EQ(expected.size(), lines_.size() * kSlot) << "GNU as refused a line: see its messages above";
        unsigned failures = 0;
        for (std::size_t i = 0; i < lines_.size() && failures < 20; i++) {
            std::vector<u8> ours = emitted_[i];
            ours.resize(kSlot, 0xcc);
            if (ours[0] == 0xf0 && ours[1] == 0x66) {
                std::swap(ours[0], ours[1]);  // hardware takes lock and 66 in either order; GNU as puts 66 first
            }
            const std::string want = hex(&expected[i * kSlot], kSlot);
            const std::string got = hex(ours.data(), kSlot);
            EXPECT_EQ(want, got) << lines_[i];
            failures += want != got;
        }
        RecordProperty("instructions", static_cast<int>(lines_.size()));
    }

  private:
    /// One instruction a slot, filled up with int3.
    static constexpr std::size_t kSlot = 16;
    static constexpr std::size_t kBuffer = std::size_t{1} << 21;

    static void RecordProperty(const char* key, int value) { ::testing::Test::RecordProperty(key, value); }

    std::vector<u8> assemble() const {
        const char* folder = std::getenv("TMPDIR");
        std::string stem = std::string(folder != nullptr ? folder : "/tmp") + "/kelvin-as-" + std::to_string(getpid());
        std::FILE* source = std::fopen((stem + ".s").c_str(), "w");
        if (source == nullptr) {
            return {};
        }
        std::fputs(".intel_syntax noprefix\n", source);
        for (const std::string& line : lines_) {
            std::fprintf(source, "%s\n.p2align 4, 0xcc\n", line.c_str());
        }
        std::fclose(source);
        const std::string command = "as -o " + stem + ".o " + stem + ".s && objcopy -O binary -j .text " + stem +
                                    ".o " + stem + ".bin && cat " + stem + ".bin; rm -f " + stem + ".*";
        std::vector<u8> bytes;
        std::FILE* pipe = popen(command.c_str(), "r");
        if (pipe == nullptr) {
            return {};
        }
        std::array<u8, 4096> part;
        for (std::size_t size; (size = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
            bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(size));
        }
        pclose(pipe);
        return bytes;
    }

    CodeBuffer buffer() { return {buffer_.data(), buffer_.data() + kBuffer, 0}; }

    std::vector<u8> buffer_ = std::vector<u8>(kBuffer);
    std::size_t start_ = 0;
    std::vector<std::string> lines_;
    std::vector<std::vector<u8>> emitted_;

  public:
    Assembler a;
};

}  // namespace kelvin::x64
