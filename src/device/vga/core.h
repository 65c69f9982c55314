// SPDX-License-Identifier: Apache-2.0
// The VGA and Bochs's extension without a bus: ports, memory window, and what is displayed. The four planes are bytes 0
// to 3 of each 32-bit word of video memory, so that both ways of access see the same.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/display/screen.h"
#include "base/result.h"
#include "bus/byte_registers.h"
#include "device/vga/registers.h"

namespace kelvin::device::vga {

/// A page of video memory, to save it.
struct MemoryPage {
    static constexpr u64 kSize = 4096;
    u64 offset = 0;
    std::vector<u8> bytes;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("offset", offset);
        visit("bytes", bytes);
    }
};

struct CoreState {
    Registers registers;
    Dispi dispi;
    std::vector<MemoryPage> memory;  ///< those that are not all zero, ascending

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("registers", registers);
        visit("dispi", dispi);
        visit("memory", memory);
    }
};

/// Any thread: the core's own lock guards registers. Video memory is the guest's RAM, which it changes meanwhile.
class Core {
  public:
    /// `memory` outlives the core; its size is a power of two, of 1 MiB at least.
    explicit Core(std::span<u8> memory);
    using State = CoreState;

    /// 3B0 to 3DF, counted from 3B0.
    u8 read_port(u64 offset);
    void write_port(u64 offset, u8 value);
    /// A0000 to BFFFF.
    u8 read_window(u64 offset);
    void write_window(u64 offset, u8 value);
    u16 read_dispi_index() const;
    void write_dispi_index(u16 index);
    u16 read_dispi(u16 index) const;
    void write_dispi(u16 index, u16 value);
    u16 read_dispi() const { return read_dispi(read_dispi_index()); }
    void write_dispi(u16 value) { write_dispi(read_dispi_index(), value); }

    void draw(backend::Picture& picture);
    /// None unless a text mode is displayed.
    std::optional<std::vector<std::string>> text();

    void reset();
    State save() const;
    void restore(const State& state);

  private:
    struct Snapshot {
        Registers registers;
        Dispi dispi;
    };
    Snapshot snapshot() const;
    bool color() const { return (registers_.miscellaneous & 1) != 0; }
    bool is_crtc(u64 offset) const { return (offset & 0x20) == (color() ? 0x20U : 0U); }
    void write_attribute(u8 value);
    void write_crtc(u8 value);
    u8 read_palette();
    void write_palette(u8 value);
    void enable_dispi(u16 value);
    void limit_dispi();
    u64 mask(u64 address) const { return address & (memory_.size() - 1); }
    std::optional<u64> window_address(u64 offset) const;
    u32 read_word(u64 address) const;
    void write_word(u64 address, u32 value, u32 written);
    u32 to_write(u8 value) const;

    const std::span<u8> memory_;
    mutable std::mutex lock_;  // innermost
    Registers registers_;
    Dispi dispi_;
};

}  // namespace kelvin::device::vga
