// SPDX-License-Identifier: Apache-2.0
#include "vm/boot_order.h"

#include <algorithm>

namespace kelvin::vm {

namespace {

using Kind = bus::Bootable::Kind;

bool has_index(const BootCandidate& candidate) {
    return candidate.index.value_or(-1) >= 0;
}

/// The letters that QEMU's boards give kinds of devices; others are of drives that this board has not.
std::optional<Kind> kind_of(char letter) {
    switch (letter) {
        case 'c':
            return Kind::disk;
        case 'd':
            return Kind::cd;
        case 'n':
        case 'o':
        case 'p':
            return Kind::network;
        default:
            return std::nullopt;
    }
}

std::vector<BootCandidate> by_kind(const std::vector<BootCandidate>& candidates, std::string letters, bool strict) {
    if (!strict) {
        letters += "cdn";
    }
    std::vector<BootCandidate> ordered;
    std::vector<Kind> done;
    for (const char letter : letters) {
        const std::optional<Kind> kind = kind_of(letter);
        if (kind && std::ranges::find(done, *kind) == done.end()) {
            done.push_back(*kind);
            std::ranges::copy_if(candidates, std::back_inserter(ordered),
                                 [&](const auto& c) { return c.kind == *kind; });
        }
    }
    return ordered;
}

}  // namespace

std::string boot_order(std::vector<BootCandidate> candidates, const BootOrderSpec& spec, bool first_start) {
    const std::string& letters = first_start && !spec.once.empty() ? spec.once : spec.order;
    if (std::ranges::any_of(candidates, has_index)) {
        std::erase_if(candidates, [](const BootCandidate& candidate) { return !has_index(candidate); });
        std::ranges::stable_sort(candidates, {}, &BootCandidate::index);
    } else if (!letters.empty()) {
        candidates = by_kind(candidates, letters, spec.strict);
    } else {
        return {};
    }
    std::string lines;
    for (const BootCandidate& candidate : candidates) {
        lines += (lines.empty() ? "" : "\n") + candidate.path;
    }
    return spec.strict && !lines.empty() ? lines + "\nHALT" : lines;
}

}  // namespace kelvin::vm
