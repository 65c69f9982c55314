// SPDX-License-Identifier: Apache-2.0
// For tests only: runs single ops through the back end, between operands and results in all kinds of places, and
// compares with ir::evaluate().
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <memory>
#include <random>
#include <string>

#include "emit/x64/backend.h"
#include "ir/text.h"

namespace kelvin::x64::testing {

/// Vector registers 0 to 3 and general registers 0 and 1 are pinned, the others are in memory.
struct RigState {
    alignas(16) V128 v[10] = {};
    u64 x[4] = {};
    u32 flags = 0;
    u32 fpsr = 0;
    u64 pc = 0;
    u32 exception = 0;
    u64 fields[4] = {};
};

inline constexpr u32 kRigVectors = 10;
inline constexpr u32 kRigX = kRigVectors;
inline constexpr u32 kRigFlags = kRigX + 4;

inline constexpr auto kRigSlots = [] {
    constexpr const char* kNames[] = {"v0", "v1", "v2", "v3", "v4", "v5", "v6",
                                      "v7", "v8", "v9", "x0", "x1", "x2", "x3"};
    std::array<ir::Slot, kRigFlags + 1> slots{};
    for (u32 i = 0; i < kRigFlags; i++) {
        const bool vector = i < kRigVectors;
        const std::size_t offset = vector ? offsetof(RigState, v) + 16 * i : offsetof(RigState, x) + 8 * (i - kRigX);
        slots[i] = {kNames[i], vector ? Type::v128 : Type::i64, static_cast<u32>(offset)};
    }
    slots[kRigFlags] = {"flags", Type::flags, offsetof(RigState, flags)};
    return slots;
}();
inline constexpr std::array<u8, 2> kRigHotIntegers{kRigX, kRigX + 1};
inline constexpr std::array<u8, 4> kRigHotVectors{0, 1, 2, 3};

inline const ir::GuestDesc kRigGuest{
    .slots = kRigSlots,
    .flags_slot = kRigFlags,
    .integer_by_heat = kRigHotIntegers,
    .vector_by_heat = kRigHotVectors,
    .fp_status_offset = offsetof(RigState, fpsr),
    .pc_offset = offsetof(RigState, pc),
    .exception_offset = offsetof(RigState, exception),
};

/// Where operands come from and the result goes: numbers of vector registers (general registers are these modulo 4).
struct Placement {
    std::array<u8, 3> operands;
    u8 result;
    bool fresh = false;  ///< operands are values just made, in local registers, and wanted afterwards
};

inline constexpr auto kPlacements = std::to_array<Placement>({
    {{0, 1, 2}, 3},
    {{0, 1, 2}, 0},
    {{0, 1, 2}, 1},
    {{0, 1, 2}, 2},
    {{0, 0, 0}, 0},
    {{0, 1, 0}, 0},
    {{4, 5, 6}, 7},
    {{4, 5, 6}, 0},
    {{4, 4, 5}, 5},
    {{0, 4, 5}, 0},
    {{4, 0, 1}, 4},
    {{5, 4, 0}, 0},
    {{4, 5, 6}, 7, true},
    {{0, 1, 4}, 0, true},
});

class Rig {
  public:
    explicit Rig(const HostFeatures& features)
        : memory_(static_cast<u8*>(
              mmap(nullptr, kSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
          backend_(kRigGuest, RuntimeCalls{}, CodeBuffer{memory_, memory_ + kStubs, 0}, features) {}
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;
    ~Rig() { munmap(memory_, kSize); }

    /// Compiles a region that does `op`, whose operands are filled in here.
    void compile(ir::Op op, const Placement& place, u32 fpcr) {
        op_ = op;
        place_ = place;
        region_.clear();
        region_.guest = &kRigGuest;
        region_.fp.fpcr = fpcr;
        make_region();
        compile(region_);
    }
    void compile(const ir::Region& region) {
        ASSERT_NE(backend_.compile(region, CodeBuffer{memory_ + kStubs, memory_ + kSize, 0}, 1).size, 0u);
    }

    /// False if `size` bytes do not hold the code.
    bool fits(const ir::Region& region, std::size_t size) {
        return backend_.compile(region, CodeBuffer{memory_ + kStubs, memory_ + kStubs + size, 0}, 1).size != 0;
    }

    /// Runs what was compiled.
    RigState run(const RigState& before, u32 fpcr) {
        machine_->state = before;
        machine_->runtime.kick = 1;  // nothing resumes
        machine_->runtime.guest_mxcsr = 0x1f80 | kHostRounding[fpcr >> 22 & 3] | (flushes(fpcr) ? 0x8040u : 0u);
        backend_.enter()(&machine_->state, memory_ + kStubs);
        return machine_->state;
    }

    /// Runs it on operands; false, with the test failed, if something differs from what evaluate() makes.
    bool check(const std::array<V128, 3>& vectors, u64 integer) {
        const RigState before = prepare(vectors, integer);
        const RigState got = run(before, region_.fp.fpcr);
        RigState expected = evaluate(before);
        if (may_differ(expected, got)) {
            expected.fpsr = got.fpsr;
        }
        const bool same = is_same(expected, got);
        EXPECT_TRUE(same) << describe(region_, before, expected, got);
        return same;
    }

    static bool is_same(const RigState& expected, const RigState& got) {
        constexpr u32 kFlagBits =
            ir::stored_flags::kN | ir::stored_flags::kZ | ir::stored_flags::kNotC | ir::stored_flags::kV;
        return std::memcmp(got.v, expected.v, sizeof got.v) == 0 && std::memcmp(got.x, expected.x, sizeof got.x) == 0 &&
               std::memcmp(got.fields, expected.fields, sizeof got.fields) == 0 && got.fpsr == expected.fpsr &&
               (got.flags & kFlagBits) == (expected.flags & kFlagBits);
    }

    static std::string describe(const ir::Region& region, const RigState& before, const RigState& expected,
                                const RigState& got) {
        std::string out = ir::print(region);
        for (u32 i = 0; i < kRigVectors; i++) {
            out += "v" + std::to_string(i) + " " + text(before.v[i]) + " -> " + text(got.v[i]);
            out += got.v[i] == expected.v[i] ? "\n" : " expected " + text(expected.v[i]) + "\n";
        }
        char line[160];
        for (u32 i = 0; i < 4; i++) {
            std::snprintf(line, sizeof line, "x%u %016lx -> %016lx expected %016lx\n", i, before.x[i], got.x[i],
                          expected.x[i]);
            out += line;
        }
        std::snprintf(line, sizeof line, "fpsr %x expected %x, flags %x expected %x\n", got.fpsr, expected.fpsr,
                      got.flags, expected.flags);
        return out + line;
    }

  private:
    struct Machine {
        Runtime runtime;
        RigState state;
    };
    static_assert(offsetof(Machine, state) == sizeof(Runtime));

    static constexpr std::size_t kSize = 1 << 16;
    static constexpr std::size_t kStubs = 1 << 15;
    static constexpr u32 kHostRounding[] = {0x0000, 0x4000, 0x2000, 0x6000};
    static constexpr u32 kBystanderA = 8;
    static constexpr u32 kBystanderB = 9;

    bool is_vector_operand(unsigned i) const { return ir::info(op_.code).arguments[i] == 'V'; }
    bool is_flags_operand(unsigned i) const { return ir::info(op_.code).arguments[i] == 'F'; }
    u32 integer_slot(unsigned i) const { return kRigX + place_.operands[i] % 4u; }

    Value push(const ir::Op& op) {
        region_.ops.push_back(op);
        return Value{static_cast<u32>(region_.ops.size() - 1)};
    }
    Value get(u32 slot) {
        return push({IrOp::get, kRigSlots[slot].type, 0, ir::kNoValue, ir::kNoValue, ir::kNoValue, slot});
    }
    void set(u32 slot, Value value) { push({IrOp::set, Type::none, 0, value, ir::kNoValue, ir::kNoValue, slot}); }

    // Around the op, a vector in a local register and flags are alive.
    void make_region() {
        const Value bystander = push({IrOp::vadd, Type::v128, 0, get(kBystanderA), get(kBystanderB), ir::kNoValue, 0});
        const Value flags = push({IrOp::sub_flags, Type::i64, 0, get(kRigX + 2), get(kRigX + 3), ir::kNoValue, 0});
        std::array<Value, 3> values{ir::kNoValue, ir::kNoValue, ir::kNoValue};
        std::array<Value, kRigVectors> made;
        made.fill(ir::kNoValue);
        const std::size_t count = ir::info(op_.code).arguments.size();
        for (unsigned i = 0; i < count; i++) {
            if (is_vector_operand(i)) {
                Value& known = made[place_.operands[i]];
                if (known == ir::kNoValue) {
                    known = get(place_.operands[i]);
                    known = place_.fresh ? push({IrOp::vxor, Type::v128, 0, known, get(kBystanderA), ir::kNoValue, 0})
                                         : known;
                }
                values[i] = known;
            } else {
                values[i] = is_flags_operand(i) ? flags : get(integer_slot(i));
            }
        }
        op_.a = values[0];
        op_.b = values[1];
        op_.c = values[2];
        const Value result = push(op_);
        const ir::ResultKind kind = ir::info(op_.code).result;
        if (kind == ir::ResultKind::V) {
            set(place_.result, result);
        } else if (kind == ir::ResultKind::I) {
            set(kRigX + place_.result % 4u, result);
        }
        set(kBystanderB, bystander);
        set(kRigFlags, kind == ir::ResultKind::F ? result : flags);
        if (place_.fresh) {
            for (unsigned i = 0; i < count; i++) {
                if (is_vector_operand(i) && (kind != ir::ResultKind::V || place_.operands[i] != place_.result)) {
                    set(place_.operands[i], values[i]);
                }
            }
        }
        push({IrOp::exit_state});
        region_.blocks.push_back({0, static_cast<u32>(region_.ops.size())});
    }

    RigState prepare(const std::array<V128, 3>& vectors, u64 integer) const {
        RigState state;
        for (u32 i = 0; i < kRigVectors; i++) {
            state.v[i] = v128(0x1234567890abcdefu * (i + 1), 0xfedcba0987654321u * (i + 3));
        }
        for (u64 i = 0; i < 4; i++) {
            state.x[i] = 0x9e3779b97f4a7c15 * (i + integer % 7);
        }
        for (unsigned i = 0; i < ir::info(op_.code).arguments.size(); i++) {
            if (is_vector_operand(i)) {
                state.v[place_.operands[i]] = vectors[i];
                if (place_.fresh) {
                    state.v[place_.operands[i]] = exclusive_or(vectors[i], state.v[kBystanderA]);
                }
            } else if (!is_flags_operand(i)) {
                state.x[place_.operands[i] % 4u] = integer;
            }
        }
        return state;
    }

    static V128 exclusive_or(const V128& a, const V128& b) { return v128(a.d[0] ^ b.d[0], a.d[1] ^ b.d[1]); }

    /// The state that the region leaves.
    RigState evaluate(const RigState& before) const {
        RigState after = before;
        ir::Datum operands[3]{};
        const ir::FpContext fp{region_.fp, &after.fpsr};
        const ir::Datum numbers[3] = {{.integer = before.x[2]}, {.integer = before.x[3]}, {}};
        const u32 flags = static_cast<u32>(ir::evaluate({IrOp::sub_flags, Type::i64}, numbers, fp).integer);
        for (unsigned i = 0; i < ir::info(op_.code).arguments.size(); i++) {
            if (is_vector_operand(i)) {
                operands[i].vector = before.v[place_.operands[i]];
                if (place_.fresh) {
                    operands[i].vector = exclusive_or(operands[i].vector, before.v[kBystanderA]);
                    after.v[place_.operands[i]] = operands[i].vector;
                }
            } else {
                operands[i].integer = is_flags_operand(i) ? flags : before.x[place_.operands[i] % 4u];
            }
        }
        const ir::Datum result = ir::evaluate(op_, operands, fp);
        after.flags = flags;
        switch (ir::info(op_.code).result) {
            case ir::ResultKind::V:
                after.v[place_.result] = result.vector;
                break;
            case ir::ResultKind::I:
                after.x[place_.result % 4u] = result.integer;
                break;
            default:
                after.flags = static_cast<u32>(result.integer);
                break;
        }
        for (unsigned i = 0; i < 16; i++) {
            after.v[kBystanderB].b[i] = static_cast<u8>(before.v[kBystanderA].b[i] + before.v[kBystanderB].b[i]);
        }
        return after;
    }

    static bool flushes(u32 fpcr) { return (fpcr & 1u << 24) != 0; }

    /// The deviations of FPSR that lower_fp.h accepts.
    bool may_differ(const RigState& expected, const RigState& got) const {
        constexpr u32 kUnderflow = 8;
        constexpr u32 kInexact = 16;
        constexpr u32 kInputDenormal = 128;
        const bool flushing = flushes(region_.fp.fpcr);
        const u32 may_lack = (flushing ? kInputDenormal : 0) | (may_be_tiny(expected) ? kUnderflow : 0);
        const u32 may_add = flushing && (got.fpsr & kUnderflow) != 0 ? kInexact : 0;
        return (expected.fpsr & ~got.fpsr & ~may_lack) == 0 && (got.fpsr & ~expected.fpsr & ~may_add) == 0;
    }

    /// A result that is the smallest normal number may have come from below it; of those that are flushed, only half
    /// ones.
    bool may_be_tiny(const RigState& expected) const {
        const bool flushing = flushes(region_.fp.fpcr);
        const V128& result = expected.v[place_.result];
        for (unsigned i = 0; i < 8; i++) {
            const bool half = (result.h[i] & 0x7fff) == 0x0400;
            if (half || (!flushing && (result.s[i / 2] & 0x7fffffff) == 0x00800000) ||
                (!flushing && (result.d[i / 4] & ~(u64{1} << 63)) == 0x0010000000000000)) {
                return true;
            }
        }
        return false;
    }

    static std::string text(const V128& value) {
        char buffer[40];
        std::snprintf(buffer, sizeof buffer, "%016lx:%016lx", value.d[1], value.d[0]);
        return buffer;
    }

    u8* memory_;
    Backend backend_;
    std::unique_ptr<Machine> machine_ = std::make_unique<Machine>();
    ir::Region region_;
    ir::Op op_{.code = IrOp::nop};
    Placement place_{};
};

/// Each level with the extensions that this host has beside it, and with none.
inline std::vector<HostFeatures> feature_sets() {
    const HostFeatures all = HostFeatures::detect();
    std::vector<HostFeatures> sets;
    for (const HostLevel level : {HostLevel::v4, HostLevel::v3, HostLevel::v2}) {
        const HostFeatures features = all.up_to(level);
        sets.push_back(features);
        sets.push_back({.v3 = features.v3, .avx512 = features.avx512});
    }
    return sets;
}

}  // namespace kelvin::x64::testing
