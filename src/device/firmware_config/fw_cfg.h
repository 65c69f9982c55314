// SPDX-License-Identifier: Apache-2.0
// The firmware configuration device: what the machine tells its firmware, as numbered items and named files.
// QEMU's docs/specs/fw_cfg.rst describes the interface; this is its memory-mapped form, with DMA.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "memory/dma.h"
#include "memory/mmio.h"

namespace kelvin::device {

/// Items are added before the vCPUs start; registers are used under the region's lock.
class FwCfg final : public memory::MmioHandler {
  public:
    static constexpr u64 kSize = 0x18;  ///< of the registers; what follows in their page is zero
    static constexpr size_t kLongestName = 55;

    struct State {
        u16 key = 0;
        u32 offset = 0;       ///< of the next byte of the selected item
        u64 dma_address = 0;  ///< the upper half, until the lower one is written

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("key", key);
            visit("offset", offset);
            visit("dma_address", dma_address);
        }
    };

    explicit FwCfg(const memory::Dma& ram);

    /// Replaces what the numbered item holds.
    void set(u16 key, std::vector<u8> bytes);
    /// Adds a file and its entry in the directory; an error if the name is too long, taken, or there are too many.
    Result<> add_file(std::string_view name, std::vector<u8> bytes);
    /// Nothing happens if there is none of that name. While no vCPU runs.
    void remove_file(std::string_view name);

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

    void reset() { state_ = {}; }
    State save() const { return state_; }
    void restore(const State& state);

  private:
    struct Request;

    std::span<const u8> selected() const;
    void select(u16 key);
    u8 next_byte();
    void write_dma_address(u64 offset, unsigned size, u64 value);
    void run_dma(Gpa descriptor);
    bool transfer(const Request& request);
    bool read_into(Gpa address, u64 length);
    void rebuild_directory();

    const memory::Dma& ram_;
    std::map<u16, std::vector<u8>> items_;
    std::vector<std::pair<std::string, u16>> files_;
    State state_;
};

}  // namespace kelvin::device
