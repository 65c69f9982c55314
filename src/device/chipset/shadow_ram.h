// SPDX-License-Identifier: Apache-2.0
// The last 256 KiB below 1 MiB of a PC: RAM or the firmware's ROM, as the chipset's programmable attribute map says
// (Intel 82G33 GMCH, document 316966, 5.1.21; 82441FX PMC, document 290549, 3.2.18), and the RAM behind the video
// window, which is for system management.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "base/result.h"
#include "memory/address_map.h"

namespace kelvin::device {

/// All methods while no other is called: the owner locks.
class ShadowRam {
  public:
    static constexpr Gpa kBase{0xa0000};
    static constexpr u64 kSize = 0x60000;
    /// C0000 to EFFFF in pieces of 16 KiB, then F0000 to FFFFF.
    static constexpr unsigned kSegments = 13;
    static constexpr u8 kReads = 1;   ///< attributes: loads see RAM
    static constexpr u8 kWrites = 2;  ///< stores change RAM

    /// `ram` is what lies at kBase, kSize bytes; `rom` is seen at its end, a multiple of 16 KiB long. Both and `memory`
    /// outlive the object.
    static Result<std::unique_ptr<ShadowRam>> create(memory::AddressMap& memory, std::span<u8> ram, std::span<u8> rom);

    void set_segment(unsigned segment, u8 attributes);
    /// Loads and stores of A0000 to BFFFF reach RAM, and not the video card.
    void open_management_ram(bool open);

  private:
    ShadowRam(memory::AddressMap& memory, std::span<u8> ram, std::span<u8> rom)
        : memory_(memory), ram_(ram), rom_(rom) {}

    memory::AddressMap& memory_;
    const std::span<u8> ram_;
    const std::span<u8> rom_;
    std::array<unsigned, kSegments> layers_{};
    unsigned management_layer_ = 0;
};

}  // namespace kelvin::device
