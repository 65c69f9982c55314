// SPDX-License-Identifier: Apache-2.0
// Names that the text form uses, in the order of the enumerations they stand for.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "ir/op_format.h"

namespace kelvin::ir::names {

using namespace std::string_view_literals;

inline constexpr std::array kTypes{"none"sv, "i32"sv, "i64"sv, "v128"sv, "flags"sv};
inline constexpr std::array kLanes{"b"sv, "h"sv, "s"sv, "d"sv};
inline constexpr std::array kShapes{"h"sv, "s"sv, "d"sv, "4h"sv, "8h"sv, "2s"sv, "4s"sv, "2d"sv};
inline constexpr std::array kConds{"eq"sv, "ne"sv, "cs"sv, "cc"sv, "mi"sv, "pl"sv, "vs"sv, "vc"sv,
                                   "hi"sv, "ls"sv, "ge"sv, "lt"sv, "gt"sv, "le"sv, "al"sv, "nv"sv};
inline constexpr std::array kAtomics{"add"sv,  "clear"sv, "exclusive_or"sv, "set"sv, "smax"sv,
                                     "smin"sv, "umax"sv,  "umin"sv,         "swap"sv};
inline constexpr std::array kFences{"loads"sv, "stores"sv, "full"sv, "clock"sv};
inline constexpr std::array kJumps{"jump"sv, "call"sv, "ret"sv};
inline constexpr std::array kOrders{"plain"sv, "acquire"sv, "release"sv, "acquire_release"sv};

/// The names of an aux byte that is printed behind the op's; empty if it is not.
constexpr std::span<const std::string_view> of_aux(AuxKind kind) {
    switch (kind) {
        case AuxKind::lane:
            return kLanes;
        case AuxKind::shape:
            return kShapes;
        case AuxKind::cond:
            return kConds;
        case AuxKind::atomic:
            return kAtomics;
        case AuxKind::fence:
            return kFences;
        case AuxKind::jump:
            return kJumps;
        default:
            return {};
    }
}

/// A plain jump goes without saying.
constexpr bool is_implied(AuxKind kind, unsigned aux) {
    return kind == AuxKind::jump && aux == 0;
}

constexpr std::string_view name(std::span<const std::string_view> names, std::size_t i) {
    return i < names.size() ? names[i] : "?"sv;
}

constexpr std::optional<unsigned> find(std::span<const std::string_view> names, std::string_view wanted) {
    for (unsigned i = 0; i < names.size(); ++i) {
        if (names[i] == wanted) {
            return i;
        }
    }
    return std::nullopt;
}

/// The op's name without the underscore that keeps it from being a keyword of C++.
constexpr std::string_view of_op(Opcode code) {
    std::string_view result = info(code).name;
    if (result.ends_with('_')) {
        result.remove_suffix(1);
    }
    return result;
}

}  // namespace kelvin::ir::names
