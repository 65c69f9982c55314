// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emit/x64/runtime.h"
#include "emit/x64/stubs.h"

namespace kelvin::x64 {

namespace {

struct Field {
    const char* name;
    std::size_t offset;
    std::size_t size;         ///< of all elements
    std::size_t element = 0;  ///< its size; 0: not an array
};

#define FIELD(name)                                           \
    Field {                                                   \
#name, offsetof(Runtime, name), sizeof(Runtime::name) \
    }
#define ARRAY(name)                                                                     \
    Field {                                                                             \
#name, offsetof(Runtime, name), sizeof(Runtime::name), sizeof(Runtime::name[0]) \
    }

constexpr auto kFields = std::to_array<Field>({
    ARRAY(arguments),
    FIELD(result),
    ARRAY(spill),
    ARRAY(saved),
    ARRAY(saved_vectors),
    FIELD(page),
    FIELD(page_offset),
    FIELD(exit_link),
    FIELD(kick),
    FIELD(tlb_read),
    FIELD(tlb_write),
    FIELD(tlb_read_unprivileged),
    FIELD(tlb_write_unprivileged),
    FIELD(tlb_mask),
    FIELD(tlb_mask_unprivileged),
    FIELD(jump_cache),
    FIELD(second_jumps),
    FIELD(jump_generation),
    FIELD(exclusive_address),
    FIELD(exclusive_value),
    FIELD(exclusive_size),
    FIELD(invalid_tag),
    FIELD(owner),
    FIELD(guest_mxcsr),
    FIELD(host_mxcsr),
    FIELD(clock_fence),
    FIELD(clock.first),
    FIELD(clock.ticks),
    FIELD(clock.multiplier),
    FIELD(clock.start_ns),
    ARRAY(counted),
    FIELD(budget),
    FIELD(missing_site),
    ARRAY(site_misses),
    ARRAY(trials),
});

#undef FIELD
#undef ARRAY

std::string behind(std::string name, std::size_t bytes) {
    return bytes == 0 ? name : fmt::format("{}+{}", name, bytes);
}

std::string slot_name(const ir::GuestDesc& guest, std::size_t offset) {
    const std::size_t number = offset / sizeof(PageSlot);
    const std::size_t base = number % kSlotsPerPrivilege;
    const char* const owner = base < kOtherSlot ? guest.slots[base].name : "other";
    constexpr const char* kParts[] = {"read_tag", "write_tag", "addend"};
    return fmt::format("{}slot.{}.{}", number < kSlotsPerPrivilege ? "" : "user_", owner,
                       kParts[offset % sizeof(PageSlot) / 8]);
}

std::string runtime_name(const ir::GuestDesc& guest, std::size_t offset) {
    if (offset < sizeof(Runtime::slots)) {
        return slot_name(guest, offset - offsetof(Runtime, slots));
    }
    for (const Field& field : kFields) {
        if (offset >= field.offset && offset < field.offset + field.size) {
            const std::size_t at = offset - field.offset;
            return field.element == 0
                       ? behind(field.name, at)
                       : behind(fmt::format("{}[{}]", field.name, at / field.element), at % field.element);
        }
    }
    return fmt::format("runtime+{:#x}", offset);
}

u32 size_of(ir::Type type) {
    return type == ir::Type::v128 ? 16 : type == ir::Type::flags ? 4 : 8;
}

std::string miss_name(unsigned index) {
    return fmt::format("miss_{}{}{}{}", (index & 0x20) != 0 ? "store" : "load", 1u << (index & 7),
                       (index & 8) != 0 ? "_aligned" : "", (index & 0x10) != 0 ? "_user" : "");
}

}  // namespace

std::string place_name(const ir::GuestDesc& guest, i32 displacement) {
    const i64 offset = i64{displacement} + kStateBias;
    if (offset < 0) {
        return runtime_name(guest, static_cast<std::size_t>(offset + static_cast<i64>(sizeof(Runtime))));
    }
    const u32 place = static_cast<u32>(offset);
    for (const ir::Slot& slot : guest.slots) {
        if (place >= slot.offset && place < slot.offset + size_of(slot.type)) {
            return behind(slot.name, place - slot.offset);
        }
    }
    return place == guest.pc_offset          ? "pc"
           : place == guest.fp_status_offset ? "fp_status"
           : place == guest.exception_offset ? "exception_taken"
                                             : fmt::format("state+{:#x}", place);
}

std::vector<Stubs::Named> Stubs::named() const {
    std::vector<Named> result = {
        {reinterpret_cast<const u8*>(enter_), "enter"},
        {exit_, "exit"},
        {exit_saved_, "exit_saved"},
        {exit_position_, "exit_position"},
        {exit_unlinked_, "exit_unlinked"},
        {resume_, "resume"},
        {retired_entry_, "retired_entry"},
        {slow_load_, "slow_load"},
        {slow_store_, "slow_store"},
        {memory_call_, "memory_call"},
        {evaluate_, "evaluate"},
        {evaluate_preserving_, "evaluate_preserving"},
    };
    for (unsigned i = 0; i < second_jumps_.size(); i++) {
        result.push_back({second_jumps_[i], fmt::format("second_jump{}", i)});
    }
    for (unsigned i = 0; i < arithmetic_of_nans_.size(); i++) {
        result.push_back({arithmetic_of_nans_[i], fmt::format("arithmetic_of_nans{}", i)});
    }
    for (unsigned i = 0; i < miss_.size(); i++) {
        if (miss_[i] != nullptr) {
            result.push_back({miss_[i], miss_name(i)});
        }
    }
    return result;
}

std::string Stubs::name_of(const u8* address) const {
    const std::vector<Named> stubs = named();
    if (const auto stub = std::ranges::find(stubs, address, &Named::address); stub != stubs.end()) {
        return stub->name;
    }
    for (const Constant& constant : constants_) {
        if (constant.address == address) {
            return fmt::format("constant {:#x}:{:#x}", constant.value.d[1], constant.value.d[0]);
        }
    }
    return std::ranges::find(signatures_, address, &Signature::code) == signatures_.end() ? "" : "helper_call";
}

}  // namespace kelvin::x64
