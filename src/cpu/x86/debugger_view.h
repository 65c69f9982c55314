// SPDX-License-Identifier: Apache-2.0
// A processor as a debugger sees it that knows GDB's standard features org.gnu.gdb.i386.core, .sse and .segments:
// registers in their order, which is also that of GDB's numbers, and their description.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cpu/x86/state.h"

namespace kelvin::x86 {

std::size_t debugger_register_count();
/// Bytes of register `number`, which exists.
std::size_t debugger_register_size(std::size_t number);
/// The number of register `name`; nothing if there is none.
std::optional<std::size_t> find_debugger_register(std::string_view name);
/// In the guest's order of little-endian bytes.
std::vector<u8> read_debugger_register(const State& state, std::size_t number);
/// `bytes` are as many as the register has. A segment register gets its selector only.
void write_debugger_register(State& state, std::size_t number, std::span<const u8> bytes);

/// The description that GDB asks for as `file`, beginning with "target.xml"; empty if there is none of that name.
std::string debugger_description(std::string_view file);

}  // namespace kelvin::x86
