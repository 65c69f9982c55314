// SPDX-License-Identifier: Apache-2.0
// What options of devices on ISA have in common.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "bus/device_type.h"

namespace kelvin::device {

/// The first of `count` ports: the user's, or that of place `index`.
inline Result<u16> choose_base(std::optional<u32> iobase, u32 index, std::span<const u16> places, u32 count) {
    if (!iobase && index >= places.size()) {
        return user_error(fmt::format("there is no place with index={}", index),
                          fmt::format("the places are 0 to {}; iobase= names any other", places.size() - 1));
    }
    const u32 base = iobase.value_or(index < places.size() ? places[index] : 0);
    if (base > 0x10000 - count) {
        return user_error(fmt::format("there are no {} ports from iobase={:#x} on", count, base),
                          "ports go from 0 to 0xffff");
    }
    return static_cast<u16>(base);
}

inline Result<backend::CharacterBackend*> claim_line(const std::string& chardev,
                                                     const bus::Surroundings& surroundings) {
    backend::CharacterBackend* const nobody = nullptr;
    return chardev.empty() ? Result<backend::CharacterBackend*>(nobody)
                           : surroundings.backends.claim_character(chardev);
}

}  // namespace kelvin::device
