// SPDX-License-Identifier: Apache-2.0
// Every operation of vector_ops.h against GNU as, in each operand form it has.
#include "emit/x64/vector_forms.h"

#include "emit/x64/assembler_oracle.h"

#include <string_view>
#include <variant>

namespace kelvin::x64 {
namespace {

using Value = std::variant<Xmm, Gpr, Mem>;
struct Operand {
    Value value;
    std::string text;
};

constexpr u8 kImmediate = 5;

bool high(const Operand& operand) {
    const Xmm* r = std::get_if<Xmm>(&operand.value);
    return r != nullptr && number(*r) >= 16;
}

/// Vector registers below `registers`.
std::vector<Operand> choices(char kind, VexOp op, unsigned registers) {
    std::vector<Operand> all;
    if (kind == 'x' || kind == 'o') {
        for (const Xmm r : {xmm1, xmm14, xmm21, xmm26}) {
            if (number(r) < registers) {
                all.push_back({r, name(r)});
            }
        }
    }
    if (kind == 'r' || kind == 'R' || kind == 'q' || kind == 'Q') {
        for (const Gpr r : {rax, rsi, r12}) {
            all.push_back({r, name(r, kind == 'r' || kind == 'R' ? w32 : w64)});
        }
    }
    if (kind == 'm' || kind == 'o' || kind == 'R' || kind == 'Q') {
        const unsigned size = op.has_evex() ? 1u << op.disp8_shift : 0;
        for (const Mem& m : {mem(rax), mem(rbp, 16), mem(r12, r9, 4, 12), mem(rsp, 1016), mem(r13, -2048)}) {
            all.push_back({m, name(m, size)});
        }
    }
    return all;
}

/// Calls the overload of vex that takes these operands; false if there is none.
bool emit(Assembler& a, VexOp op, const std::vector<Operand>& operands, bool immediate) {
    const auto call = [&](const auto&... values) {
        if constexpr (requires { a.vex(op, values...); }) {
            immediate ? a.vex(op, values..., kImmediate) : a.vex(op, values...);
            return true;
        }
        return false;
    };
    if (operands.size() == 2) {
        return std::visit(call, operands[0].value, operands[1].value);
    }
    return std::visit(call, operands[0].value, operands[1].value, operands[2].value);
}

/// Calls `check` with each choice of operands.
template <class Check>
void for_all(const VectorForm& row, unsigned registers, std::vector<Operand>& chosen, Check check) {
    const std::size_t next = chosen.size();
    if (next == row.operands.size() - row.has_immediate()) {
        check(chosen);
        return;
    }
    for (const Operand& operand : choices(row.operands[next], row.op, registers)) {
        chosen.push_back(operand);
        for_all(row, registers, chosen, check);
        chosen.pop_back();
    }
}

void check_vex(Oracle& o, const VectorForm& row, const std::vector<Operand>& chosen) {
    const bool immediate = row.has_immediate();
    bool evex = false;
    std::string text;
    for (const Operand& operand : chosen) {
        evex |= high(operand);
        text += (text.empty() ? " " : ", ") + operand.text;
    }
    const bool renamed = evex && !row.evex_mnemonic.empty();
    text.insert(0, renamed ? row.evex_mnemonic : row.mnemonic);
    if (immediate) {
        text += ", " + std::to_string(kImmediate);
    }
    ASSERT_TRUE(emit(o.a, row.op, chosen, immediate)) << text;
    o.is(text);
}

TEST(vector_ops, match_gnu_as) {
    Oracle o;
    for (const VectorForm& row : kVectorForms) {
        std::vector<Operand> chosen;
        for_all(row, row.op.has_evex() ? 32 : 16, chosen, [&](const auto& operands) { check_vex(o, row, operands); });
    }
    o.check();
}

/// "{load} vmovss" is "{load} movss".
std::string legacy_mnemonic(const VectorForm& row) {
    std::string text(row.mnemonic);
    return text.erase(text.rfind(' ') + 1, 1);
}

bool same(const Operand& a, const Operand& b) {
    return a.text == b.text;
}

/// The instruction of two operands and the moves before it.
void check_legacy(Oracle& o, const VectorForm& row, std::vector<Operand> chosen) {
    const bool shift = row.op.form == Form::vmi;
    if (shift && std::holds_alternative<Mem>(chosen[1].value)) {
        return;  // came with AVX-512
    }
    ASSERT_TRUE(emit(o.a, row.op, chosen, row.has_immediate()));
    std::string moves;
    const auto move = [&](const std::string& to, const std::string& from) {
        moves += "movaps " + to + ", " + from + "; ";
    };
    if (chosen.size() == 3) {
        if (same(chosen[0], chosen[2]) && !same(chosen[0], chosen[1])) {
            if (row.op.commutes()) {
                std::swap(chosen[1], chosen[2]);
            } else {
                move("xmm15", chosen[2].text);
                chosen[2].text = "xmm15";
            }
        }
        if (!same(chosen[0], chosen[1])) {
            move(chosen[0].text, chosen[1].text);
        }
        chosen.erase(chosen.begin() + 1);
    } else if (shift && !same(chosen[0], chosen[1])) {
        move(chosen[0].text, chosen[1].text);
    }
    const std::string text = moves + legacy_mnemonic(row) + " " + chosen[0].text + (shift ? "" : ", " + chosen[1].text);
    o.is(row.has_immediate() ? text + ", " + std::to_string(kImmediate) : text);
}

TEST(vector_ops, legacy_forms_match_gnu_as) {
    Oracle o(Encoding::legacy);
    for (const VectorForm& row : kVectorForms) {
        if (row.op.has_legacy()) {
            std::vector<Operand> chosen;
            for_all(row, 16, chosen, [&](const auto& operands) { check_legacy(o, row, operands); });
        }
    }
    o.check();
}

TEST(vector_ops, legacy_moves_and_what_rotates_without_bmi) {
    Oracle o(Encoding::legacy);
    o.a.vmov(xmm1, xmm14), o.is("movaps xmm1, xmm14");
    o.a.vmov(xmm9, xmm2), o.is("movaps xmm9, xmm2");
    o.a.rotate_right(w64, rax, rax, 32), o.is("ror rax, 32");
    o.a.rotate_right(w32, rdx, r9, 7), o.is("mov edx, r9d; ror edx, 7");
    o.check();
}

TEST(vector_ops, vmovq_has_equal_encodings_of_which_as_takes_others) {
    std::array<u8, 256> bytes{};
    Assembler a({bytes.data(), bytes.data() + bytes.size(), 0});
    const auto last = [&a](std::size_t size) { return hex(a.cursor() - size, size); };
    a.vex(vop::vmovq, xmm1, xmm14);
    EXPECT_EQ(last(5), "c4c17a7ece");
    a.vex(vop::vmovq, xmm1, mem(rax, 8));
    EXPECT_EQ(last(5), "c5fa7e4808");
    a.vex(vop::vmovq, xmm21, mem(rbp, 16));
    EXPECT_EQ(last(7), "62e1fe087e6d02");
    a.vex(vop::vmovq_store, mem(rax, 8), xmm1);
    EXPECT_EQ(last(5), "c5f9d64808");
    a.vex(vop::vmovq_store, mem(rbp, 16), xmm21);
    EXPECT_EQ(last(7), "62e1fd08d66d02");
}

TEST(vector_ops, register_moves_take_the_shorter_direction) {
    Oracle o;
    for (const Xmm dst : {xmm1, xmm14, xmm21, xmm26}) {
        for (const Xmm src : {xmm1, xmm14, xmm21, xmm26}) {
            o.a.vmov(dst, src), o.is("vmovaps " + name(dst) + ", " + name(src));
        }
    }
    o.check();
}

/// What an assembler emits.
template <class Emit>
std::string emitted(Emit emit_code) {
    std::array<u8, 256> bytes{};
    Assembler a({bytes.data(), bytes.data() + bytes.size(), 0});
    emit_code(a);
    return hex(bytes.data(), static_cast<std::size_t>(a.cursor() - bytes.data()));
}

TEST(vector_ops, what_has_no_evex_form_goes_through_low_registers) {
    EXPECT_EQ(emitted([](Assembler& a) { a.vex(vop::vpcmpeqd, xmm20, xmm21, xmm22); }), emitted([](Assembler& a) {
                  a.vmov(xmm14, xmm21);
                  a.vmov(xmm15, xmm22);
                  a.vex(vop::vpcmpeqd, xmm14, xmm14, xmm15);
                  a.vmov(xmm20, xmm14);
              }));
    EXPECT_EQ(emitted([](Assembler& a) { a.vex(vop::vcmpps, xmm1, xmm30, xmm30, u8{3}); }), emitted([](Assembler& a) {
                  a.vmov(xmm14, xmm30);
                  a.vex(vop::vcmpps, xmm1, xmm14, xmm14, u8{3});
              }));
    EXPECT_EQ(emitted([](Assembler& a) { a.vex(vop::vphaddd, xmm20, xmm1, mem(rbp, 16)); }), emitted([](Assembler& a) {
                  a.vex(vop::vphaddd, xmm14, xmm1, mem(rbp, 16));
                  a.vmov(xmm20, xmm14);
              }));
    EXPECT_EQ(emitted([](Assembler& a) { a.sse(vop::sha256msg1, xmm20, xmm21); }), emitted([](Assembler& a) {
                  a.vmov(xmm14, xmm20);
                  a.vmov(xmm15, xmm21);
                  a.sse(vop::sha256msg1, xmm14, xmm15);
                  a.vmov(xmm20, xmm14);
              }));
    EXPECT_EQ(emitted([](Assembler& a) { a.vex(vop::vpmovmskb, rax, xmm20); }), emitted([](Assembler& a) {
                  a.vmov(xmm15, xmm20);
                  a.vex(vop::vpmovmskb, rax, xmm15);
              }));
}

TEST(vector_ops, blends_by_a_register) {
    Oracle o;
    o.a.vex_blendv(vop::vpblendvb, xmm1, xmm2, xmm3, xmm4), o.is("vpblendvb xmm1, xmm2, xmm3, xmm4");
    o.a.vex_blendv(vop::vpblendvb, xmm9, xmm12, xmm13, xmm14), o.is("vpblendvb xmm9, xmm12, xmm13, xmm14");
    o.a.vex_blendv(vop::vblendvps, xmm9, xmm12, mem(r9, 8), xmm14), o.is("vblendvps xmm9, xmm12, [r9+8], xmm14");
    o.a.vex_blendv(vop::vblendvpd, xmm0, xmm1, mem(rax), xmm15), o.is("vblendvpd xmm0, xmm1, [rax], xmm15");
    o.check();
}

TEST(vector_ops, sha) {
    Oracle o;
    o.a.sse(vop::sha1rnds4, xmm1, xmm2, 3), o.is("sha1rnds4 xmm1, xmm2, 3");
    o.a.sse(vop::sha1rnds4, xmm9, mem(r8, 16), 0), o.is("sha1rnds4 xmm9, [r8+16], 0");
    o.a.sse(vop::sha1nexte, xmm9, xmm2), o.is("sha1nexte xmm9, xmm2");
    o.a.sse(vop::sha1msg1, xmm1, xmm12), o.is("sha1msg1 xmm1, xmm12");
    o.a.sse(vop::sha1msg2, xmm9, xmm12), o.is("sha1msg2 xmm9, xmm12");
    o.a.sse(vop::sha256rnds2, xmm1, mem(rbp)), o.is("sha256rnds2 xmm1, [rbp], xmm0");
    o.a.sse(vop::sha256msg1, xmm1, xmm2), o.is("sha256msg1 xmm1, xmm2");
    o.a.sse(vop::sha256msg2, xmm15, xmm15), o.is("sha256msg2 xmm15, xmm15");
    o.check();
}

}  // namespace
}  // namespace kelvin::x64
