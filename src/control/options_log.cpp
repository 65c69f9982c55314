// SPDX-License-Identifier: Apache-2.0
// -d, -D, -dfilter.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/nearest_name.h"
#include "control/option_table.h"
#include "state/text_values.h"

namespace kelvin::control {

namespace {

using accel::LogOptions;

struct LogItem {
    std::string_view name;
    void (*apply)(accel::TranslatorOptions& options);  ///< null: known of QEMU, without effect
    std::string_view help;
};

template <bool LogOptions::*Flag>
void set(accel::TranslatorOptions& options) {
    options.log.*Flag = true;
}

void keep_unlinked(accel::TranslatorOptions& options) {
    options.inject.no_links = true;
    options.inject.jump_misses = true;
}

constexpr auto kLogItems = std::to_array<LogItem>({
    {"in_asm", set<&LogOptions::guest>, "guest code of each region when it is translated"},
    {"op", set<&LogOptions::ir>, "its intermediate representation as lifted"},
    {"op_opt", set<&LogOptions::optimized_ir>, "the same after optimization"},
    {"out_asm", set<&LogOptions::host>, "the host code made of it"},
    {"exec", set<&LogOptions::entries>, "each entry into translated code; with nochain, each region that runs"},
    {"cpu", set<&LogOptions::registers>, "with exec: the registers"},
    {"nochain", keep_unlinked, "translated regions do not jump to each other"},
    {"int", set<&LogOptions::exceptions>, "exceptions and interrupts"},
    {"mmu", set<&LogOptions::pages>, "pages found in the guest's tables"},
    {"jit", set<&LogOptions::statistics>, "at the end, what the monitor's `info jit` says"},
    {"guest_errors", nullptr, ""},
    {"unimp", nullptr, ""},
    {"op_ind", nullptr, ""},
    {"op_plugin", nullptr, ""},
    {"fpu", nullptr, ""},
    {"pcall", nullptr, ""},
    {"cpu_reset", nullptr, ""},
    {"page", nullptr, ""},
    {"plugin", nullptr, ""},
    {"strace", nullptr, ""},
    {"tid", nullptr, ""},
    {"vpu", nullptr, ""},
    {"invalid_mem", nullptr, ""},
});

std::string list_items() {
    std::string text = "Log items (comma separated):\n";
    for (const LogItem& item : kLogItems) {
        text += item.apply != nullptr ? fmt::format("{:<16}{}\n", item.name, item.help) : "";
    }
    return text;
}

/// Hexadecimal, with or without 0x.
std::optional<u64> parse_address(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
    }
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// "START..END", "START+SIZE" or "START-SIZE", the range that ends with START.
std::optional<accel::AddressRange> parse_range(std::string_view text) {
    const std::size_t at = std::min({text.find(".."), text.find('+'), text.find('-')});
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<u64> start = parse_address(text.substr(0, at));
    const std::optional<u64> other = parse_address(text.substr(at + (text[at] == '.' ? 2 : 1)));
    if (!start || !other || (text[at] != '.' && *other == 0)) {
        return std::nullopt;
    }
    const accel::AddressRange range = text[at] == '.'   ? accel::AddressRange{*start, *other}
                                      : text[at] == '+' ? accel::AddressRange{*start, *start + (*other - 1)}
                                                        : accel::AddressRange{*start - (*other - 1), *start};
    return range.first <= range.last ? std::optional(range) : std::nullopt;
}

}  // namespace

Result<> apply_log(Draft& draft, const std::string& value) {
    for (const std::string& wanted : state::split_list(value)) {
        if (wanted == "help" || wanted == "?") {
            draft.line.answer = list_items();
            return ok();
        }
        const auto item = std::ranges::find(kLogItems, wanted, &LogItem::name);
        if (item == kLogItems.end()) {
            std::vector<std::string_view> names;
            std::ranges::transform(kLogItems, std::back_inserter(names), &LogItem::name);
            return user_error(fmt::format("unknown log item '{}'{}", wanted, did_you_mean(wanted, names)),
                              "-d help lists them");
        }
        if (item->apply == nullptr) {
            draft.line.notes.push_back(fmt::format("-d {} has no effect here", wanted));
        } else {
            item->apply(draft.line.spec.translator);
        }
    }
    return ok();
}

Result<> apply_log_file(Draft& draft, const std::string& value) {
    draft.line.spec.translator.log.file = value;
    return ok();
}

Result<> apply_log_filter(Draft& draft, const std::string& value) {
    for (const std::string& text : state::split_list(value)) {
        const std::optional<accel::AddressRange> range = parse_range(text);
        if (!range) {
            return user_error(fmt::format("'{}' is not a range of addresses", text),
                              "ranges are START..END, START+SIZE or START-SIZE, all hexadecimal");
        }
        draft.line.spec.translator.log.ranges.push_back(*range);
    }
    return ok();
}

}  // namespace kelvin::control
