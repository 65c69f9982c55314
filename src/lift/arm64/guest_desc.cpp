// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include "cpu/arm64/cpu.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

constexpr const char* kIntegerNames[] = {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
                                         "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
                                         "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp"};
constexpr const char* kVectorNames[] = {"v0",  "v1",  "v2",  "v3",  "v4",  "v5",  "v6",  "v7",  "v8",  "v9",  "v10",
                                        "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",
                                        "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"};

constexpr auto kSlots = [] {
    std::array<ir::Slot, slot::kCount> slots{};
    for (u32 i = 0; i < 32; i++) {
        const u32 x_offset = i == 31 ? offsetof(State, sp) : static_cast<u32>(offsetof(State, x) + 8 * i);
        slots[slot::kX0 + i] = {kIntegerNames[i], ir::Type::i64, x_offset};
        slots[slot::kV0 + i] = {kVectorNames[i], ir::Type::v128, static_cast<u32>(offsetof(State, v) + 16 * i)};
    }
    slots[slot::kFlags] = {"nzcv", ir::Type::flags, offsetof(State, flags)};
    return slots;
}();

// The first nine are 79 % of all uses in Linux and its programs; then the procedure call standard's temporaries, saved
// registers, link and frame pointer.
constexpr u8 kIntegerByHeat[] = {0,  1,  2,  3, 4,  5,  6,  19, 31, 20, 21, 7,  29, 30, 22, 8,
                                 23, 24, 25, 9, 10, 11, 12, 26, 27, 28, 13, 14, 15, 16, 17, 18};
constexpr u8 kVectorByHeat[] = {32, 33, 34, 35, 36, 37, 38, 39, 48, 49, 50, 51, 52, 53, 54, 55,
                                56, 57, 58, 59, 60, 61, 62, 63, 40, 41, 42, 43, 44, 45, 46, 47};

constexpr ir::GuestDesc kGuestDesc = {kSlots,
                                      slot::kFlags,
                                      kIntegerByHeat,
                                      kVectorByHeat,
                                      offsetof(State, fpsr),
                                      offsetof(State, pc),
                                      offsetof(State, exception_taken),
                                      offsetof(State, pstate),
                                      pstate::kBtypeShift,
                                      +[](void* state) { return static_cast<State*>(state)->cpu->time_ns(); }};

}  // namespace

const ir::GuestDesc& guest_desc() {
    return kGuestDesc;
}

}  // namespace kelvin::arm64
