// SPDX-License-Identifier: Apache-2.0
// What a port does with the commands in its slots (5.5, 5.6).
#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/bits.h"
#include "device/ahci/slot.h"

namespace kelvin::device::ahci {

using bus::ata::Protocol;
namespace status = bus::ata::status;

namespace {

/// The command's frame and packet.
constexpr u64 kTableSize = kPacketAt + 16;
/// Regions that are read from the guest at once.
constexpr u64 kBatch = 128;
/// SRST of a frame of the device control register.
constexpr u8 kSoftReset = 0x04;

/// Serial ATA 3.1, 10.5.5: a frame of registers from the host.
bus::ata::Registers registers_of(std::span<const u8> frame) {
    bus::ata::Registers registers;
    registers.command = frame[2];
    registers.features = static_cast<u16>(frame[3] | frame[11] << 8);
    registers.device = frame[7];
    registers.count = static_cast<u16>(frame[12] | frame[13] << 8);
    for (unsigned i = 0; i < 3; ++i) {
        registers.lba |= u64{frame[4 + i]} << (8 * i) | u64{frame[8 + i]} << (24 + 8 * i);
    }
    return registers;
}

}  // namespace

/// 4.2.2.
struct Port::Header {
    u64 at = 0;
    u32 flags = 0;
    u32 regions = 0;
    u64 table = 0;
};

/// The next of those that can begin now: one that is not queued has the device for itself.
int Port::next_slot() const {
    const u32 waiting = registers_.issued & ~running_;
    if (halted_ || waiting == 0 || unit_ == nullptr || (running_ & ~queued_) != 0) {
        return -1;
    }
    // 5.5.1: in turn.
    const u32 turned = std::rotr(waiting, static_cast<int>(next_ % kSlots));
    return static_cast<int>((static_cast<unsigned>(std::countr_zero(turned)) + next_) % kSlots);
}

void Port::run() {
    std::unique_lock lock(lock_);
    scheduled_ = false;
    // Each slot once: what else there is waits for the next turn.
    for (unsigned fuel = kSlots; fuel != 0; --fuel) {
        const int next = next_slot();
        if (next < 0) {
            return;
        }
        const u32 before = registers_.issued & ~running_;
        issue(static_cast<unsigned>(next), lock);
        if ((registers_.issued & ~running_) == before) {
            return;  // it waits for others
        }
    }
    schedule();
}

Port::Slot& Port::slot(unsigned index) {
    if (slots_.at(index) == nullptr) {
        slots_[index] = std::make_unique<Slot>();
        slots_[index]->port = this;
        slots_[index]->index = index;
    }
    return *slots_[index];
}

void Port::issue(unsigned index, std::unique_lock<std::mutex>& lock) {
    Header header;
    header.at = registers_.command_list + index * header::kSize;
    std::array<u8, 16> bytes{};
    std::array<u8, kTableSize> table{};
    if (!dma_.copy_in({header.at}, bytes)) {
        return halt(interrupt::kHostBusFatal);
    }
    u32 first = 0;
    std::memcpy(&first, bytes.data(), sizeof first);
    std::memcpy(&header.table, bytes.data() + 8, sizeof header.table);
    header.flags = first & 0xffff;
    header.regions = first >> 16;
    header.table &= ~u64{0x7f};
    if (!dma_.copy_in({header.table}, table)) {
        return halt(interrupt::kHostBusFatal);
    }
    constexpr u8 kIsCommand = 0x80;
    constexpr u8 kMultiplierPort = 0x0f;
    const bool is_registers = table[0] == static_cast<u8>(Frame::host_registers) && (table[1] & kMultiplierPort) == 0;
    if (is_registers && (table[1] & kIsCommand) != 0) {
        if (Slot& taken = slot(index); prepare(taken, header, table)) {
            // It may end at once, and the end takes the lock.
            lock.unlock();
            unit_->execute(taken);
            lock.lock();
        }
        return;
    }
    if (running_ != 0) {
        return;
    }
    next_ = index + 1;
    registers_.issued &= ~(u32{1} << index);
    // Nobody takes a frame of another type, or for another port of a multiplier: no answer comes.
    if (is_registers) {
        control(header, table[15]);
    }
}

/// 10.4.1: a reset by software is one frame with SRST, and one without.
void Port::control(const Header& header, u8 value) {
    if ((value & kSoftReset) != 0) {
        in_soft_reset_ = true;
        registers_.task_file = (header.flags & header::kClearBusy) != 0 ? u32{status::kIdle} : u32{status::kBusy};
    } else if (in_soft_reset_) {
        in_soft_reset_ = false;
        unit_->soft_reset();
        owes_signature_ = true;
        send_signature();
    }
}

/// True if the unit shall have it now.
bool Port::prepare(Slot& slot, const Header& header, std::span<const u8> table) {
    const bus::ata::Registers registers = registers_of(table);
    const bus::ata::Plan plan = unit_->plan(registers);
    const bool queued = is_queued(plan.protocol);
    if (!queued && running_ != 0) {
        return false;  // until the queue is empty
    }
    next_ = slot.index + 1;
    slot.registers = registers;
    slot.header_at = header.at;
    slot.protocol = plan.protocol;
    slot.data.clear();
    slot.packet = {};
    u64 limit = plan.bytes;
    if (plan.protocol == Protocol::packet) {
        std::ranges::copy(table.subspan(kPacketAt, bus::ata::kPacketSize), slot.packet.begin());
        limit = unit_->packet_size(slot.packet);
    }
    if (!map(header, slot.data, limit)) {
        halt(interrupt::kHostBusDataError);
        return false;
    }
    slot.is_short = plan.protocol != Protocol::packet && slot.data.size() < limit;
    running_ |= slot.mask();
    if (!queued) {
        registers_.task_file = u32{status::kBusy} | status::kIdle;
        return true;
    }
    // Serial ATA 3.1, 13.6.4: the device is ready for the next at once.
    queued_ |= slot.mask();
    registers_.issued &= ~slot.mask();
    bus::ata::Registers accepted = registers;
    accepted.status = status::kIdle;
    set_task_file(accepted);
    put_registers(accepted, false);
    if ((registers.count >> 3 & 0x1f) != slot.index) {
        slot.registers.command = 0;  // 5.5.1: the tag is the slot; no command is known by that code
    }
    return true;
}

/// 4.2.3.3: regions as far as they are needed.
bool Port::map(const Header& header, bus::ata::DataArea& data, u64 limit) {
    std::array<u64, 2 * kBatch> entries;
    for (u64 done = 0; done < header.regions && data.size() < limit;) {
        const u64 count = std::min<u64>(header.regions - done, kBatch);
        const u64 at = header.table + kRegionsAt + done * kRegionSize;
        if (!dma_.copy_in({at}, {reinterpret_cast<u8*>(entries.data()), count * kRegionSize})) {
            return false;
        }
        for (u64 i = 0; i < count && data.size() < limit; ++i) {
            // Counted from 0, and always an even number.
            const u64 size = std::min((bits(entries[2 * i + 1], 53, 32) | 1) + 1, limit - data.size());
            if (!data.add(dma_, entries[2 * i] & ~u64{1}, size)) {
                return false;
            }
        }
        done += count;
    }
    return true;
}

/// From the unit, perhaps before execute() returns.
void Port::ended(Slot& slot, u64 transferred) {
    const std::lock_guard lock(lock_);
    running_ &= ~slot.mask();
    if (stopping_ || halted_) {
        queued_ &= ~slot.mask();
        return;
    }
    is_queued(slot.protocol) ? finish_queued(slot) : finish(slot, transferred);
    schedule();
}

void Port::finish_queued(Slot& slot) {
    queued_ &= ~slot.mask();
    if (slot.protocol == Protocol::queued_in) {
        slot.data.announce(dma_, slot.data.size());
    }
    set_task_file(slot.registers);
    const bool failed = (slot.registers.status & status::kError) != 0;
    // 5.3.13.1: one that failed stays active, so that the host sees which.
    registers_.active &= failed ? ~u32{0} : ~slot.mask();
    put_device_bits(slot.registers, failed ? 0 : slot.mask());
    if (failed) {
        halt(interrupt::kTaskFileError | (slot.is_short ? interrupt::kOverflow : 0));
    }
}

void Port::finish(Slot& slot, u64 transferred) {
    const bool failed = (slot.registers.status & status::kError) != 0;
    const bool is_packet = slot.protocol == Protocol::packet;
    if (is_packet || is_to_host(slot.protocol)) {
        slot.data.announce(dma_, transferred);
    }
    // PRDBC (4.2.2).
    std::array<u8, 4> count{};
    const u32 moved = static_cast<u32>(transferred);
    std::memcpy(count.data(), &moved, sizeof moved);
    if (dma_.copy_out({slot.header_at + 4}, count)) {
        dma_.announce_write({slot.header_at + 4}, count.size());
    }
    set_task_file(slot.registers);
    registers_.issued &= failed ? ~u32{0} : ~slot.mask();
    if (slot.protocol == Protocol::pio_in && !failed) {
        put_pio_setup(slot.registers, transferred);
    } else {
        put_registers(slot.registers, true);
    }
    if (failed) {
        halt(interrupt::kTaskFileError | (slot.is_short ? interrupt::kOverflow : 0));
    }
}

void Port::stop() {
    if (unit_ != nullptr) {
        stopping_ = true;
        unit_->drain();
        stopping_ = false;
    }
    KELVIN_ASSERT(running_ == 0);
}

void Port::settle() {
    if (unit_ != nullptr) {
        unit_->settle();
    }
}

}  // namespace kelvin::device::ahci
