// SPDX-License-Identifier: Apache-2.0
// What a debugger does with a vCPU, by the processor's debug registers (SDM 18.2).
#include <algorithm>
#include <bit>

#include "accel/kvm/vcpu.h"

namespace kelvin::kvm {

namespace {

constexpr size_t kDebugRegisters = 4;

/// R/W and LEN of DR7 for debug register `number`, and its enable bit.
u64 control(size_t number, u64 kind, u64 length) {
    return u64{2} << number * 2 | (kind | length << 2) << (16 + number * 4);
}

/// LEN of an aligned size: 1, 2, 8, 4 bytes are 0 to 3.
u64 length_code(u64 size) {
    switch (size) {
        case 1:
            return 0;
        case 2:
            return 1;
        case 8:
            return 2;
        default:
            return 3;
    }
}

struct Piece {
    u64 address;
    u64 size;
};

/// What one debug register each can watch.
std::vector<Piece> pieces(const accel::Watchpoint& point) {
    std::vector<Piece> all;
    for (u64 done = 0; done < point.size;) {
        const u64 at = point.address + done;
        const u64 size = std::min(u64{1} << std::countr_zero(at | 8), std::bit_floor(point.size - done));
        all.push_back({at, size});
        done += size;
    }
    return all;
}

}  // namespace

/// Where the debug registers do not suffice the processor is stepped, and looked at after each instruction.
void KvmVcpu::set_debug_orders(const accel::DebugOrders& orders) {
    orders_ = orders;
    kvm_guest_debug debug{};
    size_t used = 0;
    const auto use = [&](u64 address, u64 kind, u64 length) {
        if (used < kDebugRegisters) {
            debug.arch.debugreg[used] = address;
            debug.arch.debugreg[7] |= control(used, kind, length);
        }
        ++used;
    };
    for (const u64 address : orders.points.breakpoints) {
        use(address, 0, 0);
    }
    for (const accel::Watchpoint& point : orders.points.watchpoints) {
        for (const Piece& piece : pieces(point)) {
            use(piece.address, point.reads ? 3 : 1, length_code(piece.size));
        }
    }
    const bool by_steps = orders.step || used > kDebugRegisters;
    if (used != 0 || by_steps) {
        debug.control =
            KVM_GUESTDBG_ENABLE | (used != 0 ? KVM_GUESTDBG_USE_HW_BP : 0) | (by_steps ? KVM_GUESTDBG_SINGLESTEP : 0);
    }
    static_cast<void>(call(fd_, KVM_SET_GUEST_DEBUG, &debug));
}

/// False if nobody waits for what has stopped the processor. A data breakpoint is a trap: the access is done
/// (SDM 18.2.4).
bool KvmVcpu::notice_debug() {
    using Kind = accel::DebugEvent::Kind;
    constexpr u64 kSingleStep = u64{1} << 14;
    const u64 status = run_->debug.arch.dr6;
    const u64 pc = run_->debug.arch.pc;
    const std::vector<u64>& breakpoints = orders_.points.breakpoints;
    for (size_t number = 0, watched = breakpoints.size(); number < kDebugRegisters; ++number) {
        if ((status >> number & 1) == 0 || number < watched) {
            continue;
        }
        for (const accel::Watchpoint& point : orders_.points.watchpoints) {
            const size_t parts = pieces(point).size();
            if (number < watched + parts) {
                debug_event_ = {Kind::watchpoint, pieces(point)[number - watched].address, point};
                return true;
            }
            watched += parts;
        }
    }
    if (orders_.step && (status & kSingleStep) != 0) {
        debug_event_.kind = Kind::step;
        return true;
    }
    debug_event_.kind = Kind::breakpoint;
    return std::ranges::binary_search(breakpoints, pc);
}

}  // namespace kelvin::kvm
