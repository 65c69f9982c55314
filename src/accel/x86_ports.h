// SPDX-License-Identifier: Apache-2.0
// What a vCPU of an x86 machine is connected to.
#pragma once

#include "base/result.h"
#include "memory/port_map.h"

namespace kelvin::accel {

/// What a processor does to its board. Called on the vCPU's thread, which executes nothing further.
class X86Board {
  public:
    virtual ~X86Board() = default;
    /// Shutdown after a triple fault: a PC's reset line goes up.
    virtual void processor_shut_down(unsigned cpu) = 0;
    /// Who executes the guest cannot go on, by no fault of the guest's.
    virtual void processor_failed(unsigned cpu, const Error& error) = 0;
};

/// All of it outlives the vCPU.
struct X86Ports {
    const memory::PortMap* ports = nullptr;
    X86Board* board = nullptr;
};

/// Where a processor begins that is reset: at the last 16 bytes below 4 GiB in real mode (SDM 9.1.4). Anywhere else it
/// is in protected mode without paging, all segments flat, its argument in EBX and ESI and Multiboot's magic number in
/// EAX: PVH, Multiboot and Linux's 32-bit protocol each look at one of them.
constexpr u64 kX86ResetVector = 0xffff'fff0;

}  // namespace kelvin::accel
