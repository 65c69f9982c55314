// SPDX-License-Identifier: Apache-2.0
// Registers, frames to the host, the link.
#include "device/ahci/port.h"

#include "base/bits.h"
#include "device/ahci/slot.h"

namespace kelvin::device::ahci {

namespace status = bus::ata::status;

namespace {

/// Of PxSCTL.
constexpr u32 kDetect = 0xf;
constexpr u32 kDetectReset = 1;
/// BSY, DRQ and so on of nobody.
constexpr u32 kNobody = 0x7f;

u64 with_half(u64 value, bool high, u32 half, u32 mask) {
    return high ? with_bits(value, 63, 32, half) : with_bits(value, 31, 0, half & mask);
}

}  // namespace

Port::Port(unsigned number, EventLoop& io, const memory::Dma& dma, PortListener& listener, const std::string& bus_name)
    : number_(number),
      io_(io),
      dma_(dma),
      listener_(listener),
      bus_(io, *this, {.number = number, .places = 1, .is_serial = true}, bus_name) {}

Port::~Port() {
    stop();
    io_.cancel(this);
}

u32 Port::read(u64 offset) const {
    const std::lock_guard lock(lock_);
    const Registers& r = registers_;
    switch (offset) {
        case port_reg::kCommandList:
            return static_cast<u32>(r.command_list);
        case port_reg::kCommandListHigh:
            return static_cast<u32>(r.command_list >> 32);
        case port_reg::kFrames:
            return static_cast<u32>(r.frames);
        case port_reg::kFramesHigh:
            return static_cast<u32>(r.frames >> 32);
        case port_reg::kInterruptStatus:
            return r.interrupts;
        case port_reg::kInterruptEnable:
            return r.enabled;
        case port_reg::kCommand: {
            const bool started = (r.command & command::kStart) != 0;
            const bool receives = (r.command & command::kReceiveFrames) != 0;
            return r.command | command::kSpinUp | command::kPowerOn | (started ? command::kListRunning : 0) |
                   (receives ? command::kFramesRunning : 0) | (next_ != 0 ? (next_ - 1) << command::kCurrentSlotAt : 0);
        }
        case port_reg::kTaskFile:
            return r.task_file;
        case port_reg::kSignature:
            return r.signature;
        case port_reg::kSataStatus:
            return unit_ != nullptr && (r.sata_control & kDetect) == 0 ? kLinkUp : 0;
        case port_reg::kSataControl:
            return r.sata_control;
        case port_reg::kSataError:
            return r.sata_error;
        case port_reg::kSataActive:
            return r.active;
        case port_reg::kCommandIssue:
            return r.issued;
        default:
            return 0;
    }
}

void Port::write(u64 offset, u32 value) {
    if (offset == port_reg::kCommand || offset == port_reg::kSataControl) {
        // Commands that are under way end before the list is stopped: the disk cannot be called back.
        return io_.call([&] {
            const bool stops = offset == port_reg::kCommand ? (value & command::kStart) == 0 : (value & kDetect) != 0;
            if (stops) {
                stop();
            }
            const std::lock_guard lock(lock_);
            write_register(offset, value);
        });
    }
    const std::lock_guard lock(lock_);
    write_register(offset, value);
}

void Port::write_register(u64 offset, u32 value) {
    Registers& r = registers_;
    switch (offset) {
        case port_reg::kCommandList:
        case port_reg::kCommandListHigh:
            r.command_list = with_half(r.command_list, offset == port_reg::kCommandListHigh, value, ~u32{0x3ff});
            break;
        case port_reg::kFrames:
        case port_reg::kFramesHigh:
            r.frames = with_half(r.frames, offset == port_reg::kFramesHigh, value, ~u32{0xff});
            break;
        case port_reg::kInterruptStatus:
            r.interrupts &= ~(value & interrupt::kClearable);
            return changed();
        case port_reg::kInterruptEnable:
            r.enabled = value & interrupt::kEnablable;
            return changed();
        case port_reg::kCommand:
            return write_command(value);
        case port_reg::kSataControl: {
            const bool resets = (r.sata_control & kDetect) == kDetectReset && (value & kDetect) == 0;
            r.sata_control = value & kSataControlWritable;
            return resets ? restart_link() : changed();
        }
        case port_reg::kSataError:
            r.sata_error &= ~value;
            return link_changed();
        case port_reg::kSataActive:
            r.active |= (r.command & command::kStart) != 0 ? value : 0;
            break;
        case port_reg::kCommandIssue:
            r.issued |= (r.command & command::kStart) != 0 ? value : 0;
            return schedule();
        default:
            break;
    }
}

void Port::write_command(u32 value) {
    Registers& r = registers_;
    r.command = value & command::kWritable;
    if ((value & command::kStart) == 0) {
        // 3.3.13, 3.3.14: what was not finished is forgotten.
        r.issued = 0;
        r.active = 0;
        next_ = 0;
        halted_ = false;
    }
    if ((value & command::kReceiveFrames) != 0 && owes_signature_) {
        send_signature();
    }
}

void Port::schedule() {
    if (registers_.issued != 0 && !scheduled_) {
        scheduled_ = true;
        io_.post(call_method<&Port::run, Port>, this);
    }
}

void Port::raise(u32 interrupts) {
    registers_.interrupts |= interrupts;
    changed();
}

/// 3.3.5: the link's interrupts are there as long as what they are of.
void Port::link_changed() {
    Registers& r = registers_;
    r.interrupts &= interrupt::kClearable;
    r.interrupts |= (r.sata_error & sata_error::kExchanged) != 0 ? interrupt::kConnectChange : 0;
    r.interrupts |= (r.sata_error & sata_error::kPhyReadyChanged) != 0 ? interrupt::kPhyReadyChange : 0;
    changed();
}

/// A COMRESET (10.4.2): the device says anew what it is.
void Port::restart_link() {
    Registers& r = registers_;
    r.task_file = kNobody;
    r.signature = ~u32{0};
    owes_signature_ = false;
    in_soft_reset_ = false;
    if (unit_ != nullptr) {
        unit_->soft_reset();
        r.sata_error |= sata_error::kExchanged;
        owes_signature_ = true;
        send_signature();
    }
    link_changed();
}

void Port::send_signature() {
    const bus::ata::Registers signature = unit_->signature();
    set_task_file(signature);
    registers_.signature = static_cast<u32>(signature.lba << 8 | (signature.count & 0xff));
    if ((registers_.command & command::kReceiveFrames) != 0) {
        owes_signature_ = false;
        put_registers(signature, false);
    }
}

void Port::set_task_file(const bus::ata::Registers& registers) {
    registers_.task_file = u32{registers.error} << 8 | registers.status;
}

void Port::put_frame(u64 offset, std::span<const u8> frame) {
    if ((registers_.command & command::kReceiveFrames) == 0) {
        return;
    }
    // 10.7: where frames cannot be put is a fatal error.
    if (!dma_.copy_out({registers_.frames + offset}, frame)) {
        return halt(interrupt::kHostBusFatal);
    }
    dma_.announce_write({registers_.frames + offset}, frame.size());
}

namespace {

/// What frames of registers have in common (Serial ATA 3.1, 10.5).
std::array<u8, 20> register_frame(Frame type, const bus::ata::Registers& registers) {
    std::array<u8, 20> frame{};
    frame[0] = static_cast<u8>(type);
    frame[2] = registers.status;
    frame[3] = registers.error;
    for (unsigned i = 0; i < 3; ++i) {
        frame[4 + i] = static_cast<u8>(registers.lba >> (8 * i));
        frame[8 + i] = static_cast<u8>(registers.lba >> (24 + 8 * i));
    }
    frame[7] = registers.device;
    frame[12] = static_cast<u8>(registers.count);
    frame[13] = static_cast<u8>(registers.count >> 8);
    return frame;
}

constexpr u8 kInterruptBit = 0x40;
constexpr u8 kToHostBit = 0x20;

}  // namespace

void Port::put_registers(const bus::ata::Registers& registers, bool interrupts) {
    auto frame = register_frame(Frame::registers, registers);
    frame[1] = interrupts ? kInterruptBit : 0;
    put_frame(received::kRegisters, frame);
    if (interrupts) {
        raise(interrupt::kRegisterFrame);
    }
}

/// Of data that has come: there is no frame of registers behind it, so that it has the status in which it ends.
void Port::put_pio_setup(const bus::ata::Registers& registers, u64 bytes) {
    auto frame = register_frame(Frame::pio_setup, registers);
    frame[1] = kInterruptBit | kToHostBit;
    frame[2] = status::kIdle | status::kDataRequest;
    frame[15] = registers.status;
    frame[16] = static_cast<u8>(bytes);
    frame[17] = static_cast<u8>(bytes >> 8);
    put_frame(received::kPioSetup, frame);
    raise(interrupt::kPioSetupFrame);
}

void Port::put_device_bits(const bus::ata::Registers& registers, u32 finished) {
    // STATUS without BSY and DRQ, which this frame does not change.
    const std::array<u8, 8> frame = {static_cast<u8>(Frame::device_bits),
                                     kInterruptBit,
                                     static_cast<u8>(registers.status & 0x77),
                                     registers.error,
                                     static_cast<u8>(finished),
                                     static_cast<u8>(finished >> 8),
                                     static_cast<u8>(finished >> 16),
                                     static_cast<u8>(finished >> 24)};
    put_frame(received::kDeviceBits, frame);
    raise(interrupt::kDeviceBitsFrame);
}

/// 6.2.2: nothing goes on until the host has stopped the list.
void Port::halt(u32 interrupts) {
    halted_ = true;
    raise(interrupts);
}

void Port::reset() {
    stop();
    const std::lock_guard lock(lock_);
    registers_ = {};
    halted_ = false;
    next_ = 0;
    owes_signature_ = false;
    in_soft_reset_ = false;
    if (unit_ != nullptr) {
        owes_signature_ = true;
        send_signature();
    }
    changed();
}

void Port::unit_attached(unsigned, bus::ata::Unit& unit, bool hot) {
    const std::lock_guard lock(lock_);
    unit_ = &unit;
    owes_signature_ = true;
    send_signature();
    if (hot) {
        registers_.sata_error |= sata_error::kExchanged | sata_error::kPhyReadyChanged;
        link_changed();
    }
}

void Port::unit_detached(unsigned) {
    stop();
    const std::lock_guard lock(lock_);
    unit_ = nullptr;
    registers_.task_file = kNobody;
    registers_.signature = ~u32{0};
    owes_signature_ = false;
    registers_.sata_error |= sata_error::kPhyReadyChanged;
    link_changed();
}

}  // namespace kelvin::device::ahci
