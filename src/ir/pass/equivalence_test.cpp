// SPDX-License-Identifier: Apache-2.0
// Random programs mean the same with the builder's simplifications and the passes on as with all of them off.
#include <gtest/gtest.h>

#include <random>

#include "ir/builder.h"
#include "ir/interpreter.h"
#include "ir/pass/pass.h"
#include "ir/test_guest.h"
#include "ir/verifier.h"

namespace kelvin::pass {
namespace {

using namespace ir;
using namespace ir::testing;

class NoMemory final : public MemoryPort {
  public:
    bool load(u64, MemInfo, V128&) override { return false; }
    bool store(u64 address, MemInfo, const V128&) override { return (address & 3) != 0; }
    bool load_exclusive(u64, MemInfo, V128&) override { return false; }
    bool store_exclusive(u64, MemInfo, const V128&, u32&) override { return false; }
    void clear_exclusive() override {}
    bool atomic_rmw(u64, MemInfo, AtomicKind, u64, u64&) override { return false; }
    bool compare_and_swap(u64, MemInfo, const V128&, const V128&, V128&) override { return false; }
};

/// Writes the same program for the same seed, whatever the builder makes of it.
class Author {
  public:
    Author(Region& region, BuilderOptions options, u32 seed) : ir_(region, options), random_(seed) {}

    void write() {
        ir_.begin_block();
        steps();
        const u32 first = ir_.reserve_block();
        const u32 second = ir_.reserve_block();
        switch (pick(3)) {
            case 0:
                ir_.branch(cond(), flags(), first, second);
                break;
            case 1:
                ir_.branch_zero(type(), integer(), first, second);
                break;
            default:
                ir_.branch_bit(integer(), pick(64), first, second);
                break;
        }
        ir_.place_block(second);
        steps();
        ir_.jump(first);
        ir_.place_block(first);
        steps();
        pick(2) == 0 ? ir_.exit_indirect(integer(), JumpKind::jump, pick(4)) : ir_.exit_direct(pick(4096));
    }

  private:
    u32 pick(u32 count) { return static_cast<u32>(random_() % count); }
    Type type() { return pick(2) == 0 ? Type::i32 : Type::i64; }
    Cond cond() { return static_cast<Cond>(pick(16)); }
    Lane lane(u32 count = 4) { return static_cast<Lane>(pick(count)); }
    Value integer() { return integers_[pick(static_cast<u32>(integers_.size()))]; }
    Value vector() { return vectors_[pick(static_cast<u32>(vectors_.size()))]; }
    Value flags() { return flags_[pick(static_cast<u32>(flags_.size()))]; }

    void steps() {
        integers_ = {ir_.get(0), ir_.i64c(0)};
        vectors_ = {ir_.get(kV0)};
        flags_ = {ir_.flags()};
        for (u32 i = 0; i < 24; ++i) {
            ir_.insn_start(4 * i);
            step();
        }
    }

    void step() {
        switch (pick(8)) {
            case 0:
                constant();
                break;
            case 1:
                read();
                break;
            case 2:
                write_state();
                break;
            case 3:
                vectors_.push_back(vector_op());
                break;
            case 4:
                flags_.push_back(flags_op());
                break;
            case 5:
                integers_.push_back(field_op());
                break;
            default:
                integers_.push_back(arithmetic());
                break;
        }
    }

    void constant() {
        constexpr u64 kValues[] = {0, 1, 2, 31, 63, 64, 0xff, 0x7fffffff, 0xffffffff, u64{1} << 63, ~u64{0}};
        const u64 value = kValues[pick(std::size(kValues))];
        switch (pick(4)) {
            case 0:
                vectors_.push_back(ir_.vconstant(value));
                break;
            case 1:
                integers_.push_back(ir_.page_address(static_cast<i64>(value)));
                break;
            default:
                integers_.push_back(ir_.constant(type(), value));
                break;
        }
    }

    void read() {
        integers_.push_back(ir_.get(pick(4)));
        vectors_.push_back(ir_.get(kV0 + pick(3)));
        flags_.push_back(ir_.flags());
    }

    void write_state() {
        switch (pick(7)) {
            case 0:
                ir_.set_flags(flags());
                break;
            case 1:
                ir_.set(kV0 + pick(3), vector());
                break;
            case 2:
                ir_.call(kDoubleX1, {});
                break;
            case 3:
                integers_.push_back(ir_.call(kReadX0, {}));
                break;
            case 4:
                ir_.store(integer(), 1, integer(), {.size_log2 = 0});
                break;
            default:
                ir_.set(pick(4), integer());
                break;
        }
    }

    Value vector_op() {
        const Value a = vector();
        const Value b = vector();
        switch (pick(12)) {
            case 0:
                return ir_.vector(Opcode::vlow64, a);
            case 1:
                return ir_.vector(Opcode::vlow32, a);
            case 2:
                return ir_.vector(Opcode::vlow_lane, lane(), a);
            case 3:
                return ir_.vector(Opcode::vfrom_gpr, lane(), integer());
            case 4:
                return ir_.vector(Opcode::vdup_gpr, lane(), integer());
            case 5:
                return ir_.vector(Opcode::vor, a, b);
            case 6:
                return ir_.vector(Opcode::vxor, a, b);
            case 7:
                return ir_.vector(Opcode::vandn, a, b);
            case 8:
                return ir_.vector(Opcode::vnot, a);
            case 9:
                return ir_.fp(Opcode::fadd, static_cast<FpShape>(pick(8)), a, b);
            case 10:
                return ir_.vector(Opcode::vqadd_s, lane(), a, b);
            default:
                return ir_.vector(Opcode::vreduce_add, lane(), a);
        }
    }

