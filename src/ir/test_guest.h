// SPDX-License-Identifier: Apache-2.0
// A small guest for unit tests of the IR and its passes.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "ir/region.h"
#include "ir/text.h"

namespace kelvin::ir::testing {

struct TestState {
    u64 x[4] = {};
    u32 flags = stored_flags::kNotC;
    u32 fpsr = 0;
    alignas(16) V128 v[3] = {};
    u64 field = 0;
    u64 pc = 0;
    u32 branch_type = 0;  ///< in bits 5:4
    bool leave = false;
};

inline constexpr u32 kFlagsSlot = 4;
inline constexpr u32 kV0 = 5;
inline constexpr u32 kField = offsetof(TestState, field);

inline constexpr std::array<Slot, 8> kTestSlots{{
    {"x0", Type::i64, offsetof(TestState, x)},
    {"x1", Type::i64, offsetof(TestState, x) + 8},
    {"x2", Type::i64, offsetof(TestState, x) + 16},
    {"x3", Type::i64, offsetof(TestState, x) + 24},
    {"flags", Type::flags, offsetof(TestState, flags)},
    {"v0", Type::v128, offsetof(TestState, v)},
    {"v1", Type::v128, offsetof(TestState, v) + 16},
    {"v2", Type::v128, offsetof(TestState, v) + 32},
}};

inline const GuestDesc kTestGuest = [] {
    GuestDesc guest{};
    guest.slots = kTestSlots;
    guest.flags_slot = kFlagsSlot;
    guest.fp_status_offset = offsetof(TestState, fpsr);
    guest.pc_offset = offsetof(TestState, pc);
    guest.branch_type_offset = offsetof(TestState, branch_type);
    guest.branch_type_shift = 4;
    guest.clock_ns = +[](void* state) { return static_cast<i64>(static_cast<TestState*>(state)->field); };
    return guest;
}();

inline u64 multiply_add(u64 a, u64 b, u32 c) {
    return a * b + c;
}
inline V128 swap_halves(const V128& value) {
    return v128(value.d[1], value.d[0]);
}
inline u32 read_x0(TestState& state) {
    return static_cast<u32>(state.x[0]);
}
inline void double_x1(TestState& state) {
    state.x[1] *= 2;
}
/// Leaves if `condition` is not 0.
inline void leave_if(TestState& state, u64 condition) {
    state.leave = condition != 0;
}

inline constexpr Helper kMultiplyAdd = helper<&multiply_add>("multiply_add", kHelperPure);
inline constexpr Helper kSwapHalves = helper<&swap_halves>("swap_halves", kHelperPure);
inline constexpr Helper kReadX0 = helper<&read_x0>("read_x0", kHelperReadsState);
inline constexpr Helper kDoubleX1 = helper<&double_x1>("double_x1", kHelperReadsState | kHelperWritesState);
inline constexpr Helper kLeaveIf = helper<&leave_if>("leave_if", kHelperMayExit);
inline constexpr std::array kTestHelpers{&kMultiplyAdd, &kSwapHalves, &kReadX0, &kDoubleX1, &kLeaveIf};

/// Text that must parse.
inline Region region_of(std::string_view text) {
    auto region = parse(text, kTestGuest, kTestHelpers);
    KELVIN_ASSERT(region);
    return std::move(*region);
}

/// The text with values numbered as parsed: texts of equal regions become equal.
inline std::string normal(std::string_view text) {
    auto region = parse(text, kTestGuest, kTestHelpers);
    return region ? print(*region) : region.error().message();
}

}  // namespace kelvin::ir::testing
