// SPDX-License-Identifier: Apache-2.0
// The firmware configuration device as an x86 machine has it, in ports (QEMU's docs/specs/fw_cfg.rst): the selector is
// little-endian here, and data come a byte at a time.
#pragma once

#include "device/firmware_config/fw_cfg.h"

namespace kelvin::device {

/// Under the port range's lock, as the device itself.
class FwCfgPorts final : public memory::MmioHandler {
  public:
    static constexpr u16 kPort = 0x510;
    static constexpr u32 kPorts = 12;

    /// `config` outlives the ports.
    explicit FwCfgPorts(FwCfg& config) : config_(config) {}

    u64 read(u64 offset, unsigned size) override {
        if (offset == kData && size == 1) {
            return config_.read(0, 1);
        }
        return offset >= kDma ? config_.read(kRegisterDma + (offset - kDma), size) : 0;
    }
    void write(u64 offset, unsigned size, u64 value) override {
        if (offset == kSelector && size == 2) {
            config_.write(kRegisterSelector, 2, __builtin_bswap16(static_cast<u16>(value)));
        } else if (offset >= kDma) {
            config_.write(kRegisterDma + (offset - kDma), size, value);
        }
    }

  private:
    static constexpr u64 kSelector = 0;
    static constexpr u64 kData = 1;
    static constexpr u64 kDma = 4;
    // As the device in memory has them.
    static constexpr u64 kRegisterSelector = 8;
    static constexpr u64 kRegisterDma = 16;

    FwCfg& config_;
};

}  // namespace kelvin::device
