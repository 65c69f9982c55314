// SPDX-License-Identifier: Apache-2.0
// The monitor's x, xp and print: what they take, and how they show memory and numbers.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::control {

/// "/10xw": how many of what, shown how.
struct ShowFormat {
    u64 count = 1;
    char letter = 'x';  ///< x, d, u, o, c, or i for instructions
    unsigned size = 4;  ///< bytes
};

/// A command's argument with its format taken off: what is left out is as in `former`.
struct FormattedArgument {
    ShowFormat format;
    std::string_view rest;
};
Result<FormattedArgument> parse_show_format(std::string_view argument, const ShowFormat& former);

/// A register's value, by its name; empty: there is none.
using FindRegister = std::function<std::optional<u64>(std::string_view name)>;
/// Numbers and $registers with + - * / and parentheses.
Result<u64> evaluate(std::string_view text, const FindRegister& find);

/// Reads what there is from `address` on: how many bytes.
using ReadMemory = std::function<std::size_t(u64 address, std::span<u8> out)>;
std::string show_memory(const ShowFormat& format, u64 address, const ReadMemory& read);
std::string show_value(const ShowFormat& format, u64 value);

}  // namespace kelvin::control
