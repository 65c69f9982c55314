// SPDX-License-Identifier: Apache-2.0
// The back end as its users see it: regions in, host code out.
#pragma once

#include <span>

#include "emit/x64/emitter.h"

namespace kelvin::x64 {

/// Host code of one region, at the start of the buffer it was compiled into.
struct CompiledRegion {
    std::size_t size = 0;             ///< bytes used
    std::size_t hot_size = 0;         ///< those before the code that runs seldom
    std::span<const ExitLink> links;  ///< valid until the next compile(), as what follows
    std::span<const u16> sites;       ///< accesses counted in a trial: places in the page
};

/// Owner thread: the one that translates.
class Backend {
  public:
    /// `stubs` is kept for as long as the back end lives, and all code must be within 2 GiB of it.
    Backend(const ir::GuestDesc& guest, const RuntimeCalls& calls, CodeBuffer stubs,
            const HostFeatures& features = HostFeatures::detect(), SlotUse slot_use = SlotUse::normal,
            Metering metering = Metering::off);

    /// From now on, regions count into Runtime::counted.
    void start_counting() { emitter_.start_counting(); }

    /// Whether one check may serve several accesses, in regions compiled from now on.
    void group_accesses(bool on) { emitter_.group_accesses(on); }

    /// An empty result (size 0): the buffer was too small.
    /// `first_link`: the number (not 0) that the region's first link gets in Runtime::exit_link; the others follow.
    CompiledRegion compile(const ir::Region& region, CodeBuffer buffer, u32 first_link, SlotWatch watch = {});

    Stubs::Enter enter() const { return stubs_.enter(); }
    const u8* retired_entry() const { return stubs_.retired_entry(); }
    const Stubs& stubs() const { return stubs_; }
    const Pins& pins() const { return pins_; }

  private:
    Pins pins_;
    Stubs stubs_;
    Emitter emitter_;
};

/// Points a patchable jump at `target` (an execution address), or back. Any thread.
inline void patch_link(u8* field, std::ptrdiff_t rw_to_rx, const u8* target) {
    Assembler::patch_jmp(field, rw_to_rx, target);
}

/// Nobody gets into the region at `entry` (a write address) any more: who comes to it leaves through `retired_entry`
/// with pc = page + `page_offset` and `branch_type`. Any thread; others may be in the region, or coming.
void retire_entry(u8* entry, std::ptrdiff_t rw_to_rx, const u8* retired_entry, u16 page_offset, u32 branch_type);

}  // namespace kelvin::x64
