// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/debug_registers.h"

#include <algorithm>
#include <bit>

namespace kelvin::kvm {

namespace {

constexpr u64 kLengths[] = {0, 0b00, 0b01, 0, 0b11, 0, 0, 0, 0b10};  // of so many bytes
constexpr u64 kMostBytes = 8;

}  // namespace

DebugRegisters::DebugRegisters(const accel::DebugOrders& orders) {
    for (const accel::Watchpoint& point : orders.points.watchpoints) {
        add(point);
    }
    if (!orders.step) {
        for (const u64 address : orders.points.breakpoints) {
            add(Kind::execute, address, 1, {});
        }
    }
}

/// A register watches 1, 2, 4 or 8 bytes that are aligned. There is no way to watch reads alone.
void DebugRegisters::add(const accel::Watchpoint& point) {
    for (u64 done = 0; done < point.size;) {
        const u64 address = point.address + done;
        const u64 aligned = address == 0 ? kMostBytes : u64{1} << std::countr_zero(address);
        const u64 size = std::min({std::bit_floor(point.size - done), aligned, kMostBytes});
        add(point.reads ? Kind::access : Kind::write, address, size, point);
        if (!all_fit_) {
            return;
        }
        done += size;
    }
}

void DebugRegisters::add(Kind kind, u64 address, u64 size, const accel::Watchpoint& watched) {
    if (used_ == kCount) {
        all_fit_ = false;
        return;
    }
    addresses_[used_] = address;
    watched_[used_] = watched;
    const u64 enable = u64{2} << used_ * 2;  // globally
    control_ |= enable | (static_cast<u64>(kind) | kLengths[size] << 2) << (16 + used_ * 4);
    ++used_;
}

std::optional<accel::DebugEvent> DebugRegisters::event(u64 status) const {
    using Event = accel::DebugEvent::Kind;
    for (unsigned index = 0; index < used_; ++index) {
        if ((status >> index & 1) != 0) {
            const accel::Watchpoint& watched = watched_[index];
            return accel::DebugEvent{watched.size != 0 ? Event::watchpoint : Event::breakpoint, addresses_[index],
                                     watched};
        }
    }
    return std::nullopt;
}

}  // namespace kelvin::kvm
