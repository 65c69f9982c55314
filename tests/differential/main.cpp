// SPDX-License-Identifier: Apache-2.0
// Random instructions, run by QEMU's user mode, by the IR interpreter and as compiled code, must come to the same.
//
//   differential --qemu EMULATOR --guest PROGRAM --rules FILE [--seed S] [--count CASES | --seconds T] [--first N]
//                [--entry NAME] [--interpreter-only] [--show] [--environments] [--host v2|v3|v4|least]
//                [--inject NAME+NAME]
//
// --host compiles for a host of that level at most; the least is a v2 without any extension.
// --inject makes compiled code take seldom paths always, as -accel translator,inject=NAME does: slow-memory,
// slot-misses, slot-trials, no-slots, short-regions.
// --environments compares Kelvin with itself alone, in states that user mode has not.
// --show prints the instructions of each case before it runs.
//
// Exits with 1 if they differ, or if an entry could not be run at all.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>

#include "differential/comparison.h"
#include "differential/crash_note.h"

namespace kelvin::differential {

namespace {

struct Options {
    Setup setup;
    std::string entry;
    u64 seed = 0;
    u64 count = ~u64{0};
    u64 first = 0;
    double seconds = 0;
};

Result<x64::HostFeatures> host_named(std::string_view name) {
    if (name == "least") {
        return x64::HostFeatures{};
    }
    if (const std::optional<x64::HostLevel> level = x64::host_level(name)) {
        return x64::HostFeatures::detect().up_to(*level);
    }
    return user_error(fmt::format("'{}' is no level of hosts: v2, v3, v4, least", name));
}

/// Cases are compiled here, not by the translator: of what it may be told, some has no meaning.
Result<accel::Injections> injections_named(std::string_view names) {
    accel::Injections injections = KELVIN_TRY(accel::parse_injections(names));
    if (injections.no_links || injections.jump_misses || injections.interrupts || injections.small_cache ||
        injections.least_host || injections.slow_clock) {
        return user_error(fmt::format("'{}' has something that cases do not meet", names),
                          "slow-memory, slot-misses, slot-trials, no-slots and short-regions they do");
    }
    return injections;
}

Result<Options> parse(int argc, char** argv) {
    Options options;
    options.seed = std::random_device{}();
    for (int i = 1; i < argc; i++) {
        const std::string_view name = argv[i];
        if (name == "--interpreter-only") {
            options.setup.compile = false;
            continue;
        }
        if (name == "--environments") {
            options.setup.environments = true;
            continue;
        }
        if (name == "--show") {
            options.setup.show = true;
            continue;
        }
        if (i + 1 == argc) {
            return user_error(fmt::format("'{}' needs a value, or is not an option", name));
        }
        const char* value = argv[++i];
        if (name == "--qemu") {
            options.setup.emulator = value;
        } else if (name == "--guest") {
            options.setup.guest = value;
        } else if (name == "--rules") {
            options.setup.rules = value;
        } else if (name == "--host") {
            options.setup.host = KELVIN_TRY(host_named(value));
        } else if (name == "--inject") {
            options.setup.injected = KELVIN_TRY(injections_named(value));
        } else if (name == "--entry") {
            options.entry = value;
        } else if (name == "--seed") {
            options.seed = std::strtoull(value, nullptr, 0);
        } else if (name == "--count") {
            options.count = std::strtoull(value, nullptr, 0);
        } else if (name == "--first") {
            options.first = std::strtoull(value, nullptr, 0);
        } else if (name == "--seconds") {
            options.seconds = std::strtod(value, nullptr);
        } else {
            return user_error(fmt::format("no option '{}'", name));
        }
    }
    return options;
}

Result<bool> run(const Options& options) {
    note_crashes();
    auto comparison = KELVIN_TRY(Comparison::make(options.setup, options.seed));
    fmt::print("seed {}: {} entries\n", options.seed, comparison->entry_count());
    using Clock = std::chrono::steady_clock;
    const auto begun = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
    u64 cases = 0;
    for (u64 number = options.first; cases < options.count; number++) {
        if (!options.entry.empty() && comparison->name_of(number) != options.entry) {
            if (number - options.first == comparison->entry_count() && cases == 0) {
                return user_error("no entry is named '" + options.entry + "'");
            }
            continue;
        }
        KELVIN_TRY(comparison->add(number));
        cases++;
        if (cases % 256 == 0 && options.seconds != 0 && elapsed() > options.seconds) {
            break;
        }
    }
    KELVIN_TRY(comparison->finish());
    // A run of few cases is one that looks for something; it need not have met every entry.
    const bool all = options.entry.empty() && cases >= 20 * comparison->entry_count();
    const bool good = comparison->report(all);
    fmt::print("{} cases ({} with faults), {} instructions, {:.0f} instructions/s\n", comparison->cases(),
               comparison->faults(), comparison->instructions(),
               static_cast<double>(comparison->instructions()) / elapsed());
    return good;
}

}  // namespace

}  // namespace kelvin::differential

int main(int argc, char** argv) {
    using namespace kelvin::differential;
    const auto options = parse(argc, argv);
    const auto good = options ? run(options.value()) : kelvin::Result<bool>(options.error());
    if (!good) {
        fmt::print(stderr, "differential: {}\n", good.error().message());
        return 2;
    }
    return good.value() ? 0 : 1;
}
