// SPDX-License-Identifier: Apache-2.0
// Encodings as data: a pattern of 32 characters is parsed at compile time, each run of one letter is an operand field,
// and the operand types of the semantic function must match the fields in number and width, or it does not compile.
//
// In a pattern '0' and '1' are fixed bits, '-' is any bit, a letter is a field, blanks only separate (and end a run:
// "nn nn" is two fields of two bits; "nnnn" one of four).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/types.h"
#include "cpu/arm64/model.h"

namespace kelvin::arm64 {

class Lifter;

struct Field {
    u8 low;
    u8 width;

    constexpr u32 of(u32 word) const { return (word >> low) & static_cast<u32>((u64{1} << width) - 1); }
};

struct Encoding {
    u32 mask = 0;
    u32 value = 0;
    std::array<Field, 10> fields{};
    u8 field_count = 0;
};

template <std::size_t N>
struct PatternText {
    char text[N]{};
    consteval PatternText(const char (&source)[N]) {
        for (std::size_t i = 0; i < N; i++) {
            text[i] = source[i];
        }
    }
};

consteval Encoding parse_pattern(std::string_view pattern) {
    Encoding result;
    int position = 31;
    char run = 0;
    for (const char c : pattern) {
        if (c == '\0') {
            break;
        }
        if (c == ' ') {
            run = 0;
            continue;
        }
        if (c == '0' || c == '1' || c == '-') {
            run = 0;
            if (c != '-') {
                result.mask |= u32{1} << position;
                result.value |= static_cast<u32>(c == '1') << position;
            }
        } else if (c == run) {
            Field& field = result.fields[result.field_count - 1u];
            field.low = static_cast<u8>(position);
            field.width++;
        } else {
            result.fields[result.field_count++] = {static_cast<u8>(position), 1};
            run = c;
        }
        position--;
    }
    if (position != -1) {
        throw "a pattern must have 32 bits";
    }
    return result;
}

/// One instruction: its encoding, its meaning, and what it needs.
struct Instruction {
    std::string_view name;  ///< as the manual titles it
    Encoding encoding;
    Feature feature;
    void (*lift)(Lifter&, u32 word);
    /// Further encodings within the pattern that are another instruction or unallocated (mask, value); see `except`.
    std::array<std::pair<u32, u32>, 4> exceptions{};

    constexpr bool excepts(u32 word) const {
        for (const auto& [mask, value] : exceptions) {
            if (mask != 0 && (word & mask) == value) {
                return true;
            }
        }
        return false;
    }
    constexpr bool matches(u32 word) const { return (word & encoding.mask) == encoding.value && !excepts(word); }

    /// Leaves out the words that match `pattern`.
    template <PatternText P>
    consteval Instruction except() const {
        Instruction copy = *this;
        constexpr Encoding other = parse_pattern(P.text);
        for (auto& slot : copy.exceptions) {
            if (slot.first == 0) {
                slot = {other.mask, other.value};
                return copy;
            }
        }
        throw "too many exceptions";
    }
};

namespace detail {

template <PatternText P, auto Semantics, class Signature>
struct Thunk;

template <PatternText P, auto Semantics, class... Operand>
struct Thunk<P, Semantics, void (*)(Lifter&, Operand...)> {
    static constexpr Encoding kEncoding = parse_pattern(P.text);
    static_assert(sizeof...(Operand) == kEncoding.field_count, "operands and fields of the pattern differ in number");

    template <std::size_t... I>
    static constexpr bool widths_match(std::index_sequence<I...>) {
        return ((Operand::kWidth == kEncoding.fields[I].width) && ...);
    }
    static_assert(widths_match(std::index_sequence_for<Operand...>{}), "an operand's width differs from its field's");

    template <std::size_t... I>
    static void call(Lifter& lifter, [[maybe_unused]] u32 word, std::index_sequence<I...>) {
        Semantics(lifter, Operand{kEncoding.fields[I].of(word)}...);
    }
    static void lift(Lifter& lifter, u32 word) { call(lifter, word, std::index_sequence_for<Operand...>{}); }
};

}  // namespace detail

/// True if some word could mean either entry: both match it, neither is strictly more specific than the other (then the
/// more specific one is meant), and neither leaves out all that they share.
constexpr bool ambiguous(const Instruction& a, const Instruction& b) {
    const u32 a_mask = a.encoding.mask;
    const u32 b_mask = b.encoding.mask;
    if (((a.encoding.value ^ b.encoding.value) & a_mask & b_mask) != 0) {
        return false;
    }
    if (a_mask != b_mask && ((a_mask & b_mask) == a_mask || (a_mask & b_mask) == b_mask)) {
        return false;
    }
    const u32 shared_mask = a_mask | b_mask;
    const u32 shared_value = a.encoding.value | b.encoding.value;
    for (const Instruction* entry : {&a, &b}) {
        for (const auto& [mask, value] : entry->exceptions) {
            if (mask != 0 && (mask & ~shared_mask) == 0 && (shared_value & mask) == value) {
                return false;
            }
        }
    }
    return true;
}

inline constexpr int kNoOverlap = -1;

/// The first ambiguous pair of a chapter, as 1000 * index + index: for a static_assert whose message shows it.
template <std::size_t N>
consteval int first_overlap(const std::array<Instruction, N>& entries) {
    for (std::size_t a = 0; a < N; a++) {
        for (std::size_t b = a + 1; b < N; b++) {
            if (ambiguous(entries[a], entries[b])) {
                return static_cast<int>(1000 * a + b);
            }
        }
    }
    return kNoOverlap;
}

/// An entry of an instruction table. `Semantics` is a captureless lambda `+[](Lifter&, operands...)`.
template <PatternText P, auto Semantics>
consteval Instruction instruction(std::string_view name, Feature feature = Feature::base) {
    using Thunk = detail::Thunk<P, Semantics, decltype(Semantics)>;
    return {name, Thunk::kEncoding, feature, &Thunk::lift, {}};
}

}  // namespace kelvin::arm64
