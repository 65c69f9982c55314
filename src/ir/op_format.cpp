// SPDX-License-Identifier: Apache-2.0
#include "ir/op_format.h"

namespace kelvin::ir {

namespace {

constexpr bool is_between(Opcode code, Opcode first, Opcode last) {
    return code >= first && code <= last;
}

/// Vector ops that look at the whole register, or have their element size fixed.
constexpr bool has_no_lane(Opcode code) {
    switch (code) {
        case Opcode::vlow64:
        case Opcode::vlow32:
        case Opcode::vcombine_low:
        case Opcode::vcombine_high:
        case Opcode::vext:
        case Opcode::vtable:
        case Opcode::vpopcount:
        case Opcode::vrbit8:
            return true;
        default:
            return is_between(code, Opcode::vand, Opcode::vselect);
    }
}

}  // namespace

AuxKind aux_kind(Opcode code) {
    switch (code) {
        case Opcode::load_field:
        case Opcode::store_field:
        case Opcode::crc32:
        case Opcode::crc32c:
            return AuxKind::size_log2;
        case Opcode::ubfx:
        case Opcode::sbfx:
        case Opcode::bfi:
            return AuxKind::low_bit;
        case Opcode::select:
        case Opcode::cond_set:
        case Opcode::select_flags:
        case Opcode::vselect_cond:
        case Opcode::branch:
            return AuxKind::cond;
        case Opcode::fcompare:
            return AuxKind::shape;
        case Opcode::atomic_rmw:
            return AuxKind::atomic;
        case Opcode::fence:
            return AuxKind::fence;
        case Opcode::branch_bit:
            return AuxKind::position;
        case Opcode::exit_direct:
        case Opcode::exit_indirect:
            return AuxKind::jump;
        default:
            break;
    }
    if (is_between(code, Opcode::fadd, Opcode::fvnarrow)) {
        return AuxKind::shape;
    }
    return is_between(code, Opcode::vfrom_gpr, Opcode::vqsub_u) && !has_no_lane(code) ? AuxKind::lane : AuxKind::none;
}

namespace {

ImmKind terminator_imm_kind(Opcode code) {
    switch (code) {
        case Opcode::exit_direct:
            return ImmKind::signed_number;
        case Opcode::exit_indirect:
            return ImmKind::branch_type;
        case Opcode::exit_state:
            return ImmKind::none;
        default:
            return ImmKind::block;
    }
}

}  // namespace

ImmKind imm_kind(Opcode code) {
    if ((info(code).effects & kTerminator) != 0) {
        return terminator_imm_kind(code);
    }
    switch (code) {
        case Opcode::constant:
        case Opcode::vconstant:
            return ImmKind::number;
        case Opcode::page_address:
            return ImmKind::signed_number;
        case Opcode::insn_start:
            return ImmKind::page_offset;
        case Opcode::get:
        case Opcode::set:
            return ImmKind::slot;
        case Opcode::load_field:
        case Opcode::store_field:
            return ImmKind::field;
        case Opcode::extract_pair:
            return ImmKind::shift;
        case Opcode::ubfx:
        case Opcode::sbfx:
        case Opcode::bfi:
            return ImmKind::width;
        case Opcode::select_flags:
            return ImmKind::nzcv;
        case Opcode::fcompare:
            return ImmKind::flag;
        case Opcode::call:
            return ImmKind::call;
        case Opcode::vinsert_gpr:
        case Opcode::vextract:
        case Opcode::vextract_signed:
        case Opcode::vdup_lane:
            return ImmKind::element;
        case Opcode::vinsert_lane:
            return ImmKind::two_elements;
        case Opcode::vext:
            return ImmKind::byte_index;
        case Opcode::vshl_imm:
        case Opcode::vshr_imm:
        case Opcode::vsar_imm:
            return ImmKind::lane_shift;
        case Opcode::fmuladd:
            return ImmKind::negations;
        case Opcode::fround:
        case Opcode::fto_int:
        case Opcode::fvto_int:
        case Opcode::ffrom_int:
        case Opcode::fvfrom_int:
            return ImmKind::conversion;
        case Opcode::fconvert:
            return ImmKind::shape;
        default:
            return (info(code).effects & (kReadsMemory | kWritesMemory)) != 0 ? ImmKind::memory : ImmKind::none;
    }
}

Type default_type(Opcode code) {
    switch (code) {
        case Opcode::page_address:
        case Opcode::read_clock:
        case Opcode::exit_indirect:
        case Opcode::branch_bit:
            return Type::i64;
        case Opcode::fcompare:
        case Opcode::vstore:
            return Type::v128;
        case Opcode::select_flags:
            return Type::flags;
        default:
            return info(code).result == ResultKind::V ? Type::v128 : Type::none;
    }
}

}  // namespace kelvin::ir
