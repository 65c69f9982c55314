// SPDX-License-Identifier: Apache-2.0
#include "accel/injections.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/nearest_name.h"

namespace kelvin::accel {

namespace {

struct Entry {
    std::string_view name;
    bool Injections::*flag;
    std::string_view help;
};

constexpr auto kEntries = std::to_array<Entry>({
    {"slow-memory", &Injections::slow_memory, "every access to guest memory is made by C++"},
    {"slot-misses", &Injections::slot_misses, "no access finds its page in a slot: each looks in the TLB"},
    {"slot-trials", &Injections::slot_trials, "all regions count the misses of each access"},
    {"no-slots", &Injections::no_slots, "accesses look in the TLB at once"},
    {"no-links", &Injections::no_links, "no region jumps straight to another"},
    {"jump-misses", &Injections::jump_misses, "no branch finds its target in the jump cache"},
    {"interrupts", &Injections::interrupts, "code always finds that another thread wants its attention"},
    {"small-cache", &Injections::small_cache, "256 KiB of code, so that code is dropped all the time"},
    {"short-regions", &Injections::short_regions, "one instruction a region"},
    {"slow-clock", &Injections::slow_clock, "every read of a counter is made by C++"},
    {"least-host", &Injections::least_host,
     "code uses no more of the host's instructions than every host has: x86-64-v2"},
});

}  // namespace

Result<Injections> parse_injections(std::string_view names) {
    Injections result;
    while (true) {
        const std::size_t end = std::min(names.find('+'), names.size());
        const std::string_view name = names.substr(0, end);
        const auto entry = std::ranges::find(kEntries, name, &Entry::name);
        if (entry == kEntries.end()) {
            std::vector<std::string_view> known;
            std::ranges::transform(kEntries, std::back_inserter(known), &Entry::name);
            return user_error(fmt::format("nothing called '{}' can be injected{}", name, did_you_mean(name, known)),
                              "-accel translator,inject=help lists what can");
        }
        result.*(entry->flag) = true;
        if (end == names.size()) {
            return result;
        }
        names.remove_prefix(end + 1);
    }
}

std::string describe_injections() {
    std::string text;
    for (const Entry& entry : kEntries) {
        text += fmt::format("{:<16}{}\n", entry.name, entry.help);
    }
    return text;
}

}  // namespace kelvin::accel
