// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/backend.h"

#include <atomic>
#include <bit>

#include "base/assert.h"

namespace kelvin::x64 {

Backend::Backend(const ir::GuestDesc& guest, const RuntimeCalls& calls, CodeBuffer stubs, const HostFeatures& features,
                 SlotUse slot_use, Metering metering)
    : pins_(guest, features), stubs_(stubs, pins_, calls, features, slot_use, metering), emitter_(pins_, stubs_) {
    if (metering == Metering::on) {
        emitter_.start_metering();
    }
}

CompiledRegion Backend::compile(const ir::Region& region, CodeBuffer buffer, u32 first_link, SlotWatch watch) {
    emitter_.emit(region, buffer, first_link, watch);
    if (emitter_.a.overflowed()) {
        return {};
    }
    return {static_cast<std::size_t>(emitter_.a.cursor() - buffer.write), emitter_.hot_size(), emitter_.links(),
            emitter_.sites()};
}

void retire_entry(u8* entry, std::ptrdiff_t rw_to_rx, const u8* retired_entry, u16 page_offset, u32 branch_type) {
    KELVIN_ASSERT((page_offset & (kBranchTypes - 1)) == 0 && branch_type < kBranchTypes);
    const u64 next = std::bit_cast<u64>(entry) + 5 + static_cast<u64>(rw_to_rx);
    const u64 distance = std::bit_cast<u64>(retired_entry) - next;
    KELVIN_ASSERT(static_cast<i64>(distance) == static_cast<i32>(distance) && (std::bit_cast<u64>(entry) & 7) == 0);
    const u64 call = 0xe8 | (distance & 0xffffffff) << 8 | u64{page_offset | branch_type} << 40;
    // One aligned store over one instruction: another core sees the old bytes or the new ones, never a mixture.
    std::atomic_ref<u64>(*std::bit_cast<u64*>(entry)).store(call, std::memory_order_release);
}

}  // namespace kelvin::x64