    Value flags_op() {
        const Value a = integer();
        const Value b = integer();
        switch (pick(6)) {
            case 0:
                return ir_.add_flags(type(), a, b);
            case 1:
                return ir_.sub_flags(type(), a, b);
            case 2:
                return ir_.sbc_flags(type(), a, b, flags());
            case 3:
                return ir_.logic_flags(type(), a);
            case 4:
                return ir_.flags_from_nzcv(a);
            default:
                return ir_.select_flags(cond(), flags(), flags(), pick(16));
        }
    }

    Value field_op() {
        const Type width = type();
        const u32 bits = width == Type::i32 ? 32 : 64;
        const u32 low = pick(3) == 0 ? pick(bits) : 0;
        const u32 count = pick(3) == 0 ? bits - low : 1 + pick(bits - low);
        const Value a = integer();
        switch (pick(7)) {
            case 0:
                return ir_.ubfx(width, a, low, count);
            case 1:
                return ir_.sbfx(width, a, low, count);
            case 2:
                return ir_.bfi(width, a, integer(), low, count);
            case 3:
                return ir_.extract_pair(width, a, pick(2) == 0 ? a : integer(), low);
            case 4:
                return ir_.load_field(kField, pick(4));
            case 5:
                return ir_.vextract(width, lane(3), vector(), pick(4), pick(2) == 0);
            default:
                return ir_.nzcv_from_flags(flags());
        }
    }

    Value arithmetic() {
        const Type width = type();
        const Value a = integer();
        const Value b = pick(4) == 0 ? a : integer();
        switch (pick(20)) {
            case 0:
                return ir_.sub(width, a, b);
            case 1:
                return ir_.mul(width, a, b);
            case 2:
                return ir_.sdiv(width, a, b);
            case 3:
                return ir_.and_(width, a, b);
            case 4:
                return ir_.or_(width, a, b);
            case 5:
                return ir_.xor_(width, a, b);
            case 6:
                return ir_.andn(width, a, b);
            case 7:
                return ir_.shl(width, a, b);
            case 8:
                return ir_.shr(width, a, b);
            case 9:
                return ir_.sar(width, a, b);
            case 10:
                return ir_.ror(width, a, b);
            case 11:
                return ir_.neg(width, a);
            case 12:
                return ir_.cls(width, a);
            case 13:
                return ir_.bswap16(width, a);
            case 14:
                return ir_.select(width, cond(), flags(), a, b);
            case 15:
                return ir_.cond_set(width, cond(), flags());
            case 16:
                return ir_.adc(width, a, b, flags());
            case 17:
                return ir_.crc32(a, b, pick(4), pick(2) == 0);
            default:
                return ir_.add(width, a, b);
        }
    }

    Builder ir_;
    std::mt19937 random_;
    std::vector<Value> integers_;
    std::vector<Value> vectors_;
    std::vector<Value> flags_;
};

struct Outcome {
    TestState state;
    RegionExit exit;
};

Outcome run(const Region& region, u32 seed) {
    std::mt19937_64 random(seed);
    Outcome outcome{};
    for (u64& x : outcome.state.x) {
        x = random() >> random() % 64;
    }
    for (V128& v : outcome.state.v) {
        v = v128(random(), random());
    }
    outcome.state.flags = static_cast<u32>(random());
    outcome.state.field = random();
    NoMemory memory;
    Interpreter interpreter(&outcome.state, &outcome.state, memory);
    outcome.exit = interpreter.run(region, 0x7000, [](void*) { return false; });
    return outcome;
}

TEST(Equivalence, SimplifiedProgramsDoTheSame) {
    Region plain;
    Region simplified;
    plain.guest = simplified.guest = &kTestGuest;
    Scratch scratch;
    std::size_t removed = 0;
    for (u32 seed = 0; seed < 3000; ++seed) {
        plain.clear();
        simplified.clear();
        Author(plain, {.fold_constants = false, .simplify = false, .forward_registers = false, .reuse_sums = false},
               seed)
            .write();
        Author(simplified, {}, seed).write();
        PassSet::all().run(simplified, scratch);
        const auto verified = verify(simplified);
        ASSERT_TRUE(verified) << verified.error().message() << print(simplified);
        for (const Op& op : simplified.ops) {
            removed += op.code == Opcode::nop;
        }
        const Outcome expected = run(plain, seed);
        const Outcome actual = run(simplified, seed);
        const auto same = [](const TestState& a, const TestState& b) {
            constexpr u32 kNzcv = stored_flags::kN | stored_flags::kZ | stored_flags::kNotC | stored_flags::kV;
            return std::equal(a.x, a.x + 4, b.x) && std::equal(a.v, a.v + 3, b.v) &&
                   ((a.flags ^ b.flags) & kNzcv) == 0 && a.fpsr == b.fpsr && a.field == b.field &&
                   a.branch_type == b.branch_type;
        };
        ASSERT_TRUE(same(actual.state, expected.state)) << "seed " << seed << "\n" << print(simplified);
        // Without forwarding and folding, exit_indirect stays what it is.
        if (expected.exit.kind == RegionExit::Kind::fault || expected.exit.kind == RegionExit::Kind::direct) {
            ASSERT_EQ(actual.exit.kind, expected.exit.kind) << "seed " << seed;
        }
        ASSERT_EQ(actual.exit.pc, expected.exit.pc) << "seed " << seed << "\n" << print(simplified);
    }
    EXPECT_GT(removed, 10000u);
}

}  // namespace
}  // namespace kelvin::pass
