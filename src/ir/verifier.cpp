// SPDX-License-Identifier: Apache-2.0
#include "ir/verifier.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "ir/op_format.h"
#include "ir/text.h"
#include "ir/text_names.h"

namespace kelvin::ir {

namespace {

using Problem = const char*;  ///< null: none

constexpr Problem kFine = nullptr;

constexpr bool is_integer(Type type) {
    return type == Type::i32 || type == Type::i64;
}

constexpr unsigned width_of(Type type) {
    return type == Type::i32 ? 32 : 64;
}

constexpr unsigned size_of(Type type) {
    return type == Type::v128 ? 16 : type == Type::i64 ? 8 : 4;
}

/// The type an op may have, besides what its result kind says.
Problem check_type(const Op& op) {
    switch (op.code) {
        case Opcode::umulh:
        case Opcode::smulh:
        case Opcode::mulfold:
        case Opcode::bswap32:
        case Opcode::page_address:
        case Opcode::read_clock:
        case Opcode::exit_indirect:
            return op.type == Type::i64 ? kFine : "its type must be i64";
        case Opcode::crc32:
        case Opcode::crc32c:
        case Opcode::flags_from_nzcv:
        case Opcode::nzcv_from_flags:
        case Opcode::store_exclusive:
        case Opcode::vstore_exclusive:
            return op.type == Type::i32 ? kFine : "its type must be i32";
        case Opcode::add_flags:
        case Opcode::sub_flags:
        case Opcode::adc_flags:
        case Opcode::sbc_flags:
        case Opcode::logic_flags:
        case Opcode::store:
        case Opcode::store_field:
        case Opcode::branch_zero:
        case Opcode::branch_bit:
            return is_integer(op.type) ? kFine : "its type must be i32 or i64";
        default:
            break;
    }
    switch (info(op.code).result) {
        case ResultKind::I:
            return is_integer(op.type) ? kFine : "its type must be i32 or i64";
        case ResultKind::V:
            return op.type == Type::v128 ? kFine : "its type must be v128";
        default:
            return kFine;
    }
}

Problem check_lane(const Op& op) {
    const Lane lane = op.lane();
    switch (op.code) {
        case Opcode::vmul:
        case Opcode::vmul_wide_u:
        case Opcode::vmul_wide_s:
        case Opcode::vwiden_u:
        case Opcode::vwiden_s:
        case Opcode::vreverse64:
            return lane != Lane::d ? kFine : "no such operation on doublewords";
        case Opcode::vreverse32:
            return lane < Lane::s ? kFine : "no such operation on elements this large";
        case Opcode::vreverse16:
            return lane == Lane::b ? kFine : "no such operation on elements this large";
        case Opcode::vnarrow:
            return lane != Lane::b ? kFine : "bytes cannot be narrowed";
        case Opcode::vpmul_wide:
            return lane == Lane::b || lane == Lane::d ? kFine : "only bytes and doublewords";
        default:
            return kFine;
    }
}

constexpr bool is_scalar(FpShape shape) {
    return shape <= FpShape::d;
}

Problem check_shape(const Op& op) {
    switch (op.code) {
        case Opcode::fcompare:
        case Opcode::fto_int:
        case Opcode::ffrom_int:
        case Opcode::fconvert:
            return is_scalar(op.shape()) ? kFine : "only scalars";
        case Opcode::fvwiden:
            return op.shape() == FpShape::v4h || op.shape() == FpShape::v2s ? kFine : "only 4h and 2s can be widened";
        case Opcode::fvnarrow:
            return op.shape() == FpShape::v4s || op.shape() == FpShape::v2d ? kFine : "only 4s and 2d can be narrowed";
        default:
            return kFine;
    }
}

Problem check_aux(const Op& op) {
    const AuxKind kind = aux_kind(op.code);
    if (const auto named = names::of_aux(kind); !named.empty() && op.aux >= named.size()) {
        return "its aux byte is out of range";
    }
    switch (kind) {
        case AuxKind::none:
            return op.aux == 0 ? kFine : "its aux byte must be 0";
        case AuxKind::lane:
            return check_lane(op);
        case AuxKind::shape:
            return check_shape(op);
        case AuxKind::size_log2:
            return op.aux <= 3 ? kFine : "the size is out of range";
        case AuxKind::low_bit:
            return op.imm >= 1 && op.imm <= width_of(op.type) && op.aux <= width_of(op.type) - op.imm
                       ? kFine
                       : "the field does not lie within its type";
        case AuxKind::position:
            return op.aux < width_of(op.type) ? kFine : "the bit does not lie within its type";
        default:
            return kFine;
    }
}

Problem check_conversion(const Op& op) {
    const unsigned rounding = op.imm & 7;
    const u64 allowed = op.code == Opcode::fround ? 0xf : op.code == Opcode::ffrom_int ? 0xff18 : 0xff0f;
    if ((op.imm & ~allowed) != 0 || rounding > 4) {
        return "the conversion is none that there is";
    }
    return (op.imm >> 8) <= 64 ? kFine : "too many fraction bits";
}

Problem check_imm(const Op& op) {
    switch (imm_kind(op.code)) {
        case ImmKind::none:
            return op.imm == 0 ? kFine : "its immediate must be 0";
        case ImmKind::shift:
            return op.imm < width_of(op.type) ? kFine : "the shift is too far";
        case ImmKind::lane_shift:
            return op.imm < lane_bits(op.lane()) + (op.code != Opcode::vshl_imm) ? kFine : "the shift is too far";
        case ImmKind::element:
            return op.imm < lane_count(op.lane()) ? kFine : "no such element";
        case ImmKind::two_elements:
            return (op.imm & 15) < lane_count(op.lane()) && (op.imm >> 4) < lane_count(op.lane()) ? kFine
                                                                                                  : "no such element";
        case ImmKind::byte_index:
            return op.imm < 16 ? kFine : "no such byte";
        case ImmKind::nzcv:
            return (op.imm & ~u64{0xf0000000}) == 0 ? kFine : "flags are bits 31:28";
        case ImmKind::flag:
            return op.imm <= 1 ? kFine : "its immediate is out of range";
        case ImmKind::negations:
        case ImmKind::branch_type:
            return op.imm <= 3 ? kFine : "its immediate is out of range";
        case ImmKind::shape:
            return op.imm <= static_cast<u64>(FpShape::d) ? kFine : "only scalars";
        case ImmKind::conversion:
            return check_conversion(op);
        case ImmKind::number:
            return op.type != Type::i32 || op.imm <= 0xffffffff ? kFine : "the number has more than 32 bits";
        default:
            return kFine;
    }
}

class Verifier {
  public:
    explicit Verifier(const Region& region) : region_(region) {}

