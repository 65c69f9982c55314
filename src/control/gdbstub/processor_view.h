// SPDX-License-Identifier: Apache-2.0
// A processor as a debugger sees it, whatever its architecture.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accel/vcpu.h"
#include "memory/address_map.h"

namespace kelvin::gdbstub {

/// Only while the processor stands still. Registers are numbered as GDB is told to.
class ProcessorView {
  public:
    virtual ~ProcessorView() = default;

    virtual std::size_t register_count() const = 0;
    virtual std::size_t register_size(std::size_t number) const = 0;
    virtual std::optional<std::size_t> find_register(std::string_view name) const = 0;
    virtual std::vector<u8> read_register(std::size_t number) const = 0;
    virtual void write_register(std::size_t number, std::span<const u8> bytes) = 0;
    virtual u64 pc() const = 0;
    virtual void set_pc(u64 address) = 0;
    virtual std::string description(std::string_view file) const = 0;
    virtual std::optional<Gpa> translate(const memory::AddressMap& memory, Gva address) const = 0;
};

/// `vcpu` outlives it.
std::unique_ptr<ProcessorView> view_of(accel::Vcpu& vcpu);

}  // namespace kelvin::gdbstub
