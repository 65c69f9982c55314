// SPDX-License-Identifier: Apache-2.0
// Ports: the registers of two drives, and data by them.
#include "device/ide/channel.h"

#include <cstring>

#include "base/bits.h"
#include "device/ide/ports.h"

namespace kelvin::device::ide {

namespace status = bus::ata::status;
namespace reason = bus::ata::reason;

Channel::Channel(unsigned number, EventLoop& io, const memory::Dma& dma, Wire interrupt, const std::string& bus_name)
    : io_(io), dma_(dma), interrupt_(interrupt), bus_(io, *this, {.number = number}, bus_name) {
    request_.channel = this;
}

Channel::~Channel() {
    stop();
    io_.cancel(this);
}

u64 Channel::CommandBlock::read(u64 offset, unsigned size) {
    const std::lock_guard lock(channel_.lock_);
    if (offset == port::kData && size > 1) {
        return channel_.read_data(size);
    }
    u64 value = 0;
    for (unsigned i = 0; i < size; ++i) {
        value |= u64{channel_.read_register(offset + i)} << (8 * i);
    }
    return value;
}

void Channel::CommandBlock::write(u64 offset, unsigned size, u64 value) {
    const std::lock_guard lock(channel_.lock_);
    if (offset == port::kData && size > 1) {
        return channel_.write_data(size, value);
    }
    for (unsigned i = 0; i < size; ++i) {
        channel_.write_register(offset + i, static_cast<u8>(value >> (8 * i)));
    }
}

u64 Channel::ControlBlock::read(u64, unsigned) {
    const std::lock_guard lock(channel_.lock_);
    return channel_.read_status();  // the alternate one, which leaves the interrupt alone
}

void Channel::ControlBlock::write(u64, unsigned, u64 value) {
    channel_.write_control(static_cast<u8>(value));
}

/// A drive that is not there shows 0: the other one answers for it (ATA/ATAPI-7, 5.14).
u8 Channel::read_status() const {
    return selected_unit() != nullptr ? state_.drives.at(state_.selected).status : u8{0};
}

u8 Channel::read_register(u64 offset) {
    const bus::ata::Registers& drive = state_.drives.at(state_.selected);
    const bool previous = (state_.control & control::kHighOrder) != 0;
    if (offset == port::kStatus) {
        const u8 value = read_status();
        set_interrupt(false);
        return value;
    }
    if (offset == port::kData || selected_unit() == nullptr) {
        return offset == port::kData ? 0xff : 0;
    }
    switch (offset) {
        case port::kFeatures:
            return drive.error;
        case port::kCount:
            return static_cast<u8>(previous ? drive.count >> 8 : drive.count);
        case port::kDevice:
            return drive.device;
        default:
            return static_cast<u8>(drive.lba >> (8 * (offset - port::kLbaLow) + (previous ? 24 : 0)));
    }
}

void Channel::write_register(u64 offset, u8 value) {
    state_.control &= static_cast<u8>(~control::kHighOrder);
    if (offset == port::kStatus) {
        return write_command(value);
    }
    if (offset == port::kData || state_.phase != Phase::idle) {
        return;  // 5: registers of a drive that is busy are not written
    }
    const auto push16 = [&](u16 field) { return static_cast<u16>(field << 8 | value); };
    for (bus::ata::Registers& drive : state_.drives) {
        const unsigned at = 8 * static_cast<unsigned>(offset - port::kLbaLow);
        switch (offset) {
            case port::kFeatures:
                drive.features = push16(drive.features);
                break;
            case port::kCount:
                drive.count = push16(drive.count);
                break;
            case port::kDevice:
                drive.device = value | device::kObsolete;
                break;
            default:
                drive.lba = with_bits(drive.lba, at + 31, at + 24, bits(drive.lba, at + 7, at));
                drive.lba = with_bits(drive.lba, at + 7, at, value);
                break;
        }
    }
    if (offset == port::kDevice) {
        state_.selected = (value & bus::ata::device_bit::kSecond) != 0 ? 1 : 0;
        drive_line();
    }
}

void Channel::write_command(u8 code) {
    const bool resets = code == bus::ata::command::kDeviceReset;
    if (selected_unit() == nullptr || (state_.control & control::kReset) != 0 ||
        (state_.phase != Phase::idle && !(resets && state_.phase != Phase::run))) {
        return;
    }
    set_interrupt(false);
    if (code == bus::ata::command::kExecuteDiagnostic) {
        return diagnose();
    }
    state_.active = state_.selected;
    active().command = code;
    active().status = status::kBusy;
    state_.phase = Phase::begin;
    state_.buffer.clear();
    state_.position = state_.block_end = 0;
    post_run();
}

/// ATA8-ACS, 7.9: both drives do it, and the first one interrupts.
void Channel::diagnose() {
    for (unsigned place = 0; place < units_.size(); ++place) {
        show_signature(place);
    }
    state_.selected = 0;
    set_interrupt(true);
}

void Channel::show_signature(unsigned place) {
    bus::ata::Registers& drive = state_.drives.at(place);
    const u8 kept = static_cast<u8>(drive.device & device::kObsolete);
    drive = units_.at(place) != nullptr ? units_.at(place)->signature() : bus::ata::Registers{};
    drive.device |= kept;
}

void Channel::set_interrupt(bool level) {
    if (level && !state_.interrupt) {
        state_.master_status |= master::kInterrupt;
    }
    state_.interrupt = level;
    drive_line();
}

/// nIEN lets the line go.
void Channel::drive_line() {
    interrupt_.set(state_.interrupt && (state_.control & control::kNoInterrupt) == 0);
}

u64 Channel::read_data(unsigned size) {
    if (state_.phase != Phase::data_in || state_.selected != state_.active) {
        return low_mask(8 * size);
    }
    u64 value = 0;
    const u64 count = std::min<u64>(size, state_.block_end - state_.position);
    std::memcpy(&value, state_.buffer.data() + state_.position, count);
    state_.position += count;
    if (state_.position == state_.block_end) {
        block_done();
    }
    return value;
}

void Channel::write_data(unsigned size, u64 value) {
    const bool takes = state_.phase == Phase::data_out || state_.phase == Phase::packet;
    if (!takes || state_.selected != state_.active) {
        return;
    }
    const u64 count = std::min<u64>(size, state_.block_end - state_.position);
    std::memcpy(state_.buffer.data() + state_.position, &value, count);
    state_.position += count;
    if (state_.position == state_.block_end) {
        block_done();
    }
}

/// Of a PACKET command the drive says how much it is (ATA/ATAPI-7, 6.49).
void Channel::ask_for_block() {
    state_.block_end = std::min<u64>(state_.position + state_.block, state_.buffer.size());
    bus::ata::Registers& drive = active();
    drive.status = status::kIdle | status::kDataRequest;
    if (is_packet()) {
        drive.count = reason::kToHost;
        drive.lba = with_bits(drive.lba, 23, 8, state_.block_end - state_.position);
    }
}

void Channel::block_done() {
    const bool all = state_.position == state_.buffer.size();
    if (state_.phase == Phase::packet || (state_.phase == Phase::data_out && all)) {
        active().status = status::kBusy;
        state_.phase = Phase::execute;
        return post_run();
    }
    if (!all) {
        ask_for_block();
        return set_interrupt(true);
    }
    state_.phase = Phase::idle;
    active().status = status::kIdle;
    if (is_packet()) {
        active().status = status::kReady;
        active().count = reason::kCommand | reason::kToHost;
        set_interrupt(true);
    }
}

void Channel::post_run() {
    if (!posted_) {
        posted_ = true;
        io_.post(call_method<&Channel::run, Channel>, this);
    }
}

/// A reset by software is SRST set, and then cleared: both drives tell what they are.
void Channel::write_control(u8 value) {
    const bool resets = (value & control::kReset) != 0;
    bool was_reset = false;
    {
        const std::lock_guard lock(lock_);
        was_reset = (state_.control & control::kReset) != 0;
        if (!resets && !was_reset) {
            state_.control = value & control::kWritable;
            return drive_line();
        }
    }
    io_.call([&] {
        if (resets && !was_reset) {
            stop();
        }
        const std::lock_guard lock(lock_);
        state_.control = value & control::kWritable;
        for (unsigned place = 0; place < units_.size(); ++place) {
            if (units_.at(place) != nullptr && !resets) {
                units_.at(place)->soft_reset();
            }
            show_signature(place);
            state_.drives.at(place).status = resets ? status::kBusy : state_.drives.at(place).status;
        }
        state_.selected = 0;
        state_.phase = Phase::idle;
        set_interrupt(false);
    });
}

void Channel::reset() {
    stop();
    const std::lock_guard lock(lock_);
    state_ = {};
    for (unsigned place = 0; place < units_.size(); ++place) {
        show_signature(place);
    }
    drive_line();
}

void Channel::unit_attached(unsigned place, bus::ata::Unit& unit, bool) {
    const std::lock_guard lock(lock_);
    units_.at(place) = &unit;
    show_signature(place);
}

void Channel::unit_detached(unsigned place) {
    stop();
    const std::lock_guard lock(lock_);
    units_.at(place) = nullptr;
    show_signature(place);
    if (state_.active == place) {
        state_.phase = Phase::idle;
    }
}

}  // namespace kelvin::device::ide