    Result<> run() {
        if (region_.guest == nullptr || region_.guest->slots.size() > GuestDesc::kMaxSlots) {
            return user_error("the region has no guest, or one with too many registers");
        }
        KELVIN_TRY(blocks());
        for (const Block& block : region_.blocks) {
            written_ = false;
            first_ = block.first;
            for (u32 i = block.first; i < block.end; ++i) {
                if (const Problem problem = op(i, i + 1 == block.end); problem != kFine) {
                    return user_error(fmt::format("op {}, '{}': {}", i, print(region_, Value{i}), problem));
                }
            }
        }
        return ok();
    }

  private:
    Result<> blocks() const {
        std::vector<Block> sorted = region_.blocks;
        std::sort(sorted.begin(), sorted.end(), [](Block a, Block b) { return a.first < b.first; });
        u32 reached = 0;
        for (const Block& block : sorted) {
            if (block.first != reached || block.end <= block.first) {
                return user_error("a block is empty, or blocks overlap or leave a gap at op " +
                                  std::to_string(reached));
            }
            reached = block.end;
        }
        if (reached != region_.ops.size() || reached == 0) {
            return user_error("the blocks do not cover the ops");
        }
        return ok();
    }

    Problem op(u32 i, bool last) {
        const Op& op = region_.ops[i];
        if (op.code >= Opcode::count) {
            return "no such op";
        }
        if (((info(op.code).effects & kTerminator) != 0) != last) {
            return "a terminator must be, and can only be, a block's last op";
        }
        Problem problem = check_reference(op);
        problem = problem != kFine ? problem : check_type(op);
        problem = problem != kFine ? problem : check_aux(op);
        problem = problem != kFine ? problem : check_imm(op);
        problem = problem != kFine ? problem : check_operands(op, i);
        return problem != kFine ? problem : check_precision(op);
    }

    /// What imm refers to.
    Problem check_reference(const Op& op) const {
        switch (imm_kind(op.code)) {
            case ImmKind::slot:
                return op.imm >= region_.guest->slots.size()          ? "no such register"
                       : op.type != region_.guest->slots[op.imm].type ? "its type is not the register's"
                                                                      : kFine;
            case ImmKind::field:
                return check_field(op);
            case ImmKind::memory:
                return check_memory(op);
            case ImmKind::block:
                return op.imm < region_.blocks.size() &&
                               (!is_conditional(op.code) || index(op.c) < region_.blocks.size())
                           ? kFine
                           : "no such block";
            case ImmKind::call:
                return op.imm >= region_.calls.size() || region_.calls[op.imm].helper == nullptr ? "no such call"
                       : op.type != region_.calls[op.imm].helper->result ? "its type is not the helper's"
                                                                         : kFine;
            default:
                return kFine;
        }
    }

