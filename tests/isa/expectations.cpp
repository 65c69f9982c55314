// SPDX-License-Identifier: Apache-2.0
#include "isa/expectations.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace kelvin::isa {

namespace {

constexpr std::string_view kMark = "// expect:";

std::optional<u64> number(std::string_view text) {
    const bool hex = text.starts_with("0x");
    text.remove_prefix(hex ? 2 : 0);
    u64 value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    return end.ec == std::errc{} && end.ptr == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// A vector is written as its upper half, '_', and sixteen digits of the lower.
std::optional<V128> value_of(std::string_view text) {
    const auto middle = text.find('_');
    const auto high = middle == std::string_view::npos ? std::optional(u64{0}) : number(text.substr(0, middle));
    const auto low =
        middle == std::string_view::npos ? number(text) : number("0x" + std::string(text.substr(middle + 1)));
    return high && low ? std::optional(v128(*low, *high)) : std::nullopt;
}

std::optional<V128> found(const Report& report, std::string_view name) {
    if (name == "sp") {
        return v128(report.sp);
    }
    if (name == "nzcv") {
        return v128(report.nzcv >> 28);
    }
    if (name == "fpsr") {
        return v128(report.fpsr);
    }
    const auto index = name.empty() ? std::nullopt : number(name.substr(1));
    if (index && name[0] == 'x' && *index < 31) {
        return v128(report.x[*index]);
    }
    if (index && name[0] == 'v' && *index < 32) {
        return report.v[*index];
    }
    return {};
}

}  // namespace

Result<std::vector<Expectation>> read_expectations(const std::string& source) {
    std::ifstream file(source);
    std::vector<Expectation> expectations;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(kMark)) {
            continue;
        }
        std::istringstream words(line.substr(kMark.size()));
        for (std::string word; words >> word;) {
            const auto equals = word.find('=');
            const auto value = equals == std::string::npos ? std::nullopt : value_of(word.substr(equals + 1));
            if (!value || !found(Report{}, word.substr(0, equals))) {
                return user_error(source + ": not an expectation: " + word);
            }
            expectations.push_back({word.substr(0, equals), *value});
        }
    }
    if (expectations.empty()) {
        return user_error(source + ": has no line '" + std::string(kMark) + " ...'");
    }
    return expectations;
}

std::string check(const Report& report, const std::vector<Expectation>& expectations) {
    std::string wrong;
    for (const Expectation& expected : expectations) {
        const V128 is = found(report, expected.name).value_or(V128{});
        if (!(is == expected.value)) {
            wrong += fmt::format("  {} is {:016x}_{:016x}, expected {:016x}_{:016x}\n", expected.name, is.d[1], is.d[0],
                                 expected.value.d[1], expected.value.d[0]);
        }
    }
    return wrong;
}

std::string differences(const Report& first, const Report& second) {
    std::vector<Expectation> all{{"sp", v128(first.sp)}, {"nzcv", v128(first.nzcv >> 28)}};
    for (unsigned i = 0; i < 32; i++) {
        if (i < 31) {
            all.push_back({fmt::format("x{}", i), v128(first.x[i])});
        }
        all.push_back({fmt::format("v{}", i), first.v[i]});
    }
    return check(second, all);
}

}  // namespace kelvin::isa
