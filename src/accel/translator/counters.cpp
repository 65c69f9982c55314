// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace kelvin::translator {

namespace {

constexpr const char* kExitNames[] = {"jump not linked yet", "jump not in the jump cache", "system instruction",
                                      "exception", "interrupt, timer or stop"};
static_assert(std::size(kExitNames) == static_cast<std::size_t>(ExitReason::count));
constexpr const char* kInterruptNames[] = {"IRQ", "FIQ", "SError"};

std::string line(std::string_view name, u64 value, const std::string& remark = "") {
    return fmt::format("  {:<28}{:>14}{}{}\n", name, value, remark.empty() ? "" : "  ", remark);
}

std::string size_text(u64 bytes) {
    return bytes < 10 << 10   ? fmt::format("{} bytes", bytes)
           : bytes < 10 << 20 ? fmt::format("{} KiB", bytes >> 10)
                              : fmt::format("{} MiB", bytes >> 20);
}

double ratio(u64 part, u64 whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string describe(const TierCounters& tier) {
    const u64 host = tier.hot_bytes + tier.cold_bytes;
    const u64 instructions = tier.guest_bytes / 4;
    std::string text = line("regions translated", tier.regions,
                            fmt::format("{:.1f} guest instructions each", ratio(instructions, tier.regions)));
    text += line("guest code, bytes", tier.guest_bytes);
    text += line("host code, bytes", host,
                 fmt::format("{:.1f} a guest byte; {:.1f} of them run seldom", ratio(host, tier.guest_bytes),
                             ratio(tier.cold_bytes, tier.guest_bytes)));
    text += line("translation time, us", tier.nanoseconds / 1000,
                 fmt::format("{:.0f} ns a guest instruction", ratio(tier.nanoseconds, instructions)));
    return text;
}

}  // namespace

std::string describe(const CodeReport& report) {
    std::string text;
    for (const TierCounters& tier : report.counters.tiers) {
        text += "translated code\n" + describe(tier);
    }
    text += "code cache\n";
    text += line("regions in use", report.regions_in_use);
    text += line("bytes used, dropped code too", report.cache_used,
                 fmt::format("{:.0f} % of {} in {} segments", 100 * ratio(report.cache_used, report.cache_size),
                             size_text(report.cache_size), report.segments));
    text += line("regions dropped for room", report.blocks.dropped_for_room,
                 fmt::format("{} segments emptied", report.counters.segments_emptied));
    text +=
        line("regions overwritten", report.blocks.dropped_by_stores, fmt::format("by {} stores", report.blocks.stores));
    text += line("jumps linked", report.blocks.links_made, fmt::format("{} undone", report.blocks.links_undone));
    text += line("regions judged", report.regions_judged,
                 fmt::format("{} accesses look in the TLB at once", report.accesses_scattered));
    return text;
}

std::string describe(unsigned index, const ExecutionCounts& counts) {
    const auto of = [&](x64::Counted event) { return counts[static_cast<unsigned>(event)]; };
    const u64 checks = of(x64::Counted::page_checks);
    const u64 jumps = of(x64::Counted::jumps);
    const u64 served = checks - std::min(checks, of(x64::Counted::slot_misses));
    const u64 found = jumps - std::min(jumps, of(x64::Counted::jump_misses));
    std::string text = fmt::format("processor {}: executed\n", index);
    text += line("instructions", of(x64::Counted::instructions));
    text +=
        line("regions", of(x64::Counted::regions),
             fmt::format("{:.1f} instructions each", ratio(of(x64::Counted::instructions), of(x64::Counted::regions))));
    text += line("checks of a page", checks, fmt::format("{:.2f} % served by a slot", 100 * ratio(served, checks)));
    text += line("slot misses", of(x64::Counted::slot_misses));
    text += line("jumps by the jump cache", jumps, fmt::format("{:.2f} % found", 100 * ratio(found, jumps)));
    return text;
}

std::string describe(unsigned index, const VcpuCounters& counters, const arm64::ExceptionCounts& exceptions) {
    std::string text = fmt::format("processor {}: generated code left for\n", index);
    for (std::size_t i = 0; i < counters.exits.size(); i++) {
        text += line(kExitNames[i], counters.exits[i].value());
    }
    text += line("sleeps (WFI, WFE)", counters.waits.value());
    text += fmt::format("processor {}: accesses that took C++\n", index);
    text += line("loads of a page not in TLB", counters.load_fills.value());
    text += line("stores to a page not in TLB", counters.store_fills.value());
    text += line("code of a page not in TLB", counters.fetch_fills.value());
    text += line("devices or Device memory", counters.devices.value());
    text += line("across pages", counters.page_crossings.value());
    text += line("stores to pages with code", counters.stores_to_code.value());
    text += line("atomics and exclusives", counters.atomics.value());
    text += line("to pages with watchpoints", counters.watched.value());
    text += fmt::format("processor {}: TLB flushes\n", index);
    text += line("everything", counters.flushes_all.value());
    text += line("an address space", counters.flushes_asid.value());
    text += line("pages", counters.flushes_pages.value());
    text += line("changes of mode or tables", counters.mode_changes.value());
    text += fmt::format("processor {}: exceptions\n", index);
    for (unsigned i = 0; i < exceptions.synchronous.size(); i++) {
        if (const u64 count = exceptions.synchronous[i].value(); count != 0) {
            text += line(arm64::describe_exception_class(i), count);
        }
    }
    for (unsigned i = 0; i < exceptions.interrupts.size(); i++) {
        if (const u64 count = exceptions.interrupts[i].value(); count != 0) {
            text += line(kInterruptNames[i], count);
        }
    }
    return text;
}

}  // namespace kelvin::translator
