// SPDX-License-Identifier: Apache-2.0
// -smp: how many processors, and how they are grouped.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest_name.h"
#include "control/option_table.h"
#include "state/text_values.h"

namespace kelvin::control {

namespace {

constexpr u64 kMost = 512;

/// 0: not given.
struct Counts {
    u64 cpus = 0, maxcpus = 0, sockets = 0, clusters = 0, cores = 0, threads = 0;
};

struct Key {
    std::string_view name;
    u64 Counts::*count;  ///< null: the board has one of these in everything
};

constexpr auto kKeys = std::to_array<Key>({
    {"cpus", &Counts::cpus},
    {"maxcpus", &Counts::maxcpus},
    {"sockets", &Counts::sockets},
    {"clusters", &Counts::clusters},
    {"cores", &Counts::cores},
    {"threads", &Counts::threads},
    {"dies", nullptr},
    {"modules", nullptr},
    {"books", nullptr},
    {"drawers", nullptr},
});

Result<Counts> read_counts(const std::string& value) {
    Counts counts;
    for (const state::Property& property : state::parse_properties(value)) {
        const std::string name = property.has_value ? property.key : "cpus";
        const std::string& text = property.has_value ? property.value : property.key;
        const auto key = std::ranges::find(kKeys, name, &Key::name);
        if (key == kKeys.end()) {
            std::array<std::string_view, kKeys.size()> names{};
            std::ranges::transform(kKeys, names.begin(), &Key::name);
            return user_error(fmt::format("-smp has no property '{}'{}", name, did_you_mean(name, names)),
                              fmt::format("its properties are {}", fmt::join(names, ", ")));
        }
        const std::optional<u64> number = state::parse_unsigned(text);
        if (!number || *number == 0 || *number > kMost) {
            return user_error(fmt::format("'{}' is not a number of processors", text),
                              fmt::format("a number from 1 to {}", kMost));
        }
        if (key->count != nullptr) {
            counts.*key->count = *number;
        } else if (*number != 1) {
            return user_error(fmt::format("this board's processors are not grouped in {}", name),
                              "sockets, clusters, cores and threads are what there is");
        }
    }
    return counts;
}

/// What was not given follows from the rest; cores before sockets, as QEMU does since 6.2.
void complete(Counts& counts) {
    const auto one_at_least = [](u64& count) { count = std::max<u64>(count, 1); };
    const u64 all = counts.maxcpus != 0 ? counts.maxcpus : counts.cpus;
    one_at_least(counts.clusters);
    if (all == 0 || counts.cores == 0 || counts.sockets != 0) {
        one_at_least(counts.sockets);
    }
    if (all != 0 && counts.sockets == 0) {
        one_at_least(counts.threads);
        counts.sockets = std::max<u64>(all / (counts.clusters * counts.cores * counts.threads), 1);
    }
    if (counts.cores == 0) {
        one_at_least(counts.threads);
        counts.cores = std::max<u64>(all / (counts.sockets * counts.clusters * counts.threads), 1);
    }
    if (counts.threads == 0) {
        counts.threads = std::max<u64>(all / (counts.sockets * counts.clusters * counts.cores), 1);
    }
}

}  // namespace

Result<> apply_smp(Draft& draft, const std::string& value) {
    Counts counts = KELVIN_TRY(read_counts(value));
    complete(counts);
    const auto& [cpus, maxcpus, sockets, clusters, cores, threads] = counts;
    const u64 product = sockets * clusters * cores * threads;
    const u64 most = maxcpus != 0 ? maxcpus : cpus != 0 ? cpus : product;
    const u64 count = cpus != 0 ? cpus : most;
    if (product != most) {
        return user_error(
            fmt::format("sockets ({}) x clusters ({}) x cores ({}) x threads ({}) are {} processors, not {}", sockets,
                        clusters, cores, threads, product, most),
            fmt::format("'-smp {}' alone groups them by itself", most));
    }
    if (count > most) {
        return user_error(fmt::format("there are to be {} processors, but never more than {}", count, most),
                          "maxcpus is at least cpus");
    }
    vm::CpuSpec& spec = draft.line.spec.cpu;
    spec.count = static_cast<unsigned>(count);
    spec.topology = {static_cast<unsigned>(sockets), static_cast<unsigned>(clusters), static_cast<unsigned>(cores),
                     static_cast<unsigned>(threads)};
    return ok();
}

}  // namespace kelvin::control
