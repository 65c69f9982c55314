// SPDX-License-Identifier: Apache-2.0
// The values that QEMU-style options take: sizes, numbers, switches, "key=value,key=value".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::state {

/// "1024", "4G", "4gb", "1.5GiB"; without a unit the number counts `unit` bytes.
Result<u64> parse_size(std::string_view text, u64 unit);

/// Decimal, or hexadecimal behind 0x; nothing else.
std::optional<u64> parse_unsigned(std::string_view text);

/// on/off, yes/no, true/false.
std::optional<bool> parse_switch(std::string_view text);

struct Property {
    std::string key;
    std::string value;
    bool has_value;  ///< false: the key stood alone
};

/// Splits at commas; a doubled comma stands for one.
std::vector<std::string> split_list(std::string_view text);

/// "virt,gic-version=3": each part of the list, split at its first '='.
std::vector<Property> parse_properties(std::string_view text);

}  // namespace kelvin::state
