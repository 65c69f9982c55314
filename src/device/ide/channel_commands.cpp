// SPDX-License-Identifier: Apache-2.0
// What a channel does with commands; data by the bus master.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/bits.h"
#include "device/ide/channel.h"
#include "device/ide/ports.h"

namespace kelvin::device::ide {

using bus::ata::Plan;
using bus::ata::Protocol;
namespace status = bus::ata::status;
namespace reason = bus::ata::reason;

namespace {

/// A table does not cross 64 KiB (1.2): a longer one would keep the host busy.
constexpr u64 kMaxRegions = 0x10000 / 8;

}  // namespace

u8 Channel::read_bus_master(u64 offset) const {
    const std::lock_guard lock(lock_);
    switch (offset) {
        case master::kCommandAt:
            return state_.master_command;
        case master::kStatusAt:
            return state_.master_status;
        case master::kTableAt:
        case master::kTableAt + 1:
        case master::kTableAt + 2:
        case master::kTableAt + 3:
            return static_cast<u8>(state_.master_table >> (8 * (offset - master::kTableAt)));
        default:
            return 0;
    }
}

void Channel::write_bus_master(u64 offset, u8 value) {
    if (offset == master::kCommandAt) {
        return write_master_command(value);
    }
    const std::lock_guard lock(lock_);
    if (offset == master::kStatusAt) {
        const u8 cleared = value & (master::kError | master::kInterrupt);
        const u8 kept = static_cast<u8>(state_.master_status & ~(cleared | master::kCapable));
        state_.master_status = static_cast<u8>(kept | (value & master::kCapable));
    } else if (offset >= master::kTableAt && offset < master::kSize) {
        const unsigned at = 8 * static_cast<unsigned>(offset - master::kTableAt);
        state_.master_table = static_cast<u32>(with_bits(state_.master_table, at + 7, at, value)) & ~u32{3};
    }
}

/// Stopping it while data moves lets that end: the disk cannot be called back.
void Channel::write_master_command(u8 value) {
    bool stops = false;
    {
        const std::lock_guard lock(lock_);
        const bool was_started = (state_.master_command & master::kStart) != 0;
        const bool starts = (value & master::kStart) != 0;
        state_.master_command = value & (master::kStart | master::kToMemory);
        if (starts && !was_started) {
            state_.master_status |= master::kActive;
            if (state_.phase == Phase::await_dma) {
                post_run();
            }
        }
        stops = was_started && !starts;
    }
    if (!stops) {
        return;
    }
    io_.call([this] {
        if (state_.phase == Phase::run && by_master_) {
            units_.at(state_.active)->drain();
        }
        const std::lock_guard lock(lock_);
        state_.master_status &= static_cast<u8>(~master::kActive);
    });
}

void Channel::run() {
    {
        const std::lock_guard lock(lock_);
        posted_ = false;
        if (!begin()) {
            return;
        }
        request_.registers = active();
        state_.phase = Phase::run;
        active().status = status::kBusy;
    }
    // It may end at once, and the end takes the lock.
    units_.at(state_.active)->execute(request_);
}

/// True if the drive shall have a command, with its data, now.
bool Channel::begin() {
    bus::ata::Unit* const unit = units_.at(state_.active);
    if (unit == nullptr) {
        return false;
    }
    const Plan plan = unit->plan(active());
    protocol_ = plan.protocol;
    request_.data.clear();
    switch (state_.phase) {
        case Phase::begin:
            by_master_ = false;
            return prepare_data(plan);
        case Phase::execute:
            by_master_ = false;
            if (plan.protocol == Protocol::packet) {
                return prepare_packet();
            }
            request_.data.add_buffer(state_.buffer);
            return true;
        case Phase::await_dma: {
            if ((state_.master_status & master::kActive) == 0) {
                return false;
            }
            const u64 limit = plan.protocol == Protocol::packet ? unit->packet_size(request_.packet) : plan.bytes;
            by_master_ = map_regions(limit);
            return by_master_;
        }
        default:
            return false;
    }
}

bool Channel::prepare_data(const Plan& plan) {
    bus::ata::Registers& drive = active();
    state_.position = 0;
    switch (plan.protocol) {
        case Protocol::none:
            return true;
        case Protocol::pio_in:
            state_.block = plan.block;
            state_.buffer.assign(plan.bytes, 0);
            request_.data.add_buffer(state_.buffer);
            return true;
        case Protocol::pio_out:
            state_.block = plan.block;
            state_.buffer.assign(plan.bytes, 0);
            state_.phase = Phase::data_out;
            ask_for_block();
            return false;
        case Protocol::packet:
            state_.buffer.assign(bus::ata::kPacketSize, 0);
            state_.block_end = bus::ata::kPacketSize;
            state_.phase = Phase::packet;
            drive.status = status::kReady | status::kDataRequest;
            drive.count = reason::kCommand;
            return false;
        default:
            drive.status = status::kIdle | status::kDataRequest;
            state_.phase = Phase::await_dma;
            if ((state_.master_status & master::kActive) != 0) {
                post_run();
            }
            return false;
    }
}

/// Its packet has come.
bool Channel::prepare_packet() {
    request_.packet = {};
    std::ranges::copy(std::span(state_.buffer).first(bus::ata::kPacketSize), request_.packet.begin());
    const u64 size = units_.at(state_.active)->packet_size(request_.packet);
    const bool by_dma = (active().features & bus::ata::kPacketDma) != 0;
    if (size != 0 && by_dma) {
        active().status = status::kReady | status::kDataRequest;
        state_.phase = Phase::await_dma;
        if ((state_.master_status & master::kActive) != 0) {
            post_run();
        }
        return false;
    }
    // 6.49: what the host takes at once, an even number of bytes.
    const u64 limit = bits(active().lba, 23, 8) & ~u64{1};
    state_.block = limit == 0 ? 0xfffe : limit;
    state_.buffer.assign(std::min(size, bus::ata::kMaxTransfer), 0);
    request_.data.add_buffer(state_.buffer);
    return true;
}

/// Regions as far as they are needed (1.2). Where one is no RAM, the transfer is given up.
bool Channel::map_regions(u64 limit) {
    u64 at = state_.master_table;
    bool is_last = false;
    for (u64 count = 0; count < kMaxRegions && !is_last && request_.data.size() < limit; ++count) {
        std::array<u8, 8> entry{};
        if (!dma_.copy_in({at}, entry)) {
            fail();
            return false;
        }
        u64 value = 0;
        std::memcpy(&value, entry.data(), sizeof value);
        const u64 size = bits(value, 47, 32) & ~u64{1};
        const u64 wanted = limit - request_.data.size();
        is_last = bit(value, 63);
        regions_left_ = !is_last || (size == 0 ? 0x10000 : size) > wanted;
        if (!request_.data.add(dma_, bits(value, 31, 1) << 1, std::min(size == 0 ? 0x10000 : size, wanted))) {
            fail();
            return false;
        }
        at += entry.size();
    }
    return true;
}

/// The bus master's error ends the command, too.
void Channel::fail() {
    state_.master_status = static_cast<u8>((state_.master_status & ~master::kActive) | master::kError);
    active().status = status::kIdle | status::kError;
    active().error = bus::ata::error::kAborted;
    state_.phase = Phase::idle;
    set_interrupt(true);
}

/// From the drive, perhaps before execute() returns.
void Channel::ended(u64 transferred) {
    const std::lock_guard lock(lock_);
    if (stopping_) {
        state_.phase = Phase::idle;
        return;
    }
    if (by_master_) {
        request_.data.announce(dma_, transferred);
        const bool failed = (request_.registers.status & status::kError) != 0;
        // 3.1: regions that are longer than the transfer leave it active.
        if (failed || !regions_left_) {
            state_.master_status &= static_cast<u8>(~master::kActive);
        }
        return finish(0);
    }
    finish(transferred);
}

/// `transferred`: what has come for the host to take by itself.
void Channel::finish(u64 transferred) {
    const u8 code = active().command;
    const u8 device = active().device;
    active() = request_.registers;
    active().command = code;
    active().device = device;
    state_.phase = Phase::idle;
    const bool failed = (active().status & status::kError) != 0;
    const bool comes = protocol_ == Protocol::pio_in || protocol_ == Protocol::packet;
    if (!failed && comes && transferred != 0) {
        state_.buffer.resize(std::min<u64>(transferred, state_.buffer.size()));
        state_.position = 0;
        state_.phase = Phase::data_in;
        ask_for_block();
    }
    // ATA/ATAPI-7, 6.12: DEVICE RESET ends without one.
    set_interrupt(code != bus::ata::command::kDeviceReset || failed);
}

void Channel::stop() {
    stopping_ = true;
    for (bus::ata::Unit* const unit : units_) {
        if (unit != nullptr) {
            unit->drain();
        }
    }
    stopping_ = false;
}

void Channel::settle() {
    for (bus::ata::Unit* const unit : units_) {
        if (unit != nullptr) {
            unit->settle();
        }
    }
}

}  // namespace kelvin::device::ide
