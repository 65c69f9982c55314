// SPDX-License-Identifier: Apache-2.0
#include "vm/x86_processors.h"

#include <fmt/format.h>

#include <bit>

namespace kelvin::vm {

namespace {

/// Boards number processors one after the other, as the fields of the number allow in whole powers of two; else each is
/// a core of one socket.
x86::Placement place(const CpuSpec& spec) {
    const unsigned cores = spec.topology.cores * spec.topology.clusters;
    const unsigned threads = spec.topology.threads;
    const bool fits = std::has_single_bit(threads) && (std::has_single_bit(cores) || spec.topology.sockets == 1);
    const bool is_grouped = cores * threads * spec.topology.sockets >= spec.count;
    return fits && is_grouped ? x86::Placement{0, cores, threads} : x86::Placement{0, spec.count, 1};
}

}  // namespace

Result<X86Processors> X86Processors::choose(const CpuSpec& spec, const kvm::Host& host) {
    X86Processors processors;
    const x86::Processor possible = KELVIN_TRY(host.possible_processor());
    processors.name_ = spec.model;
    processors.model_ = KELVIN_TRY(x86::find_model(spec.model, spec.properties, possible));
    processors.place_ = place(spec);
    return processors;
}

x86::Processor X86Processors::at(unsigned index) const {
    x86::Processor own = model_.processor;
    x86::Placement at = place_;
    at.number = index;
    x86::place_processor(own.cpuid, at);
    return own;
}

std::vector<std::string> X86Processors::notes() const {
    if (model_.missing.empty() || model_.silent) {
        return {};
    }
    return {fmt::format("the host lacks what processor '{}' has, and the guest goes without: {}", name_,
                        fmt::join(model_.missing, ", "))};
}

}  // namespace kelvin::vm