    Problem check_field(const Op& op) const {
        const u64 end = op.imm + (u64{1} << (op.aux & 3));
        if (op.imm > 0x7fffffff) {
            return "no such field";
        }
        for (const Slot& slot : region_.guest->slots) {
            if (op.imm < u64{slot.offset} + size_of(slot.type) && end > slot.offset) {
                return "the field is part of a register: its value may not be there";
            }
        }
        return kFine;
    }

    Problem check_memory(const Op& op) const {
        const MemInfo memory = op.memory();
        const bool is_pair =
            op.code == Opcode::vload_exclusive || op.code == Opcode::vstore_exclusive || op.code == Opcode::vatomic_cas;
        const bool is_vector = is_pair || op.code == Opcode::vload || op.code == Opcode::vstore;
        if (memory.size_log2 > (is_vector ? 4 : 3) || (is_pair && memory.size_log2 < 3)) {
            return "the size of the access does not fit the op";
        }
        const bool narrow_result = op.type == Type::i32 && op.code != Opcode::store_exclusive && !is_vector;
        if (narrow_result && memory.size_log2 > 2) {
            return "the size of the access does not fit the op";
        }
        if (memory.sign_extend && op.code != Opcode::load) {
            return "only loads sign-extend";
        }
        if (memory.pair && op.code != Opcode::vload && op.code != Opcode::vstore) {
            return "only vector loads and stores are of pairs";
        }
        if (memory.zeroes && op.code != Opcode::vstore) {
            return "only vector stores zero a block";
        }
        if (memory.base == MemInfo::kNoBase) {
            return kFine;
        }
        return memory.base < region_.guest->slots.size() && region_.guest->slots[memory.base].type == Type::i64
                   ? kFine
                   : "the base is not a register";
    }

    Problem check_operands(const Op& op, u32 user) const {
        const std::string_view kinds = info(op.code).arguments;
        const Value values[] = {op.a, op.b, op.c};
        for (unsigned i = 0; i < 3; ++i) {
            if (i >= kinds.size()) {
                const bool is_block = i == 2 && is_conditional(op.code);
                if (values[i] != kNoValue && !is_block) {
                    return "it has too many operands";
                }
                continue;
            }
            const Type wanted = kinds[i] == 'I'   ? Type::i64
                                : kinds[i] == 'V' ? Type::v128
                                : kinds[i] == 'F' ? Type::flags
                                                  : region_.guest->slots[op.imm].type;
            if (const Problem problem = check_value(values[i], wanted, user); problem != kFine) {
                return problem;
            }
        }
        if (imm_kind(op.code) != ImmKind::call) {
            return kFine;
        }
        const Call& call = region_.calls[op.imm];
        for (unsigned i = 0; i < call.helper->argument_count; ++i) {
            if (const Problem problem = check_value(call.arguments[i], call.helper->arguments[i], user);
                problem != kFine) {
                return problem;
            }
        }
        return kFine;
    }

    Problem check_value(Value value, Type wanted, u32 user) const {
        if (value == kNoValue) {
            return "an operand is missing";
        }
        if (index(value) < first_ || index(value) >= user) {
            return "an operand is not made before it in the same block";
        }
        const Type type = result_type(region_, region_.op(value));
        return is_integer(wanted) ? (is_integer(type) ? kFine : "an operand must be an integer")
               : type == wanted   ? kFine
                                  : "an operand is of the wrong type";
    }

    Problem check_precision(const Op& op) {
        if (op.code == Opcode::insn_start) {
            written_ = false;
        }
        const bool may_leave =
            (info(op.code).effects & kMayFault) != 0 ||
            (op.code == Opcode::call && (region_.calls[op.imm].helper->effects & kHelperMayExit) != 0);
        if (may_leave && written_) {
            return "it may fault after the instruction has changed the state";
        }
        written_ |= op.code == Opcode::set || op.code == Opcode::store_field;
        return kFine;
    }

    const Region& region_;
    u32 first_ = 0;         ///< of the block
    bool written_ = false;  ///< the guest instruction has written a register or a field
};

}  // namespace

Result<> verify(const Region& region) {
    return Verifier(region).run();
}

}  // namespace kelvin::ir
