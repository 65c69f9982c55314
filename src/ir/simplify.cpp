// SPDX-License-Identifier: Apache-2.0
// The builder's identities. Each returns a value that the op comes down to, or kNoValue.
#include <algorithm>
#include <bit>
#include <utility>

#include "base/bits.h"
#include "ir/builder.h"

namespace kelvin::ir {

namespace {

constexpr unsigned width_of(Type type) {
    return type == Type::i32 ? 32 : 64;
}

/// No bit at or above this position of an integer value is set.
unsigned significant_bits(const Region& region, Value value) {
    const Op& op = region.op(value);
    const unsigned width = width_of(result_type(region, op));
    switch (op.code) {
        case Opcode::constant:
            return static_cast<unsigned>(std::bit_width(op.imm));
        case Opcode::ubfx:
            return static_cast<unsigned>(op.imm);
        case Opcode::load:
            return op.memory().sign_extend ? width : std::min(width, 8u << op.memory().size_log2);
        case Opcode::load_exclusive:
        case Opcode::atomic_rmw:
        case Opcode::atomic_cas:
            return std::min(width, 8u << op.memory().size_log2);
        case Opcode::load_field:
            return 8u << op.aux;
        case Opcode::cond_set:
            return 1;
        case Opcode::vextract:
            return std::min(width, lane_bits(op.lane()));
        case Opcode::and_:
            return region.is_constant(op.b) ? std::min(width, significant_bits(region, op.b)) : width;
        default:
            return width;
    }
}

unsigned shape_bits(FpShape shape) {
    return lane_bits(fp_lane(shape)) * fp_lanes(shape);
}

/// No bit at or above this position of a vector is set.
unsigned significant_vector_bits(const Region& region, Value value) {
    const Op& op = region.op(value);
    switch (op.code) {
        case Opcode::vconstant:
            return op.imm == 0 ? 0 : 128;
        case Opcode::vload:
            return 8u << op.memory().size_log2;
        case Opcode::vlow64:
        case Opcode::vnarrow:
        case Opcode::fvnarrow:
            return 64;
        case Opcode::vlow32:
            return 32;
        case Opcode::vlow_lane:
        case Opcode::vfrom_gpr:
        case Opcode::vreduce_add:
            return lane_bits(op.lane());
        case Opcode::fconvert:
            return shape_bits(static_cast<FpShape>(op.imm));
        case Opcode::fvwiden:
            return 128;
        default:
            return op.code >= Opcode::fadd && op.code <= Opcode::fvfrom_int ? shape_bits(op.shape()) : 128;
    }
}

constexpr u64 replicate(u64 value, Lane lane) {
    switch (lane) {
        case Lane::b:
            return (value & 0xff) * 0x0101010101010101;
        case Lane::h:
            return (value & 0xffff) * 0x0001000100010001;
        case Lane::s:
            return (value & 0xffffffff) * 0x0000000100000001;
        default:
            return value;
    }
}

}  // namespace

Value Builder::as_integer(Type type, Value value) {
    return type == Type::i64 ? value : zero_extend(type, value, 32);
}

Value Builder::simplify_shl(const Op& op, unsigned count) {
    if (count == 0) {
        return as_integer(op.type, op.a);
    }
    // Bits that an extension has changed and the shift drops: LSL is UBFIZ.
    const Op& operand = region_.op(op.a);
    const bool extension = (operand.code == Opcode::ubfx || operand.code == Opcode::sbfx) && operand.aux == 0;
    return extension && operand.imm + count >= width_of(op.type) ? shl(op.type, operand.a, count) : kNoValue;
}

Value Builder::simplify(const Op& op) {
    switch (info(op.code).result) {
        case ResultKind::I:
            return simplify_integer(op);
        case ResultKind::V:
            return simplify_vector(op);
        case ResultKind::F:
            return op.code == Opcode::select_flags && op.cond() >= Cond::al ? op.b : kNoValue;
        default:
            return kNoValue;
    }
}

Value Builder::simplify_integer(const Op& op) {
    switch (op.code) {
        case Opcode::ubfx:
            // From bit 0 it is a zero-extension, which most values have had.
            return op.aux == 0 && significant_bits(region_, op.a) <= op.imm ? op.a : kNoValue;
        case Opcode::sbfx:
            return op.aux == 0 && op.imm == width_of(op.type) ? as_integer(op.type, op.a) : kNoValue;
        case Opcode::bfi:
            return op.imm == width_of(op.type) ? as_integer(op.type, op.b) : kNoValue;
        case Opcode::extract_pair:
            if (op.imm == 0) {
                return as_integer(op.type, op.b);
            }
            return op.a == op.b ? ror(op.type, op.a, static_cast<unsigned>(op.imm)) : kNoValue;
        case Opcode::clz: {
            // A64 has no instruction that counts trailing zeros.
            const Op& operand = region_.op(op.a);
            return operand.code == Opcode::rbit && operand.type == op.type
                       ? append({.code = Opcode::ctz, .type = op.type, .a = operand.a})
                       : kNoValue;
        }
        case Opcode::select:
            return op.b == op.c || op.cond() >= Cond::al ? as_integer(op.type, op.b) : simplify_select(op);
        case Opcode::cond_set:
            return op.cond() >= Cond::al ? constant(op.type, 1) : kNoValue;
        case Opcode::nzcv_from_flags:
            return region_.op(op.a).code == Opcode::flags_from_nzcv
                       ? and_(Type::i32, region_.op(op.a).a, i32c(0xf0000000))
                       : kNoValue;
        default:
            break;
    }
    if (info(op.code).arguments != "II") {
        return kNoValue;
    }
    if (op.a == op.b) {
        return simplify_equal_operands(op);
    }
    if ((info(op.code).effects & kCommutes) != 0 && region_.is_constant(op.a) && !region_.is_constant(op.b)) {
        Op swapped = op;
        std::swap(swapped.a, swapped.b);
        return append(swapped);
    }
    return region_.is_constant(op.b) ? simplify_with_constant(op, region_.constant(op.b)) : kNoValue;
}

// CSET is CSINC of the zero register with itself.
Value Builder::simplify_select(const Op& op) {
    if (!region_.is_constant(op.b) || !region_.is_constant(op.c)) {
        return kNoValue;
    }
    const u64 if_true = region_.constant(op.b);
    const u64 if_false = region_.constant(op.c);
    if (if_true == 1 && if_false == 0) {
        return cond_set(op.type, op.cond(), op.a);
    }
    return if_true == 0 && if_false == 1 ? cond_set(op.type, invert(op.cond()), op.a) : kNoValue;
}

Value Builder::simplify_equal_operands(const Op& op) {
    switch (op.code) {
        case Opcode::and_:
        case Opcode::or_:
            return as_integer(op.type, op.a);
        case Opcode::sub:
        case Opcode::xor_:
        case Opcode::andn:
            return constant(op.type, 0);
        default:
            return kNoValue;
    }
}

Value Builder::simplify_with_constant(const Op& op, u64 full_constant) {
    const unsigned width = width_of(op.type);
    const u64 value = full_constant & low_mask(width);
    switch (op.code) {
        case Opcode::add:
            if (op.type == Type::i64 && region_.op(op.a).code == Opcode::page_address) {
                return page_address(static_cast<i64>(region_.op(op.a).imm + value));
            }
            return value == 0 ? as_integer(op.type, op.a) : kNoValue;
        case Opcode::sub:
        case Opcode::xor_:
        case Opcode::andn:
            return value == 0 ? as_integer(op.type, op.a) : kNoValue;
        case Opcode::or_:
            if (value == low_mask(width)) {
                return constant(op.type, value);
            }
            return value == 0 ? as_integer(op.type, op.a) : kNoValue;
        case Opcode::and_:
            if (value == 0) {
                return constant(op.type, 0);
            }
            return value == low_mask(width) ? as_integer(op.type, op.a) : kNoValue;
        case Opcode::mul:
            if (value == 0) {
                return constant(op.type, 0);
            }
            if (value == 1) {
                return as_integer(op.type, op.a);
            }
            return std::has_single_bit(value) ? shl(op.type, op.a, static_cast<unsigned>(std::countr_zero(value)))
                                              : kNoValue;
        case Opcode::shl:
            return simplify_shl(op, static_cast<unsigned>(value % width));
        case Opcode::shr:
        case Opcode::sar:
        case Opcode::ror:
            return value % width == 0 ? as_integer(op.type, op.a) : kNoValue;
        default:
            return kNoValue;
    }
}

Value Builder::simplify_vector(const Op& op) {
    switch (op.code) {
        case Opcode::vlow64:
            return significant_vector_bits(region_, op.a) <= 64 ? op.a : kNoValue;
        case Opcode::vlow32:
            return significant_vector_bits(region_, op.a) <= 32 ? op.a : kNoValue;
        case Opcode::vlow_lane:
            return significant_vector_bits(region_, op.a) <= lane_bits(op.lane()) ? op.a : kNoValue;
        case Opcode::vselect_cond:
            return op.cond() >= Cond::al ? op.b : kNoValue;
        case Opcode::vand:
        case Opcode::vor:
            return op.a == op.b ? op.a : kNoValue;
        case Opcode::vxor:
        case Opcode::vandn:
            return op.a == op.b ? vconstant(0) : kNoValue;
        case Opcode::vnot:
            return region_.op(op.a).code == Opcode::vconstant ? vconstant(~region_.op(op.a).imm) : kNoValue;
        case Opcode::vfrom_gpr:
            return region_.is_constant(op.a) && (region_.constant(op.a) & low_mask(lane_bits(op.lane()))) == 0
                       ? vconstant(0)
                       : kNoValue;
        case Opcode::vdup_gpr:
            return region_.is_constant(op.a) ? vconstant(replicate(region_.constant(op.a), op.lane())) : kNoValue;
        default:
            return kNoValue;
    }
}

}  // namespace kelvin::ir
