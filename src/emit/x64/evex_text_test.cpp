// SPDX-License-Identifier: Apache-2.0
// Every EVEX instruction that the assembler makes, described and given back to GNU as.
#include "emit/x64/evex_text.h"

#include "emit/x64/assembler_oracle.h"
#include "emit/x64/vector_forms.h"

namespace kelvin::x64 {
namespace {

constexpr u8 kImmediate = 5;

template <class... Operands>
void describe(Oracle& o, const VectorForm& form, const Operands&... operands) {
    const u8* const start = o.a.cursor();
    if constexpr (requires { o.a.vex(form.op, operands...); }) {
        form.has_immediate() ? o.a.vex(form.op, operands..., kImmediate) : o.a.vex(form.op, operands...);
    } else {
        FAIL() << form.mnemonic;
    }
    const auto size = static_cast<std::size_t>(o.a.cursor() - start);
    const std::optional<EvexText> text = evex_text({start, size});
    ASSERT_TRUE(text.has_value()) << form.mnemonic << " " << hex(start, size);
    EXPECT_EQ(text->size, size) << form.mnemonic;
    EXPECT_FALSE(evex_text({start, size - 1}).has_value()) << form.mnemonic;
    o.is(text->name + " " + text->operands);
}

/// Of vector registers and memory only; the others differ in nothing else.
void describe_vectors(Oracle& o, const VectorForm& form) {
    const std::string_view operands = form.operands.substr(0, form.operands.size() - form.has_immediate());
    const bool memory = operands.back() == 'o' && form.op.form != Form::vmi;
    if (operands == "xxx" || operands == "xxo") {
        describe(o, form, xmm20, xmm11, xmm31);
        describe(o, form, xmm4, xmm29, xmm10);
        if (memory) {
            describe(o, form, xmm17, xmm30, mem(rbp, -0x40));
            describe(o, form, xmm27, xmm3, mem(r12, r9, 4, 12));
            describe(o, form, xmm18, xmm3, mem(rsp, 0x12345));
        }
    } else if (operands == "xx" || operands == "xo" || operands == "ox") {
        describe(o, form, xmm20, xmm11);
        describe(o, form, xmm4, xmm29);
        if (memory) {
            describe(o, form, xmm27, mem(r13, -2048));
        }
    }
}

TEST(evex_text, is_what_gnu_as_takes) {
    Oracle o;
    for (const VectorForm& form : kVectorForms) {
        const bool memory_only = form.operands.find('m') != std::string_view::npos;
        if (form.op.has_evex() && !memory_only && !form.mnemonic.starts_with('{')) {
            describe_vectors(o, form);
        }
    }
    o.check();
}

TEST(evex_text, general_registers_and_memory_of_elements) {
    Oracle o;
    describe(o, {"", vop::vpbroadcastq_gpr, "xq"}, xmm20, r9);
    describe(o, {"", vop::vpbroadcastd_gpr, "xr"}, xmm20, rbx);
    describe(o, {"", vop::vmovq_gpr_store, "qx"}, r12, xmm31);
    describe(o, {"", vop::vcvttsd2usi_64, "qo"}, rax, xmm5);
    describe(o, {"", vop::vmovsd, "xm"}, xmm20, mem(rdx, rax, 1, -8));
    describe(o, {"", vop::vmovups_store, "mx"}, mem(r13), xmm16);
    o.check();
}

TEST(evex_text, only_what_the_assembler_makes) {
    const auto none = [](std::vector<u8> code) { return !evex_text(code).has_value(); };
    EXPECT_TRUE(none({0x62, 0xa1, 0x55, 0x40, 0xef, 0xe6})) << "512 bits";
    EXPECT_TRUE(none({0x62, 0xa1, 0x55, 0x01, 0xef, 0xe6})) << "a mask";
    EXPECT_TRUE(none({0xc5, 0xf9, 0xef, 0xc0})) << "VEX";
    EXPECT_TRUE(none({0x62, 0xa1, 0x55, 0x00, 0x00, 0xe6})) << "no opcode";
    EXPECT_TRUE(none({0x62}));
}

}  // namespace
}  // namespace kelvin::x64
