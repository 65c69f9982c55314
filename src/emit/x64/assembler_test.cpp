// SPDX-License-Identifier: Apache-2.0
// The integer instructions, against GNU as.
#include "emit/x64/assembler.h"

#include "emit/x64/assembler_oracle.h"

namespace kelvin::x64 {
namespace {

constexpr Gpr kSome[] = {rax, rcx, rsp, rbp, rsi, r8, r12, r13, r15};
constexpr Width kWidths[] = {w8, w16, w32, w64};
constexpr Width kWide[] = {w16, w32, w64};
constexpr Width kLong[] = {w32, w64};

std::string two(const std::string& mnemonic, const std::string& first, const std::string& second) {
    return mnemonic + " " + first + ", " + second;
}
std::string with(const std::string& text, i64 imm) {
    return text + ", " + std::to_string(imm);
}

struct NamedAlu {
    Alu op;
    const char* name;
};
constexpr NamedAlu kAlu[] = {{Alu::add, "add"},  {Alu::or_, "or"},  {Alu::adc, "adc"},  {Alu::sbb, "sbb"},
                             {Alu::and_, "and"}, {Alu::sub, "sub"}, {Alu::xor_, "xor"}, {Alu::cmp, "cmp"}};

TEST(assembler, alu_of_registers) {
    Oracle o;
    for (const auto& [op, alu] : kAlu) {
        for (const Width w : kWidths) {
            for (const Gpr dst : kSome) {
                for (const Gpr src : kSome) {
                    o.a.alu(op, w, dst, src), o.is(two(alu, name(dst, w), name(src, w)));
                }
            }
        }
    }
    o.check();
}

TEST(assembler, alu_of_memory) {
    Oracle o;
    for (const auto& [op, alu] : kAlu) {
        for (const Width w : kWidths) {
            for (const Mem& m : addresses()) {
                o.a.alu(op, w, rdx, m), o.is(two(alu, name(rdx, w), name(m, w)));
                o.a.alu(op, w, m, rdi), o.is(two(alu, name(m, w), name(rdi, w)));
                o.a.alu(op, w, m, r9), o.is(two(alu, name(m, w), name(r9, w)));
            }
        }
    }
    o.check();
}

TEST(assembler, alu_of_immediates) {
    Oracle o;
    for (const auto& [op, alu] : kAlu) {
        for (const Width w : kWidths) {
            for (const i32 imm : {0, 1, 127, -128, 128, -129, 0x7fff, 0x12345678, -0x12345678}) {
                if ((w == w8 && imm != static_cast<i8>(imm)) || (w == w16 && imm != static_cast<i16>(imm))) {
                    continue;
                }
                for (const Gpr r : kSome) {
                    o.a.alu(op, w, r, imm), o.is(with(std::string(alu) + " " + name(r, w), imm));
                }
                for (const Mem& m : {mem(rax), mem(rbp, 8), mem(r12, r13, 4, 0x1000)}) {
                    o.a.alu(op, w, m, imm), o.is(with(std::string(alu) + " " + name(m, w), imm));
                }
            }
        }
    }
    o.check();
}

TEST(assembler, named_alu_and_test) {
    Oracle o;
    o.a.add(w64, rcx, rdx), o.is("add rcx, rdx");
    o.a.or_(w32, mem(rdi), r8), o.is("or dword ptr [rdi], r8d");
    o.a.adc(w64, r9, mem(rsp, 8)), o.is("adc r9, [rsp+8]");
    o.a.sbb(w32, rax, rax), o.is("sbb eax, eax");
    o.a.and_(w64, rbx, -16), o.is("and rbx, -16");
    o.a.sub(w8, mem(rax), 1), o.is("sub byte ptr [rax], 1");
    o.a.xor_(w16, rsi, 0x1234), o.is("xor si, 0x1234");
    o.a.cmp(w64, mem(r13), 0x12345), o.is("cmp qword ptr [r13], 0x12345");
    o.a.zero(r10), o.is("xor r10d, r10d");
    for (const Width w : kWidths) {
        for (const Gpr r : kSome) {
            o.a.test(w, r, rdi), o.is(two("test", name(r, w), name(rdi, w)));
            o.a.test(w, r, 0x40), o.is(with("test " + name(r, w), 0x40));
        }
        o.a.test(w, mem(r12, 8), r9), o.is(two("test", name(mem(r12, 8), w), name(r9, w)));
        o.a.test(w, mem(r12, 8), 0x40), o.is(with("test " + name(mem(r12, 8), w), 0x40));
    }
    o.check();
}

TEST(assembler, moves) {
    Oracle o;
    for (const Width w : kWidths) {
        for (const Gpr dst : kSome) {
            for (const Gpr src : kSome) {
                o.a.mov(w, dst, src), o.is(two("mov", name(dst, w), name(src, w)));
            }
        }
        for (const Mem& m : addresses()) {
            o.a.mov(w, r10, m), o.is(two("mov", name(r10, w), name(m, w)));
            o.a.mov(w, m, rsi), o.is(two("mov", name(m, w), name(rsi, w)));
            o.a.mov(w, m, -2), o.is(with("mov " + name(m, w), -2));
        }
        o.a.mov(w, mem(rax), 0x55), o.is(with("mov " + name(mem(rax), w), 0x55));
    }
    for (const Width w : kWide) {
        for (const Mem& m : addresses()) {
            o.a.lea(w, rdx, m), o.is(two("lea", name(rdx, w), name(m, 0)));
        }
        o.a.movbe(w, rsi, mem(r8, 4)), o.is(two("movbe", name(rsi, w), name(mem(r8, 4), w)));
        o.a.movbe(w, mem(r8, 4), r9), o.is(two("movbe", name(mem(r8, 4), w), name(r9, w)));
    }
    for (const Gpr r : kSome) {
        o.a.push(r), o.is("push " + name(r, w64));
        o.a.pop(r), o.is("pop " + name(r, w64));
        o.a.bswap(w32, r), o.is("bswap " + name(r, w32));
        o.a.bswap(w64, r), o.is("bswap " + name(r, w64));
    }
    o.check();
}

TEST(assembler, immediate_moves_take_the_shortest_form) {
    Oracle o;
    for (const Gpr r : {rax, rdi, r8, r15}) {
        for (const u64 imm : {u64{0}, u64{1}, u64{0x7fffffff}, u64{0x80000000}, u64{0xffffffff}}) {
            o.a.mov_imm(r, imm), o.is("mov " + name(r, w32) + ", " + std::to_string(imm));
        }
        o.a.mov_imm(r, ~u64{0}), o.is("mov " + name(r, w64) + ", -1");
        o.a.mov_imm(r, 0xffffffff80000000), o.is("mov " + name(r, w64) + ", -0x80000000");
        o.a.mov_imm(r, 0xffffffff7fffffff), o.is("movabs " + name(r, w64) + ", 0xffffffff7fffffff");
        o.a.mov_imm(r, 0x100000000), o.is("movabs " + name(r, w64) + ", 0x100000000");
    }
    o.check();
}

TEST(assembler, extensions) {
    Oracle o;
    for (const Gpr dst : kSome) {
        for (const Gpr src : kSome) {
            o.a.movzx(w8, dst, src), o.is(two("movzx", name(dst, w32), name(src, w8)));
            o.a.movzx(w16, dst, src), o.is(two("movzx", name(dst, w32), name(src, w16)));
            o.a.movzx(w32, dst, src), o.is(two("mov", name(dst, w32), name(src, w32)));
            for (const Width to : kLong) {
                o.a.movsx(to, w8, dst, src), o.is(two("movsx", name(dst, to), name(src, w8)));
                o.a.movsx(to, w16, dst, src), o.is(two("movsx", name(dst, to), name(src, w16)));
            }
            o.a.movsx(w64, w32, dst, src), o.is(two("movsxd", name(dst, w64), name(src, w32)));
            o.a.movsx(w32, w32, dst, src), o.is(two("mov", name(dst, w32), name(src, w32)));
        }
    }
    for (const Mem& m : addresses()) {
        o.a.movzx(w8, rdi, m), o.is(two("movzx", name(rdi, w32), name(m, w8)));
        o.a.movzx(w16, r9, m), o.is(two("movzx", name(r9, w32), name(m, w16)));
        o.a.movsx(w32, w8, rdi, m), o.is(two("movsx", name(rdi, w32), name(m, w8)));
        o.a.movsx(w64, w16, rdi, m), o.is(two("movsx", name(rdi, w64), name(m, w16)));
        o.a.movsx(w64, w32, rdi, m), o.is(two("movsxd", name(rdi, w64), name(m, w32)));
    }
    o.check();
}

TEST(assembler, multiplication_and_division) {
    Oracle o;
    for (const Width w : kWidths) {
        const Mem m = mem(r13, rbp, 2);
        for (const Gpr r : kSome) {
            o.a.not_(w, r), o.is("not " + name(r, w));
            o.a.neg(w, r), o.is("neg " + name(r, w));
            o.a.mul(w, r), o.is("mul " + name(r, w));
            o.a.imul(w, r), o.is("imul " + name(r, w));
            o.a.div(w, r), o.is("div " + name(r, w));
            o.a.idiv(w, r), o.is("idiv " + name(r, w));
        }
        o.a.not_(w, m), o.is("not " + name(m, w));
        o.a.neg(w, m), o.is("neg " + name(m, w));
        o.a.mul(w, m), o.is("mul " + name(m, w));
        o.a.div(w, m), o.is("div " + name(m, w));
    }
    for (const Width w : kWide) {
        for (const Gpr r : kSome) {
            o.a.imul(w, r9, r), o.is(two("imul", name(r9, w), name(r, w)));
            o.a.imul(w, rbx, r, -7), o.is(with(two("imul", name(rbx, w), name(r, w)), -7));
            o.a.imul(w, rbx, r, 1000), o.is(with(two("imul", name(rbx, w), name(r, w)), 1000));
        }
        o.a.imul(w, rsi, mem(rbp)), o.is(two("imul", name(rsi, w), name(mem(rbp), w)));
        o.a.imul(w, rsi, mem(rbp), 1000), o.is(with(two("imul", name(rsi, w), name(mem(rbp), w)), 1000));
    }
    o.a.cdq(), o.is("cdq");
    o.a.cqo(), o.is("cqo");
    o.check();
}

TEST(assembler, shifts) {
    struct Named {
        Shift op;
        const char* name;
    };
    Oracle o;
    for (const auto& [op, shift] :
         {Named{Shift::rol, "rol"}, Named{Shift::ror, "ror"}, Named{Shift::rcl, "rcl"}, Named{Shift::rcr, "rcr"},
          Named{Shift::shl, "shl"}, Named{Shift::shr, "shr"}, Named{Shift::sar, "sar"}}) {
        for (const Width w : kWidths) {
            for (const Gpr r : kSome) {
                o.a.shift(op, w, r, 1), o.is(with(shift + (" " + name(r, w)), 1));
                o.a.shift(op, w, r, 7), o.is(with(shift + (" " + name(r, w)), 7));
                o.a.shift_cl(op, w, r), o.is(shift + (" " + name(r, w)) + ", cl");
            }
            o.a.shift(op, w, mem(r12), 3), o.is(with(shift + (" " + name(mem(r12), w)), 3));
            o.a.shift_cl(op, w, mem(r12)), o.is(shift + (" " + name(mem(r12), w)) + ", cl");
        }
    }
    o.a.shl(w64, rax, 63), o.is("shl rax, 63");
    o.a.shr(w32, r9, 4), o.is("shr r9d, 4");
    o.a.sar(w64, mem(rax), 1), o.is("sar qword ptr [rax], 1");
    o.a.ror(w16, rcx, 8), o.is("ror cx, 8");
    o.a.rol(w32, rcx, 8), o.is("rol ecx, 8");
    for (const Width w : kWide) {
        o.a.shld(w, r9, rsi, 5), o.is(with(two("shld", name(r9, w), name(rsi, w)), 5));
        o.a.shrd(w, mem(rsp), r15, 5), o.is(with(two("shrd", name(mem(rsp), w), name(r15, w)), 5));
    }
    o.check();
}

TEST(assembler, bmi) {
    Oracle o;
    for (const Width w : kLong) {
        const auto three = [w](const char* mnemonic, auto x, auto y, auto z) {
            return std::string(mnemonic) + " " + name(x, w) + ", " + name(y, w) + ", " + name(z, w);
        };
        for (const Gpr d : kSome) {
            for (const Gpr s : kSome) {
                o.a.shlx(w, d, s, r14), o.is(three("shlx", d, s, r14));
                o.a.shrx(w, d, s, rdx), o.is(three("shrx", d, s, rdx));
                o.a.sarx(w, d, s, r8), o.is(three("sarx", d, s, r8));
                o.a.bextr(w, d, s, r8), o.is(three("bextr", d, s, r8));
                o.a.bzhi(w, d, s, r8), o.is(three("bzhi", d, s, r8));
                o.a.andn(w, d, r8, s), o.is(three("andn", d, r8, s));
                o.a.pext(w, d, r8, s), o.is(three("pext", d, r8, s));
                o.a.pdep(w, d, rdi, s), o.is(three("pdep", d, rdi, s));
                o.a.mulx(w, d, rdi, s), o.is(three("mulx", d, rdi, s));
                o.a.rorx(w, d, s, 9), o.is(with(two("rorx", name(d, w), name(s, w)), 9));
            }
        }
        for (const Mem& m : {mem(rbp), mem(r12, 0x1000), mem(r13, r9, 4, 8)}) {
            o.a.shlx(w, r9, m, rdi), o.is(three("shlx", r9, m, rdi));
            o.a.bzhi(w, r9, m, rdi), o.is(three("bzhi", r9, m, rdi));
            o.a.andn(w, rdi, r9, m), o.is(three("andn", rdi, r9, m));
            o.a.pext(w, rdi, r9, m), o.is(three("pext", rdi, r9, m));
            o.a.rorx(w, rdi, m, 31), o.is(with(two("rorx", name(rdi, w), name(m, w)), 31));
        }
    }
    o.check();
}

TEST(assembler, bit_scans_and_tests) {
    Oracle o;
    for (const Width w : kWide) {
        for (const Gpr r : kSome) {
            o.a.lzcnt(w, r9, r), o.is(two("lzcnt", name(r9, w), name(r, w)));
            o.a.tzcnt(w, rdi, r), o.is(two("tzcnt", name(rdi, w), name(r, w)));
            o.a.popcnt(w, rdi, r), o.is(two("popcnt", name(rdi, w), name(r, w)));
            o.a.bsr(w, rdi, r), o.is(two("bsr", name(rdi, w), name(r, w)));
            o.a.bsf(w, r9, r), o.is(two("bsf", name(r9, w), name(r, w)));
            o.a.bt(w, r, 11), o.is(with("bt " + name(r, w), 11));
            o.a.bit_test(BitTest::bts, w, r, 11), o.is(with("bts " + name(r, w), 11));
            o.a.bit_test(BitTest::btr, w, r, 11), o.is(with("btr " + name(r, w), 11));
            o.a.bit_test(BitTest::btc, w, r, 11), o.is(with("btc " + name(r, w), 11));
            o.a.bit_test(BitTest::bt, w, r, r9), o.is(two("bt", name(r, w), name(r9, w)));
            o.a.bit_test(BitTest::bts, w, r, r9), o.is(two("bts", name(r, w), name(r9, w)));
            o.a.bit_test(BitTest::btr, w, r, rdi), o.is(two("btr", name(r, w), name(rdi, w)));
            o.a.bit_test(BitTest::btc, w, r, rdi), o.is(two("btc", name(r, w), name(rdi, w)));
        }
        o.a.lzcnt(w, rdi, mem(r13)), o.is(two("lzcnt", name(rdi, w), name(mem(r13), w)));
        o.a.bit_test(BitTest::bts, w, mem(r13), 3), o.is(with("bts " + name(mem(r13), w), 3));
    }
    for (const Width w : kWidths) {
        const Width dst = w == w64 ? w64 : w32;
        for (const Gpr r : kSome) {
            o.a.crc32(w, r9, r), o.is(two("crc32", name(r9, dst), name(r, w)));
        }
        o.a.crc32(w, rsi, mem(r12)), o.is(two("crc32", name(rsi, dst), name(mem(r12), w)));
    }
    o.check();
}

TEST(assembler, conditions) {
    static constexpr const char* kName[16] = {"o", "no", "b", "ae", "e", "ne", "be", "a",
                                              "s", "ns", "p", "np", "l", "ge", "le", "g"};
    Oracle o;
    for (unsigned n = 0; n < 16; n++) {
        const Cond c{static_cast<u8>(n)};
        const std::string set = std::string("set") + kName[n] + " ";
        const std::string cmov = std::string("cmov") + kName[n];
        for (const Gpr r : kSome) {
            o.a.setcc(c, r), o.is(set + name(r, w8));
            o.a.cmov(c, w64, r9, r), o.is(two(cmov, "r9", name(r, w64)));
            o.a.cmov(c, w32, rdi, r), o.is(two(cmov, "edi", name(r, w32)));
        }
        o.a.setcc(c, mem(rsp, 4)), o.is(set + "byte ptr [rsp+4]");
        o.a.cmov(c, w64, rdi, mem(r9)), o.is(two(cmov, "rdi", "[r9]"));
        EXPECT_EQ(number(invert(c)), n % 2 == 0 ? n + 1 : n - 1);
    }
    o.check();
}

TEST(assembler, atomics) {
    Oracle o;
    for (const Width w : kWidths) {
        for (const Mem& m : {mem(rax), mem(r12, rbp, 4, 0x40), mem(r13)}) {
            for (const Gpr r : {rcx, rdi, r10}) {
                o.a.xchg(w, m, r), o.is(two("xchg", name(m, w), name(r, w)));
                o.a.lock_xadd(w, m, r), o.is(two("lock xadd", name(m, w), name(r, w)));
                o.a.lock_cmpxchg(w, m, r), o.is(two("lock cmpxchg", name(m, w), name(r, w)));
                o.a.lock_alu(Alu::or_, w, m, r), o.is(two("lock or", name(m, w), name(r, w)));
                o.a.lock_alu(Alu::and_, w, m, r), o.is(two("lock and", name(m, w), name(r, w)));
                o.a.lock_alu(Alu::xor_, w, m, r), o.is(two("lock xor", name(m, w), name(r, w)));
                o.a.lock_alu(Alu::add, w, m, r), o.is(two("lock add", name(m, w), name(r, w)));
            }
        }
        o.a.xchg(w, rdi, r9), o.is(two("xchg", name(rdi, w), name(r9, w)));
    }
    o.a.lock_cmpxchg16b(mem(rdi)), o.is("lock cmpxchg16b xmmword ptr [rdi]");
    o.a.lock_cmpxchg16b(mem(r9, 32)), o.is("lock cmpxchg16b xmmword ptr [r9+32]");
    o.a.mfence(), o.is("mfence");
    o.a.lfence(), o.is("lfence");
    o.a.pause(), o.is("pause");
    o.check();
}

TEST(assembler, flags_and_system) {
    Oracle o;
    o.a.lahf(), o.is("lahf");
    o.a.sahf(), o.is("sahf");
    o.a.cmc(), o.is("cmc");
    o.a.clc(), o.is("clc");
    o.a.stc(), o.is("stc");
    o.a.rdtsc(), o.is("rdtsc");
    o.a.int3(), o.is("int3");
    o.a.ud2(), o.is("ud2");
    o.a.ret(), o.is("ret");
    o.a.nop(), o.is("nop");
    o.a.ldmxcsr(mem(rsp, 4)), o.is("ldmxcsr dword ptr [rsp+4]");
    o.a.stmxcsr(mem(r8)), o.is("stmxcsr dword ptr [r8]");
    for (const Gpr r : kSome) {
        o.a.jmp(r), o.is("jmp " + name(r, w64));
        o.a.call(r), o.is("call " + name(r, w64));
    }
    o.a.jmp(mem(rax, r9, 8)), o.is("jmp qword ptr [rax+r9*8]");
    o.a.call(mem(r15, 0x100)), o.is("call qword ptr [r15+0x100]");
    o.check();
}

}  // namespace
}  // namespace kelvin::x64
