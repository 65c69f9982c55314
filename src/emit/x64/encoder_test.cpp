// SPDX-License-Identifier: Apache-2.0
// What surrounds the instructions: labels, jumps, patching, the end of the buffer, and running at another address.
#include "emit/x64/encoder.h"

#include <sys/mman.h>

#include "emit/x64/assembler_oracle.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {
namespace {

struct Case {
    alignas(16) std::array<u8, 512> bytes{};
    Assembler a{CodeBuffer{bytes.data(), bytes.data() + bytes.size(), 0}};

    std::string text() const { return hex(bytes.data(), static_cast<std::size_t>(a.cursor() - bytes.data())); }
};

TEST(encoder, backward_jumps_are_short_when_they_can_be) {
    Case c;
    Label top;
    c.a.bind(top);
    c.a.jmp(top);
    c.a.jcc(Cond::ne, top);
    EXPECT_EQ(c.text(), "ebfe75fc");
    c.a.nop(122);
    c.a.jmp(top);  // ends at 128
    EXPECT_EQ(hex(c.a.cursor() - 2, 2), "eb80");
    c.a.jcc(Cond::e, top);
    EXPECT_EQ(hex(c.a.cursor() - 6, 6), "0f847affffff");
    c.a.jmp(top);
    EXPECT_EQ(hex(c.a.cursor() - 5, 5), "e975ffffff");
}

TEST(encoder, forward_uses_of_a_label_are_chained_and_filled_at_bind) {
    Case c;
    Label out;
    c.a.jcc(Cond::b, out);                            // 0f82 at 0, field 2
    c.a.jmp(out);                                     // e9 at 6, field 7
    c.a.lea(w64, rax, mem_rip(out));                  // 488d05 at 11, field 14
    c.a.cmp(w32, mem_rip(out), 0x12345678);           // 813d at 18, field 20, 4 bytes follow
    c.a.vex(vop::vpshufd, xmm1, mem_rip(out), 0x1b);  // c5f9700d at 28, field 32, 1 byte follows
    c.a.call(out);                                    // e8 at 37, field 38
    EXPECT_FALSE(out.bound());
    c.a.bind(out);  // at 42
    EXPECT_TRUE(out.bound());
    EXPECT_EQ(c.text(),
              "0f8224000000"
              "e91f000000"
              "488d0518000000"
              "813d0e00000078563412"
              "c5f9700d050000001b"
              "e800000000");
    c.a.lea(w64, rax, mem_rip(out));
    EXPECT_EQ(hex(c.a.cursor() - 7, 7), "488d05f9ffffff");
}

TEST(encoder, short_forward_jumps) {
    Case c;
    u8* first = c.a.jcc_short(Cond::p);
    c.a.ret();
    c.a.land(first);
    u8* second = c.a.jmp_short();
    c.a.land(second);
    EXPECT_EQ(c.text(), "7a01c3eb00");
}

TEST(encoder, absolute_targets_are_relative_to_where_the_code_runs) {
    std::array<u8, 64> bytes{};
    constexpr u64 kApart = 0x10000;
    Assembler a({bytes.data(), bytes.data() + bytes.size(), kApart});
    const u8* run = std::bit_cast<const u8*>(std::bit_cast<u64>(bytes.data()) + kApart);
    EXPECT_EQ(a.execution_address(), run);
    a.jmp(run + 5);
    a.jcc(Cond::g, run + 11 + 0x100);
    a.mov(w64, rax, mem_rip(run + 18 + 0x20));
    a.add(w64, mem_rip(run + 26 - 1), 1);
    a.call(static_cast<const void*>(run), rax);
    EXPECT_EQ(hex(bytes.data(), 31),
              "e900000000"
              "0f8f00010000"
              "488b0520000000"
              "488305ffffffff01"
              "e8e1ffffff");
    a.call(std::bit_cast<const void*>(u64{0x123456789abcdef0}), r11);
    EXPECT_EQ(hex(bytes.data() + 31, 13), "49bbf0debc9a7856341241ffd3");
}

TEST(encoder, patchable_jumps_have_aligned_fields) {
    for (unsigned before = 0; before < 8; before++) {
        Case c;
        Label stub;
        c.a.nop(before);
        u8* jmp = c.a.patchable_jmp(stub);
        u8* jcc = c.a.patchable_jcc(Cond::s, stub);
        EXPECT_EQ(std::bit_cast<u64>(jmp) % 4, 0u);
        EXPECT_EQ(std::bit_cast<u64>(jcc) % 4, 0u);
        c.a.bind(stub);
        EXPECT_EQ(hex(jmp - 1, 1), "e9");
        EXPECT_EQ(hex(jcc - 2, 2), "0f88");
        EXPECT_EQ(hex(jcc, 4), "00000000");
        Assembler::patch_jmp(jcc, 0, jcc + 4 + 0x1234);
        EXPECT_EQ(hex(jcc, 4), "34120000");
        Assembler::patch_jmp(jmp, 0x1000, jmp);
        EXPECT_EQ(hex(jmp, 4), "fcefffff");
    }
    Case c;
    u8* field = c.a.patchable_jmp(static_cast<const u8*>(c.bytes.data()));
    EXPECT_EQ(hex(field, 4), "f8ffffff");  // three bytes of padding and the opcode lie before the field
}

TEST(encoder, nops_and_alignment) {
    Case c;
    c.a.nop(3);
    c.a.align(16);
    EXPECT_EQ(c.text(), "0f1f00660f1f8400000000000f1f4000");
    c.a.align(16);
    EXPECT_EQ(c.a.cursor(), c.bytes.data() + 16);
    c.a.align(64);
    EXPECT_EQ(std::bit_cast<u64>(c.a.cursor()) % 64, 0u);
}

TEST(encoder, data_is_copied) {
    Case c;
    const u32 constant = 0x12345678;
    c.a.ret();
    c.a.data(&constant, sizeof constant);
    EXPECT_EQ(c.text(), "c378563412");
}

TEST(encoder, nothing_is_written_behind_the_end) {
    std::array<u8, 128> bytes{};
    for (std::size_t size = 0; size <= 64; size++) {
        bytes.fill(0xee);
        Assembler a({bytes.data(), bytes.data() + size, 0});
        Label label;
        for (unsigned i = 0; i < 12; i++) {
            a.jcc(Cond::e, label);
            a.mov(w64, mem(r12, r13, 8, 0x12345678), 0x12345678);
            a.patchable_jmp(label);
        }
        a.bind(label);
        a.jmp(label);
        a.nop(100);
        EXPECT_TRUE(a.overflowed()) << size;
        for (std::size_t i = size; i < bytes.size(); i++) {
            ASSERT_EQ(bytes[i], 0xee) << size;
        }
    }
}

TEST(encoder, overflow_is_remembered_and_not_premature) {
    std::array<u8, 64> bytes{};
    Assembler a({bytes.data(), bytes.data() + bytes.size(), 0});
    a.nop(48);
    a.ret();  // begins with 16 bytes left
    EXPECT_FALSE(a.overflowed());
    a.ret();
    EXPECT_TRUE(a.overflowed());
    a.mov_imm(rax, 1);
    EXPECT_TRUE(a.overflowed());

    std::array<u8, 64> large{};
    Assembler b({bytes.data(), bytes.data() + bytes.size(), 0});
    b.data(large.data(), 64);
    EXPECT_FALSE(b.overflowed());
    Assembler d({bytes.data(), bytes.data() + bytes.size() - 1, 0});
    d.data(large.data(), 64);
    EXPECT_TRUE(d.overflowed());
}

TEST(encoder, code_runs_from_the_other_mapping) {
    constexpr std::size_t kSize = 4096;
    const int memory = memfd_create("kelvin-encoder-test", 0);
    ASSERT_GE(memory, 0);
    ASSERT_EQ(ftruncate(memory, kSize), 0);
    void* rw = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    void* rx = mmap(nullptr, kSize, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0);
    ASSERT_NE(rw, MAP_FAILED);
    ASSERT_NE(rx, MAP_FAILED);
    auto* write = static_cast<u8*>(rw);
    Assembler a({write, write + kSize, static_cast<u8*>(rx) - write});

    const u8* sum = a.execution_address();  // rax = 1 + ... + edi, times the constant behind the code
    Label loop, done, factor;
    a.zero(rax);
    a.bind(loop);
    a.test(w32, rdi, rdi);
    a.jcc(Cond::e, done);
    a.add(w64, rax, rdi);
    a.sub(w32, rdi, 1);
    a.jmp(loop);
    a.bind(done);
    a.imul(w64, rax, mem_rip(factor));
    a.vex(vop::vmovq_gpr, xmm16, rax);
    a.vex(vop::vmovq_gpr_store, rax, xmm16);
    a.ret();
    a.align(8);
    a.bind(factor);
    const u64 three = 3;
    a.data(&three, sizeof three);

    const u8* entry = a.execution_address();
    u8* field = a.patchable_jmp(sum);
    const u8* other = a.execution_address();
    a.mov_imm(rax, 42);
    a.ret();
    ASSERT_FALSE(a.overflowed());
    const auto run = std::bit_cast<u64 (*)(u32)>(entry);
    if (__builtin_cpu_supports("avx512vl")) {
        EXPECT_EQ(run(10), 165u);
    }
    Assembler::patch_jmp(field, a.rw_to_rx(), other);
    EXPECT_EQ(run(10), 42u);
    munmap(rw, kSize);
    munmap(rx, kSize);
    close(memory);
}

}  // namespace
}  // namespace kelvin::x64
