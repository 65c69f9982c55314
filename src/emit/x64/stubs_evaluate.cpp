// SPDX-License-Identifier: Apache-2.0
// Ops that are evaluated out of line: by C++, or arithmetic of vectors with NaNs in them by the host.
#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "emit/x64/stubs.h"
#include "emit/x64/vector_ops.h"
#include "ir/evaluate.h"

namespace kelvin::x64 {

namespace {

using enum Gpr;

constexpr Xmm kLeft = Xmm::xmm0;
constexpr Xmm kRight = Xmm::xmm1;
constexpr Xmm kMask = Xmm::xmm2;
constexpr Xmm kOther = Xmm::xmm3;
constexpr u8 kUnordered = 3;

struct Operation {
    ir::Opcode code;
    VexOp of_singles;
    VexOp of_doubles;
};
constexpr auto kOperations = std::to_array<Operation>({{ir::Opcode::fadd, vop::vaddps, vop::vaddpd},
                                                       {ir::Opcode::fsub, vop::vsubps, vop::vsubpd},
                                                       {ir::Opcode::fmul, vop::vmulps, vop::vmulpd},
                                                       {ir::Opcode::fdiv, vop::vdivps, vop::vdivpd}});

Mem runtime(std::size_t offset) {
    return mem(kState, runtime_displacement(offset));
}

#define RT(field) runtime(offsetof(Runtime, field))

Mem saved(unsigned i) {
    return runtime(offsetof(Runtime, saved_vectors) + sizeof(V128) * i);
}

Mem argument(unsigned i) {
    return runtime(offsetof(Runtime, arguments) + sizeof(ir::Datum) * i);
}

/// `record_bytes` is a FallbackRecord, not aligned.
void evaluate_in_cpp(Runtime* runtime, const u8* record_bytes, u32* fp_status) {
    FallbackRecord record{};
    std::memcpy(&record, record_bytes, sizeof record);
    runtime->result = ir::evaluate(record.op, runtime->arguments, {record.fp, fp_status});
}

}  // namespace

void Stubs::make_evaluate() {
    a_.align(16);
    evaluate_ = a_.execution_address();
    pins_.save(a_, false);
    call_evaluator();
    pins_.load(a_, false);
    a_.mov(Width::w64, rax, RT(result));
    a_.ret();
}

void Stubs::make_evaluate_preserving() {
    a_.align(16);
    evaluate_preserving_ = a_.execution_address();
    save_all();
    call_evaluator();
    restore_all();
    a_.ret();
}

/// Calls evaluate_in_cpp with the record in rax.
void Stubs::call_evaluator() {
    a_.mov(Width::w64, rsi, rax);
    a_.lea(Width::w64, rdi, mem(kState, runtime_displacement(0)));
    a_.lea(Width::w64, rdx, mem(kState, state_displacement(pins_.guest().fp_status_offset)));
    a_.mov_imm(rax, reinterpret_cast<u64>(&evaluate_in_cpp));
    call_aligned();
}

const u8* Stubs::arithmetic_of_nans(ir::Opcode operation, bool is_double) const {
    const auto known = std::ranges::find(kOperations, operation, &Operation::code);
    KELVIN_ASSERT(known != kOperations.end());
    return arithmetic_of_nans_[static_cast<std::size_t>(known - kOperations.begin()) * 2 + (is_double ? 1 : 0)];
}

void Stubs::make_arithmetic_of_nans() {
    for (std::size_t i = 0; i < kOperations.size(); i++) {
        arithmetic_of_nans_[2 * i] = make_arithmetic_of_nans(kOperations[i].of_singles, false);
        arithmetic_of_nans_[2 * i + 1] = make_arithmetic_of_nans(kOperations[i].of_doubles, true);
    }
}

/// Loops go on with some elements after others have left all bounds. The host differs from Arm (FPProcessNaNs,
/// FPDefaultNaN) in two things: it makes its default NaN negative, and of a quiet and a signaling operand, in this
/// order, it takes the quiet one. The latter is left to C++.
const u8* Stubs::make_arithmetic_of_nans(VexOp operation, bool is_double) {
    const VexOp compare = is_double ? vop::vcmppd : vop::vcmpps;
    const u8* const signs =
        vector_constant(is_double ? v128(u64{1} << 63, u64{1} << 63) : v128(0x8000000080000000, 0x8000000080000000));
    const u8* const quiet =
        vector_constant(is_double ? v128(u64{1} << 51, u64{1} << 51) : v128(0x0040000000400000, 0x0040000000400000));
    constexpr Xmm kUsed[] = {kLeft, kRight, kMask, kOther};
    const auto restore = [&] {
        for (unsigned i = 0; i < std::size(kUsed); i++) {
            a_.vex(vop::vmovaps, kUsed[i], saved(i));
        }
    };
    a_.align(16);
    const u8* const entry = a_.execution_address();
    for (unsigned i = 0; i < std::size(kUsed); i++) {
        a_.vex(vop::vmovaps_store, saved(i), kUsed[i]);
    }
    a_.vex(vop::vmovups, kLeft, argument(0));
    a_.vex(vop::vmovups, kRight, argument(1));
    // Where both are NaNs, the right one must be quiet.
    a_.vex(compare, kMask, kLeft, kLeft, kUnordered);
    a_.vex(compare, kOther, kRight, kRight, kUnordered);
    a_.vex(vop::vandps, kMask, kMask, kOther);
    a_.vex(vop::vandps, kMask, kMask, mem_rip(quiet));
    a_.vex(vop::vandnps, kOther, kRight, kMask);
    a_.vex(vop::vptest, kOther, kOther);
    Label by_cpp;
    a_.jcc(Cond::ne, by_cpp);
    a_.vex(compare, kMask, kLeft, kRight, kUnordered);
    a_.vex(operation, kLeft, kLeft, kRight);
    a_.vex(compare, kOther, kLeft, kLeft, kUnordered);
    // What became a NaN without being made of one.
    a_.vex(vop::vandnps, kMask, kMask, kOther);
    a_.vex(vop::vandps, kMask, kMask, mem_rip(signs));
    a_.vex(vop::vandnps, kLeft, kMask, kLeft);
    a_.vex(vop::vmovaps_store, runtime(offsetof(Runtime, result)), kLeft);
    restore();
    a_.ret();
    a_.bind(by_cpp);
    restore();
    a_.jmp(evaluate_preserving_);
    return entry;
}

#undef RT

}  // namespace kelvin::x64
