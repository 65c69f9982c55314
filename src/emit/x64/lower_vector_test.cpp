// SPDX-License-Identifier: Apache-2.0
// Every integer vector and cryptographic op, by lane and immediate, against evaluate().
#include "emit/x64/lowering_rig.h"
#include "ir/op_format.h"

namespace kelvin::x64::testing {

namespace {

using ir::Lane;

constexpr bool is_tested(IrOp code) {
    return (code >= IrOp::vfrom_gpr && code <= IrOp::sha1_majority) || code == IrOp::fneg || code == IrOp::fabs;
}

bool has_lane(IrOp code, Lane lane) {
    switch (code) {
        case IrOp::vwiden_u:
        case IrOp::vwiden_s:
        case IrOp::vmul_wide_u:
        case IrOp::vmul_wide_s:
        case IrOp::vmul:
        case IrOp::vreverse64:
            return lane != Lane::d;
        case IrOp::vreverse32:
            return lane <= Lane::h;
        case IrOp::vreverse16:
        case IrOp::vpopcount:
        case IrOp::vrbit8:
            return lane == Lane::b;
        case IrOp::vnarrow:
            return lane != Lane::b;
        case IrOp::vpmul_wide:
            return lane == Lane::b || lane == Lane::d;
        default:
            return true;
    }
}

/// The values of imm worth a test.
std::vector<u64> immediates(IrOp code, u8 aux) {
    const Lane lane = static_cast<Lane>(aux);
    std::vector<u64> values;
    const auto up_to = [&](u64 end) {
        for (u64 i = 0; i < end; i++) {
            values.push_back(i);
        }
    };
    switch (ir::imm_kind(code)) {
        case ir::ImmKind::lane_shift:
            up_to(ir::lane_bits(lane) + (code == IrOp::vshl_imm ? 0 : 1));
            break;
        case ir::ImmKind::element:
            up_to(ir::lane_count(lane));
            break;
        case ir::ImmKind::two_elements:
            for (u64 from = 0; from < ir::lane_count(lane); from++) {
                for (u64 to = 0; to < ir::lane_count(lane); to++) {
                    values.push_back(from << 4 | to);
                }
            }
            break;
        case ir::ImmKind::byte_index:
            up_to(16);
            break;
        default:
            up_to(1);
            break;
    }
    return values;
}

/// Bytes that make interesting elements of any size, and small ones for counts and indexes.
class Operands {
  public:
    V128 next() {
        constexpr u8 kBytes[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x81, 0x10};
        const u64 kind = random_() % 4;
        V128 value = v128(random_(), random_());
        for (u8& byte : value.b) {
            const u64 bits = random_();
            if (kind == 0) {
                byte = kBytes[bits % std::size(kBytes)];
            } else if (kind == 1) {
                byte = static_cast<u8>(bits % 40 - 20);
            }
        }
        if (kind == 2) {
            value.s[random_() % 4] = 0;
            value.h[random_() % 8] = 0x8000;
        }
        return value;
    }
    u64 integer() { return random_(); }

  private:
    std::mt19937_64 random_{1};
};

void check_op(Rig& rig, ir::Op op, unsigned runs) {
    Operands operands;
    for (const Placement& place : kPlacements) {
        rig.compile(op, place, 0);
        for (unsigned i = 0; i < runs; i++) {
            const V128 a = operands.next();
            // Operands in one register must be equal.
            const V128 b = place.operands[1] == place.operands[0] ? a : operands.next();
            const V128 c = place.operands[2] == place.operands[0] ? a : operands.next();
            ASSERT_TRUE(rig.check({a, b, place.operands[2] == place.operands[1] ? b : c}, operands.integer()));
        }
    }
}

void check_code(Rig& rig, IrOp code) {
    const ir::AuxKind kind = ir::aux_kind(code);
    const unsigned aux_end = kind == ir::AuxKind::lane    ? 4
                             : kind == ir::AuxKind::shape ? 8
                             : kind == ir::AuxKind::cond  ? 14
                                                          : 1;
    const bool to_integer = ir::info(code).result == ir::ResultKind::I;
    for (u8 aux = 0; aux < aux_end; aux++) {
        if (kind == ir::AuxKind::lane && !has_lane(code, static_cast<Lane>(aux))) {
            continue;
        }
        const std::vector<u64> values = immediates(code, aux);
        for (const u64 imm : values) {
            ir::Op op{.code = code, .type = to_integer ? Type::i64 : Type::v128, .aux = aux, .imm = imm};
            ASSERT_NO_FATAL_FAILURE(check_op(rig, op, values.size() > 20 ? 3 : 30));
            if (to_integer) {
                op.type = Type::i32;
                ASSERT_NO_FATAL_FAILURE(check_op(rig, op, 5));
            }
        }
    }
}

TEST(LowerVector, EveryOpIsAsEvaluated) {
    for (const HostFeatures& features : feature_sets()) {
        Rig rig(features);
        for (unsigned i = 0; i < static_cast<unsigned>(IrOp::count); i++) {
            if (is_tested(static_cast<IrOp>(i))) {
                check_code(rig, static_cast<IrOp>(i));
            }
        }
    }
}

}  // namespace

}  // namespace kelvin::x64::testing
