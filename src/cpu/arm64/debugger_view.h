// SPDX-License-Identifier: Apache-2.0
// A processor as a debugger sees it that knows GDB's standard features org.gnu.gdb.aarch64.core and .fpu: registers in
// their order, which is also that of GDB's numbers, their description, and memory by virtual address.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cpu/arm64/cpu.h"

namespace kelvin::arm64 {

/// Of the processor's present. The processor stands still.
class DebuggerView {
  public:
    explicit DebuggerView(Cpu& cpu) : cpu_(cpu) {}

    static std::size_t register_count();
    /// Bytes of register `number`, which exists.
    static unsigned register_size(std::size_t number);
    /// In the guest's order of little-endian bytes.
    std::vector<u8> read_register(std::size_t number) const;
    /// `bytes` are as many as the register has. Bits that the processor does not have, or that would lead it where it
    /// cannot be, stay as they are.
    void write_register(std::size_t number, std::span<const u8> bytes);

    void set_pc(u64 address);

    /// The description that GDB asks for as `file`, beginning with "target.xml"; empty if there is none of that name.
    static std::string description(std::string_view file);

    /// Where `address` leads with the present tables, whoever may access it.
    std::optional<Gpa> translate(const memory::AddressMap& memory, Gva address) const;

  private:
    Cpu& cpu_;
};

}  // namespace kelvin::arm64
