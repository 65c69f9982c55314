// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/controller.h"

#include <algorithm>
#include <numeric>

#include "base/bits.h"
#include "device/intel_ethernet/registers.h"

namespace kelvin::device::intel {

using network_card::SerialEeprom;

namespace {

/// Descriptors of one turn; others of the loop's work come between two.
constexpr unsigned kFuel = 1024;

/// What is in the EEPROM (8254x 5.6, 82574 6.1): the address, what the PCI function is, and a sum.
SerialEeprom::Words eeprom_words(const Model& model, const state::MacAddress& address) {
    constexpr u16 kIntel = 0x8086;
    constexpr u16 kSum = 0xbaba;
    SerialEeprom::Words words{};
    words.fill(0xffff);
    for (std::size_t index = 0; index < 3; ++index) {
        words[index] = static_cast<u16>(address.bytes[2 * index] | address.bytes[2 * index + 1] << 8);
    }
    words[0x03] = model.is_extended ? 0x0420 : 0x0000;
    words[0x04] = model.is_extended ? 0xf746 : 0xffff;
    words[0x05] = model.is_extended ? 0x2010 : 0xffff;
    words[0x08] = 0x3000;
    words[0x09] = 0x3000;
    words[0x0a] = model.is_extended ? 0x026b : 0x6403;
    words[0x0b] = model.device;
    words[0x0c] = kIntel;
    words[0x0d] = model.device;
    words[0x0e] = kIntel;
    words[0x0f] = model.is_extended ? 0x8000 : 0x3040;
    words[0x37] = 0xffff;
    const u32 sum = std::accumulate(words.begin(), words.end() - 1, u32{0});
    words.back() = static_cast<u16>(kSum - sum);
    return words;
}

/// Where the 82542 had registers, and its successors have them as well (8254x 13.3, 82574 10.2.1.3).
u32 without_alias(u32 offset) {
    struct Alias {
        u32 from;
        u32 size;
        u32 to;
    };
    static constexpr auto kAliases = std::to_array<Alias>({{0x0040, 0x80, reg::kAddresses},
                                                           {0x0108, 0x04, reg::kReceiveDelay},
                                                           {0x0110, 0x1c, reg::kReceiveRing},
                                                           {0x0160, 0x0c, 0x2160},
                                                           {0x0200, 0x200, reg::kMulticast},
                                                           {0x0420, 0x1c, reg::kTransmitRing},
                                                           {0x0440, 0x04, reg::kTransmitDelay},
                                                           {0x0600, 0x200, reg::kVlans}});
    for (const Alias& alias : kAliases) {
        if (offset >= alias.from && offset - alias.from < alias.size) {
            return alias.to + (offset - alias.from);
        }
    }
    return offset;
}

}  // namespace

Controller::Controller(const Model& model, const state::MacAddress& address, const network_card::CardEnds& ends,
                       ControllerPort& port)
    : model_(model),
      initial_words_(eeprom_words(model, address)),
      ends_(ends),
      port_(port),
      registers_(model.layout),
      phy_(model.phy),
      interrupts_(registers_, port, ends.timers, lock_, model.is_extended),
      receiver_(registers_, interrupts_, ends.dma, model.is_extended),
      transmitters_{Transmitter(0, registers_, interrupts_, ends.dma),
                    Transmitter(1, registers_, interrupts_, ends.dma)} {
    eeprom_.words() = initial_words_;
    reset();
    ends_.cable.set_receiver(this);
}

Controller::~Controller() {
    ends_.cable.set_receiver(nullptr);
    ends_.io.cancel(this);
}

void Controller::reset() {
    const std::lock_guard guard(lock_);
    phy_.set_cable(ends_.cable.link_up());
    phy_.reset();
    reset_registers();
}

/// CTRL.RST: everything but the transceiver and the EEPROM's words. The address comes from these.
void Controller::reset_registers() {
    registers_.reset();
    interrupts_.reset();
    for (Transmitter& transmitter : transmitters_) {
        transmitter.reset();
    }
    eeprom_.release();
    time_base_ = 0;
    time_since_ns_ = ends_.timers.now_ns();
    constexpr u32 kAddressValid = 1U << 31;
    const SerialEeprom::Words& words = eeprom_.words();
    registers_.set(reg::kAddresses, words[0] | u32{words[1]} << 16);
    registers_.set(reg::kAddresses + 4, words[2] | kAddressValid);
    const u32 up = phy_.link() ? status::kLinkUp : 0;
    registers_.set(reg::kStatus, status::kFullDuplex | status::kGigabit | up);
    schedule_ready();
}

void Controller::bus_changed() {
    const std::lock_guard guard(lock_);
    interrupts_.update();
    schedule_transmission();
    schedule_ready();
}

u32 Controller::read_word(u64 offset) {
    const std::lock_guard guard(lock_);
    return offset < RegisterLayout::kSpace ? read_register(without_alias(static_cast<u32>(offset))) : 0;
}

u32 Controller::read_register(u32 offset) {
    if (offset >= reg::kStatistics && offset < reg::kStatisticsEnd) {
        return read_statistic(offset);
    }
    switch (offset) {
        case reg::kCause:
            return interrupts_.read_causes();
        case reg::kEeprom:
            return registers_.get(offset) | (!model_.is_extended && eeprom_.output() ? eecd::kOutput : 0);
        case reg::kSemaphore: {
            // 82574 10.2.9.8: who reads SMBI as 0 has it.
            const u32 value = registers_.get(offset);
            registers_.set(offset, value | (model_.is_extended ? 1 : 0));
            return value;
        }
        case reg::kTimeLow: {
            const u64 now = model_.is_extended ? time() : 0;
            registers_.set(reg::kTimeHigh, static_cast<u32>(now >> 32));
            return static_cast<u32>(now);
        }
        default:
            return registers_.get(offset);
    }
}

/// 8254x 13.7: reading clears, of those with two halves the high one.
u32 Controller::read_statistic(u32 offset) {
    constexpr std::array<u32, 4> kWide = {reg::kGoodBytesReceived, reg::kGoodBytesTransmitted, reg::kBytesReceived,
                                          reg::kBytesTransmitted};
    const u32 value = registers_.get(offset);
    if (std::ranges::find(kWide, offset) != kWide.end()) {
        return value;
    }
    registers_.set(offset, 0);
    if (std::ranges::find(kWide, offset - 4) != kWide.end()) {
        registers_.set(offset - 4, 0);
    }
    return value;
}

void Controller::write_word(u64 offset, u32 value, u32 mask) {
    if (offset >= RegisterLayout::kSpace) {
        return;
    }
    const std::lock_guard guard(lock_);
    const u32 at = without_alias(static_cast<u32>(offset));
    if (!write_command(at, value)) {
        registers_.write(at, value, mask);
        written(at, value);
    }
}

/// Those that do something with what is written and do not hold it.
bool Controller::write_command(u32 offset, u32 value) {
    switch (offset) {
        case reg::kCause:
            interrupts_.clear_causes(value);
            return true;
        case reg::kCauseSet:
            interrupts_.raise(value & ~cause::kAsserted);
            return true;
        case reg::kMaskSet:
            interrupts_.set_mask(value);
            return true;
        case reg::kMaskClear:
            interrupts_.clear_mask(value);
            return true;
        case reg::kMdi:
            access_phy(value);
            return true;
        case reg::kEepromRead:
            read_eeprom(value);
            return true;
        case reg::kEepromWrite:
            write_eeprom(value);
            return true;
        case reg::kTimeLow:
            set_time((time() & ~u64{0xffffffff}) | value);
            return true;
        case reg::kTimeHigh:
            set_time((time() & 0xffffffff) | u64{value} << 32);
            return true;
        case reg::kTimeIncrement:
            set_time(time());
            return false;
        default:
            return false;
    }
}

void Controller::written(u32 offset, u32 value) {
    constexpr u32 kFlush = 1U << 31;
    switch (offset) {
        case reg::kControl:
            return control_written(value);
        case reg::kExtended:
            if ((value & ctrl_ext::kReloadEeprom) != 0) {
                reset_registers();
            }
            return interrupts_.update();
        case reg::kEeprom:
            return eeprom_written();
        case reg::kVectors:
        case reg::kThrottle:
            return interrupts_.update();
        case reg::kReceiveDelay:
            return (value & kFlush) != 0 ? interrupts_.flush_received() : void();
        case reg::kTransmitDelay:
            return (value & kFlush) != 0 ? interrupts_.flush_transmitted() : void();
        case reg::kReceive:
        case reg::kReceiveRing + reg::kRingTail:
        case reg::kReceiveRing + reg::kNextRing + reg::kRingTail:
            return schedule_ready();
        case reg::kTransmit:
        case reg::kTransmitRing + reg::kRingTail:
        case reg::kTransmitRing + reg::kNextRing + reg::kRingTail:
            return schedule_transmission();
        default:
            return;
    }
}

void Controller::control_written(u32 value) {
    if ((value & ctrl::kReset) != 0) {
        reset_registers();
    } else if ((value & ctrl::kPhyReset) != 0) {
        phy_.reset();
        update_link(true);
    }
}

/// The 82574's chip is of another kind, which is reached by EERD and EEWR only.
void Controller::eeprom_written() {
    const u32 value = registers_.get(reg::kEeprom);
    const bool granted = (value & eecd::kRequest) != 0;
    registers_.set(reg::kEeprom, (value & ~eecd::kGrant) | (granted ? eecd::kGrant : 0));
    if (!model_.is_extended) {
        eeprom_.drive((value & eecd::kSelect) != 0, (value & eecd::kClock) != 0, (value & eecd::kInput) != 0);
    }
}

/// EERD (8254x 13.4.4, 82574 10.2.2.4): start, done, address, data.
void Controller::read_eeprom(u32 value) {
    constexpr u32 kStart = 1U << 0;
    const u32 done = model_.is_extended ? 1U << 1 : 1U << 4;
    const unsigned shift = model_.is_extended ? 2 : 8;
    const u32 address = (value & 0xffff) >> shift;
    u32 answer = address << shift;
    if ((value & kStart) != 0) {
        const u16 word = address < SerialEeprom::kWords ? eeprom_.words()[address] : u16{0xffff};
        answer |= done | u32{word} << 16;
    }
    registers_.set(reg::kEepromRead, answer);
}

/// EEWR (82574 10.2.2.16).
void Controller::write_eeprom(u32 value) {
    constexpr u32 kStart = 1U << 0;
    constexpr u32 kDone = 1U << 1;
    const u32 address = (value & 0xffff) >> 2;
    if (model_.is_extended && (value & kStart) != 0 && address < SerialEeprom::kWords) {
        eeprom_.words()[address] = static_cast<u16>(value >> 16);
    }
    if (model_.is_extended) {
        registers_.set(reg::kEepromWrite, (value & 0xfffc) | kDone);
    }
}

/// MDIC (8254x 13.4.7).
void Controller::access_phy(u32 value) {
    constexpr u32 kWrite = 1;
    constexpr u32 kRead = 2;
    constexpr u32 kReady = 1U << 28;
    constexpr u32 kInterrupt = 1U << 29;
    constexpr u32 kError = 1U << 30;
    const u32 index = static_cast<u32>(bits(value, 20, 16));
    const u32 operation = static_cast<u32>(bits(value, 27, 26));
    const bool known = bits(value, 25, 21) == Phy::kAddress && (operation == kRead || operation == kWrite);
    bool negotiated = false;
    u32 answer = (value & ~(kReady | kError)) | kReady | (known ? 0 : kError);
    if (known && operation == kRead) {
        answer = (answer & ~u32{0xffff}) | phy_.read(index);
    } else if (known) {
        negotiated = phy_.write(index, static_cast<u16>(value));
    }
    registers_.set(reg::kMdi, answer);
    update_link(negotiated);
    if ((value & kInterrupt) != 0) {
        interrupts_.raise(cause::kMdiDone);
    }
}

void Controller::update_link(bool negotiated) {
    const u32 before = registers_.get(reg::kStatus);
    const u32 after = (before & ~status::kLinkUp) | (phy_.link() ? status::kLinkUp : 0);
    registers_.set(reg::kStatus, after);
    if (after != before || negotiated) {
        interrupts_.raise(cause::kLinkChanged);
    }
}

void Controller::link_changed(bool up) {
    const std::lock_guard guard(lock_);
    phy_.set_cable(up);
    update_link(false);
}

bool Controller::loops_back() const {
    return registers_.has(reg::kReceive, rctl::kLoopback) || phy_.loops_back();
}

/// TIMINCA (82574 10.2.8): every so many units of 40 ns, so much is added.
u64 Controller::time() const {
    constexpr u64 kUnitNs = 40;
    const u32 increment = registers_.get(reg::kTimeIncrement);
    const u64 period = increment >> 24;
    const u64 passed = static_cast<u64>(ends_.timers.now_ns() - time_since_ns_);
    return time_base_ + (period != 0 ? passed / (period * kUnitNs) * (increment & 0xffffff) : 0);
}

void Controller::set_time(u64 value) {
    time_base_ = value;
    time_since_ns_ = ends_.timers.now_ns();
}

void Controller::schedule_transmission() {
    if (!scheduled_ && registers_.has(reg::kTransmit, tctl::kEnable)) {
        scheduled_ = true;
        ends_.io.post(call_method<&Controller::transmit, Controller>, this);
    }
}

void Controller::schedule_ready() {
    if (std::exchange(starved_, false)) {
        ends_.io.post(call_method<&Controller::room_came, Controller>, this);
    }
}

void Controller::transmit() {
    unsigned fuel = kFuel;
    for (bool more = true; more;) {
        frames_.clear();
        bool loops = false;
        {
            const std::lock_guard guard(lock_);
            more = false;
            scheduled_ = false;
            loops = loops_back();
            for (std::size_t queue = 0; queue < (model_.is_extended ? 2U : 1U); ++queue) {
                more = (port_.is_bus_master() && transmitters_[queue].run(frames_, fuel)) || more;
            }
            if (more && fuel == 0) {
                schedule_transmission();
                more = false;
            }
        }
        for (std::size_t index = 0; index < frames_.size(); ++index) {
            const std::span<u8> frame = frames_[index];
            if (loops) {
                const std::lock_guard guard(lock_);
                frames_.pad_last(network_card::kShortestFrame);
                receiver_.receive(frames_[index], false);
            } else if (frame.size() >= network_card::kEthernetHeader && frame.size() <= backend::kMaxFrame) {
                const iovec piece{frame.data(), frame.size()};
                ends_.cable.send({&piece, 1}, {});
            }
        }
    }
}

bool Controller::receive(std::span<const iovec> pieces, const backend::FrameOffload& offload) {
    const std::span<const u8> frame = network_card::whole_frame(pieces, offload, scratch_);
    if (frame.empty()) {
        return true;
    }
    constexpr u8 kGood = backend::FrameOffload::kNeedsChecksum | backend::FrameOffload::kChecksumValid;
    const std::lock_guard guard(lock_);
    if (!port_.is_bus_master() || !phy_.link() || loops_back()) {
        return true;
    }
    starved_ = !receiver_.receive(frame, (offload.flags & kGood) != 0);
    return !starved_;
}

}  // namespace kelvin::device::intel
