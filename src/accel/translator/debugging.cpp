// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/debugging.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPage = 4096;

/// [a, a + a_size) and [b, b + b_size), which may reach the end of the address space, have something in common.
bool overlap(u64 a, u64 a_size, u64 b, u64 b_size) {
    return b - a < a_size || a - b < b_size;
}

}  // namespace

Debugging::Debugging(const accel::DebugOrders& orders) : orders_(orders), passing_(orders.pass_watchpoints) {}

bool Debugging::stops_at(u64 pc) {
    if (orders_.step || !std::ranges::binary_search(orders_.points.breakpoints, pc)) {
        return false;
    }
    event_ = {.kind = accel::DebugEvent::Kind::breakpoint, .address = pc, .watched = {}};
    return true;
}

bool Debugging::is_alone(u64 pc) const {
    if (orders_.step || passing_) {
        return true;
    }
    const auto first = std::ranges::lower_bound(orders_.points.breakpoints, align_down(pc, kPage));
    return first != orders_.points.breakpoints.end() && align_down(*first, kPage) == align_down(pc, kPage);
}

bool Debugging::takes_interrupts() const {
    return orders_.step ? orders_.step_interrupts : !passing_;
}

void Debugging::instruction_done() {
    passing_ = false;
    if (orders_.step && !has_stopped()) {
        event_.kind = accel::DebugEvent::Kind::step;
    }
}

bool Debugging::is_page_watched(u64 address) const {
    return std::ranges::any_of(orders_.points.watchpoints, [&](const accel::Watchpoint& point) {
        return overlap(align_down(address, kPage), kPage, point.address, point.size);
    });
}

bool Debugging::stops_access(u64 address, unsigned size, bool reads, bool writes) {
    const auto matches = [&](const accel::Watchpoint& point) {
        return ((reads && point.reads) || (writes && point.writes)) &&
               overlap(address, size, point.address, point.size);
    };
    const auto found = std::ranges::find_if(orders_.points.watchpoints, matches);
    if (passing_ || found == orders_.points.watchpoints.end()) {
        return false;
    }
    event_ = {.kind = accel::DebugEvent::Kind::watchpoint, .address = address, .watched = *found};
    return true;
}

}  // namespace kelvin::translator
