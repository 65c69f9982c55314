// SPDX-License-Identifier: Apache-2.0
// The receive queues (8254x 3.2, 82574 7.1): frames go to descriptors of three formats.
#pragma once

#include <vector>

#include "device/intel_ethernet/interrupts.h"
#include "device/intel_ethernet/receive_filter.h"
#include "device/intel_ethernet/register_file.h"
#include "device/network_card/frame.h"
#include "memory/dma.h"

namespace kelvin::device::intel {

/// With the controller's lock held.
class Receiver {
  public:
    /// `extended`: as the 82574 does it. All outlive it.
    Receiver(RegisterFile& registers, Interrupts& interrupts, const memory::Dma& dma, bool extended)
        : registers_(registers), interrupts_(interrupts), dma_(dma), extended_(extended) {}

    /// A frame from the cable of at least the shortest size. `summed`: its checksums need no look. False if the host
    /// has not given enough room for it.
    bool receive(std::span<const u8> frame, bool summed);

  private:
    /// What descriptors say of a frame.
    struct Report {
        u32 size = 0;
        u8 status = 0;
        u8 errors = 0;
        u16 tag = 0;
        u16 sum = 0;
        u16 identification = 0;
        bool has_identification = false;
        bool has_udp_sum = false;
        Hash hash;
        network_card::FrameLayout layout;
    };
    struct Ring {
        u32 registers = 0;
        u64 base = 0;
        u32 count = 0;
        u32 head = 0;
        u32 free = 0;  ///< descriptors that the host has given
    };
    Ring ring(unsigned queue) const;
    Report examine(std::span<const u8> frame, bool summed) const;
    bool uses_extended_status() const;
    bool splits() const;
    u32 buffer_size() const;
    u32 split_room() const;
    void store(const Ring& ring, const Report& report, std::span<const u8> bytes);
    void store_split(const Ring& ring, u32 index, const Report& report, std::span<const u8> bytes, bool is_last);
    void write_back(u64 at, const Report& report, u32 size, bool is_last);
    void finish(unsigned queue, const Ring& ring, u32 used, u64 size);

    RegisterFile& registers_;
    Interrupts& interrupts_;
    const memory::Dma& dma_;
    const bool extended_;
    std::vector<u8> bytes_;  // the frame as it goes to memory
};

}  // namespace kelvin::device::intel
