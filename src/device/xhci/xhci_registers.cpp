// SPDX-License-Identifier: Apache-2.0
// Registers (xHCI 1.2, 5.3 to 5.6) and the event rings behind them (4.9.4).
#include <algorithm>

#include "base/bits.h"
#include "device/xhci/bytes.h"
#include "device/xhci/xhci.h"

namespace kelvin::device {

using namespace xhci;

namespace {

constexpr u64 kPortSize = 0x10;
constexpr u64 kInterruptersAt = 0x20;
constexpr u64 kInterrupterSize = 0x20;
constexpr u64 kExtendedAt = 0x20;

/// USBCMD and so on, from kOperationalAt.
namespace reg {
constexpr u64 kCommand = 0x00;
constexpr u64 kStatus = 0x04;
constexpr u64 kPageSize = 0x08;
constexpr u64 kNotifications = 0x14;
constexpr u64 kCommandsRing = 0x18;
constexpr u64 kContexts = 0x30;
constexpr u64 kConfigure = 0x38;
}  // namespace reg

/// IMAN (5.5.2.1).
constexpr u32 kPending = 1U << 0;
constexpr u32 kEnabled = 1U << 1;
constexpr u64 kHandlerBusy = 1U << 3;  // ERDP
constexpr u32 kSegmentAlign = 64;
constexpr u32 kLeastSegment = 16;  // 6.5
constexpr u32 kLargestSegment = 4096;

constexpr u64 with_low(u64 whole, u32 low, u64 align) {
    return (whole & ~u64{0xffffffff}) | (low & ~(align - 1));
}
constexpr u64 with_high(u64 whole, u32 high) {
    return (whole & 0xffffffff) | u64{high} << 32;
}

}  // namespace

u64 Xhci::read(u64 offset, unsigned size) {
    const std::lock_guard lock(lock_);
    if (size == 8) {
        return read_word(offset) | u64{read_word(offset + 4)} << 32;
    }
    return read_word(align_down(offset, 4)) >> offset % 4 * 8 & low_mask(size * 8);
}

void Xhci::write(u64 offset, unsigned size, u64 value) {
    if (size < 4 || offset % 4 != 0) {
        return;
    }
    if (offset == kOperationalAt && (value & command::kReset) != 0) {
        return io_.call([this] {
            const std::lock_guard lock(lock_);
            reset_locked();
        });
    }
    const std::lock_guard lock(lock_);
    write_word(offset, static_cast<u32>(value));
    if (size == 8) {
        write_word(offset + 4, static_cast<u32>(value >> 32));
    }
}

u32 Xhci::read_word(u64 offset) const {
    if (offset < kOperationalAt) {
        return read_capability(offset);
    }
    if (offset < kRuntimeAt) {
        return read_operational(offset - kOperationalAt);
    }
    return offset < kDoorbellsAt ? read_runtime(offset - kRuntimeAt) : 0;
}

/// 5.3, and the protocols of the ports (7.2): one segment an event ring, contexts of 32 bytes, 64-bit addresses.
u32 Xhci::read_capability(u64 offset) {
    constexpr std::array<u32, 16> kWords = {
        0x0100U << 16 | static_cast<u32>(kOperationalAt),
        kPorts << 24 | kInterrupters << 8 | kSlots,
        0xf,
        0,
        static_cast<u32>(kExtendedAt / 4) << 16 | 1,
        static_cast<u32>(kDoorbellsAt),
        static_cast<u32>(kRuntimeAt),
        0,
        0x02000000U | 4U << 8 | 2,  // USB 2.0; the next is 16 bytes on
        0x20425355,                 // "USB "
        kPorts2 << 8 | 1,
        0,
        0x03000000U | 2,
        0x20425355,
        kPorts3 << 8 | (kPorts2 + 1),
        0,
    };
    return kWords.at(offset / 4);
}

u32 Xhci::read_operational(u64 offset) const {
    if (offset >= kPortsAt - kOperationalAt) {
        const u64 port = (offset - (kPortsAt - kOperationalAt)) / kPortSize;
        return port < kPorts && offset % kPortSize == 0 ? registers_.ports.at(port) : 0;
    }
    switch (offset) {
        case reg::kCommand:
            return registers_.command;
        case reg::kStatus:
            return registers_.status;
        case reg::kPageSize:
            return 1;  // 4 KiB
        case reg::kNotifications:
            return registers_.notifications;
        case reg::kCommandsRing:
            return registers_.commands_run ? 1U << 3 : 0;
        case reg::kContexts:
            return static_cast<u32>(registers_.contexts);
        case reg::kContexts + 4:
            return static_cast<u32>(registers_.contexts >> 32);
        case reg::kConfigure:
            return registers_.configure;
        default:
            return 0;
    }
}

u32 Xhci::read_runtime(u64 offset) const {
    if (offset == 0) {
        constexpr i64 kMicroframe = 125'000;
        return static_cast<u32>(timers_.now_ns() / kMicroframe) & 0x3fff;  // MFINDEX
    }
    if (offset < kInterruptersAt || (offset - kInterruptersAt) / kInterrupterSize >= kInterrupters) {
        return 0;
    }
    const Interrupter& from = registers_.interrupters.at((offset - kInterruptersAt) / kInterrupterSize);
    switch (offset % kInterrupterSize) {
        case 0x00:
            return from.management;
        case 0x04:
            return from.moderation;
        case 0x08:
            return from.table_size;
        case 0x10:
            return static_cast<u32>(from.table);
        case 0x14:
            return static_cast<u32>(from.table >> 32);
        case 0x18:
            return static_cast<u32>(from.dequeue);
        case 0x1c:
            return static_cast<u32>(from.dequeue >> 32);
        default:
            return 0;
    }
}

void Xhci::write_word(u64 offset, u32 value) {
    if (offset < kOperationalAt) {
        return;
    }
    if (offset < kRuntimeAt) {
        return write_operational(offset - kOperationalAt, value);
    }
    if (offset >= kDoorbellsAt) {
        const u64 slot = (offset - kDoorbellsAt) / 4;
        return slot <= kSlots ? ring_doorbell(static_cast<unsigned>(slot), value) : void();
    }
    const u64 at = offset - kRuntimeAt;
    if (at >= kInterruptersAt && (at - kInterruptersAt) / kInterrupterSize < kInterrupters) {
        const auto index = static_cast<unsigned>((at - kInterruptersAt) / kInterrupterSize);
        write_interrupter(registers_.interrupters.at(index), index, at % kInterrupterSize, value);
    }
}

void Xhci::write_operational(u64 offset, u32 value) {
    if (offset >= kPortsAt - kOperationalAt) {
        const u64 port = (offset - (kPortsAt - kOperationalAt)) / kPortSize;
        return port < kPorts && offset % kPortSize == 0 ? write_port(static_cast<unsigned>(port), value) : void();
    }
    switch (offset) {
        case reg::kCommand:
            return write_command(value);
        case reg::kStatus:
            registers_.status &= ~(value & status::kClearable);
            return update_line();
        case reg::kNotifications:
            registers_.notifications = value & 0xffff;
            return;
        case reg::kCommandsRing:
            return write_commands_ring(value);
        case reg::kCommandsRing + 4:
            if (!registers_.commands_run) {
                registers_.commands.at = with_high(registers_.commands.at, value);
            }
            return;
        case reg::kContexts:
            registers_.contexts = with_low(registers_.contexts, value, 64);
            return;
        case reg::kContexts + 4:
            registers_.contexts = with_high(registers_.contexts, value);
            return;
        case reg::kConfigure:
            registers_.configure = std::min(value & 0xff, u32{kSlots});
            return;
        default:
            return;
    }
}

void Xhci::write_command(u32 value) {
    const bool ran = (registers_.command & command::kRun) != 0;
    registers_.command = value & command::kStored;
    const bool runs = (value & command::kRun) != 0;
    registers_.status = runs ? registers_.status & ~status::kHalted : registers_.status | status::kHalted;
    if ((value & command::kRestore) != 0) {
        registers_.status |= status::kRestoreError;  // 4.23.2: nothing is kept over a loss of power
    }
    if (!runs) {
        registers_.commands_run = false;
    } else if (!ran) {
        for (unsigned number = 0; number < kPorts; ++number) {
            if ((registers_.ports.at(number) & port::kChanges) != 0) {
                port_changed(number, 0);
            }
        }
        schedule();
    }
    update_line();
}

/// CRCR (5.4.5): stop, abort, or where the ring is.
void Xhci::write_commands_ring(u32 value) {
    constexpr u32 kStopOrAbort = 6;
    if (!registers_.commands_run) {
        registers_.commands.at = with_low(registers_.commands.at, value, 64);
        registers_.commands.cycle = (value & 1) != 0;
    } else if ((value & kStopOrAbort) != 0) {
        registers_.commands_run = false;
        send_event(0, {.parameter = registers_.commands.at,
                       .status = static_cast<u32>(Code::ring_stopped) << 24,
                       .control = static_cast<u32>(Type::command_completion) << 10});
    }
}

void Xhci::write_port(unsigned number, u32 value) {
    u32& port = registers_.ports.at(number);
    port &= ~(value & port::kChanges);
    port = (port & ~port::kWakes) | (value & port::kWakes);
    if ((port & port::kConnected) == 0) {
        return;
    }
    if ((value & port::kReset) != 0) {
        port |= port::kReset;
        wants_reset_.at(number) = true;  // only ports for USB 2 have devices
        return schedule();
    }
    if ((value & port::kEnabled) != 0) {
        port &= ~port::kEnabled;  // written to disable it
    }
    const u32 link = (value & port::kLink) >> port::kLinkAt;
    const u32 was = (port & port::kLink) >> port::kLinkAt;
    if ((value & port::kLinkStrobe) == 0 || link == was || (port & port::kEnabled) == 0) {
        return;
    }
    if (link == port::kLinkActive || link == port::kLinkSuspended || link == port::kLinkResume) {
        port = (port & ~port::kLink) | link << port::kLinkAt;
        if (link == port::kLinkActive) {
            port_changed(number, port::kLinkChange);
        }
    }
}

void Xhci::write_interrupter(Interrupter& to, unsigned index, u64 offset, u32 value) {
    switch (offset) {
        case 0x00:
            to.management = (to.management & ~(value & kPending) & kPending) | (value & kEnabled);
            return update_line();
        case 0x04:
            to.moderation = value;
            return;
        case 0x08:
            to.table_size = value & 0xffff;
            return;
        case 0x10:
            to.table = with_low(to.table, value, kSegmentAlign);
            return load_segment(to);
        case 0x14:
            to.table = with_high(to.table, value);
            return load_segment(to);
        case 0x18:
            to.dequeue = (to.dequeue & ~u64{0xffffffff}) | (value & ~u32{kHandlerBusy}) |
                         (to.dequeue & kHandlerBusy & ~u64{value});
            break;
        case 0x1c:
            to.dequeue = with_high(to.dequeue, value);
            break;
        default:
            return;
    }
    // 4.17.2: events that came while the handler was busy are told when it is not any more.
    if (to.segment_size != 0 && (to.dequeue & kHandlerBusy) == 0 &&
        (to.dequeue & ~u64{0xf}) != to.segment + u64{to.next} * Trb::kSize) {
        interrupt(index);
    }
}

/// 4.9.4.1: the ring begins anew. Before the table is whole, it has none.
void Xhci::load_segment(Interrupter& to) {
    std::array<u8, 16> entry{};
    to.segment_size = 0;
    to.segment = 0;
    to.next = 0;
    to.cycle = true;
    if (to.table_size == 0 || !dma_.copy_in({to.table}, entry)) {
        return;
    }
    const u64 base = load_le<u64>(entry.data());
    const u32 size = load_le<u32>(entry.data() + 8) & 0xffff;
    if (base % kSegmentAlign == 0 && size >= kLeastSegment && size <= kLargestSegment) {
        to.segment = base;
        to.segment_size = size;
    }
}

void Xhci::ring_doorbell(unsigned number, u32 value) {
    const u32 target = value & 0xff;
    if ((registers_.command & command::kRun) == 0) {
        return;
    }
    if (number == 0) {
        registers_.commands_run = true;
        registers_.command_rung = true;
    } else if (target != 0 && target < kEndpoints && registers_.slots.at(number).enabled) {
        registers_.slots.at(number).rung |= 1U << target;
    }
    schedule();
}

void Xhci::schedule() {
    if (!scheduled_) {
        scheduled_ = true;
        io_.post(call_method<&Xhci::run, Xhci>, this);
    }
}

/// The last place but one is for the news that there is none left.
void Xhci::send_event(unsigned index, Trb event) {
    if (index >= kInterrupters) {
        return;
    }
    Interrupter& to = registers_.interrupters.at(index);
    if (to.segment_size == 0) {
        return;
    }
    const u64 read_by_guest = ((to.dequeue & ~u64{0xf}) - to.segment) / Trb::kSize % to.segment_size;
    const u64 left = (read_by_guest + to.segment_size - to.next - 1) % to.segment_size;
    if (left == 0) {
        return;
    }
    if (left == 1) {
        event = {.status = static_cast<u32>(Code::event_ring_full) << 24,
                 .control = static_cast<u32>(Type::controller_event) << 10};
    }
    std::array<u8, Trb::kSize> bytes{};
    store_le(bytes.data(), event.parameter);
    store_le(bytes.data() + 8, event.status);
    store_le(bytes.data() + 12, event.control | (to.cycle ? Trb::kCycle : 0));
    const u64 at = to.segment + u64{to.next} * Trb::kSize;
    // The word with the cycle bit comes last.
    if (!dma_.copy_out({at}, std::span(bytes).first(12)) || !dma_.copy_out({at + 12}, std::span(bytes).subspan(12))) {
        registers_.status |= status::kSystemError;
        return;
    }
    if (++to.next == to.segment_size) {
        to.next = 0;
        to.cycle = !to.cycle;
    }
    interrupt(index);
}

/// 4.17.2.
void Xhci::interrupt(unsigned index) {
    Interrupter& to = registers_.interrupters.at(index);
    registers_.status |= status::kEvent;
    if ((to.dequeue & kHandlerBusy) != 0) {
        return;
    }
    to.dequeue |= kHandlerBusy;
    to.management |= kPending;
    if (msix_enabled() && (to.management & kEnabled) != 0 && (registers_.command & command::kInterrupts) != 0) {
        to.management &= ~kPending;  // 4.17.5: the message says it
        raise(static_cast<u16>(index));
    }
    update_line();
}

void Xhci::update_line() {
    const Interrupter& first = registers_.interrupters.front();
    set_intx(!msix_enabled() && (first.management & (kPending | kEnabled)) == (kPending | kEnabled) &&
             (registers_.command & command::kInterrupts) != 0);
}

void Xhci::port_changed(unsigned number, u32 changes) {
    registers_.ports.at(number) |= changes;
    registers_.status |= status::kPortChange;
    if ((registers_.command & command::kRun) != 0) {
        send_event(0, {.parameter = u64{number + 1} << 24,
                       .status = static_cast<u32>(Code::success) << 24,
                       .control = static_cast<u32>(Type::port_change) << 10});
    }
}

}  // namespace kelvin::device
