// SPDX-License-Identifier: Apache-2.0
// ACPI Machine Language: what an operating system interprets to learn of devices that it cannot find by itself
// (ACPI 6.3, chapter 20 for the encoding, 19 for what it means). Each function makes one term; terms contain terms.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace kelvin::firmware::aml {

struct Term {
    std::vector<u8> bytes;
};
using Terms = std::span<const Term>;

/// 20.2.2: "\_SB", "PCI0", "\_SB.PCI0.RES0"; segments shorter than four characters are filled up.
Term path(std::string_view text);

// 20.2.3: values.
Term integer(u64 value);
Term text(std::string_view value);
Term buffer(std::span<const u8> content);
Term package(Terms elements);
/// 19.3.4: "PNP0A08" as hardware identifiers of that form are compressed.
Term eisa_id(std::string_view id);
/// 19.6.142: the buffer that "33db4d5b-1ff7-401c-9657-7441c03dd766" stands for.
Term uuid(std::string_view text);
/// 6.4: `descriptors` and the end tag behind them.
Term resources(std::initializer_list<Term> descriptors);

// 20.2.5: objects that have a name.
Term name(std::string_view name, const Term& value);
Term scope(std::string_view path, Terms content);
Term device(std::string_view name, Terms content);
enum class Calls : u8 { concurrent, one_at_a_time };
Term method(std::string_view name, unsigned arguments, Calls calls, std::initializer_list<Term> statements);

// 20.2.5.3 and .4: statements and expressions.
Term argument(unsigned number);
Term dword_field(const Term& buffer, u64 offset, std::string_view name);
Term store(const Term& value, const Term& target);
/// Bit by bit, into `target`.
Term bits_and(const Term& left, const Term& right, const Term& target);
Term bits_or(const Term& left, const Term& right, const Term& target);
Term equal(const Term& left, const Term& right);
Term is_not(const Term& operand);
Term when(const Term& condition, std::initializer_list<Term> statements);
/// Right behind a when().
Term otherwise(std::initializer_list<Term> statements);
Term notify(const Term& object, u64 value);
Term give(const Term& value);

}  // namespace kelvin::firmware::aml
