// SPDX-License-Identifier: Apache-2.0
#include "device/rtl8139/chip.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::device::rtl {

using network_card::SerialEeprom;

namespace {

/// TCTR counts the bus's clock of 33 MHz (5.15).
constexpr i64 kTickNs = 30;

// 9346CR: two bits of mode, and the pins.
constexpr u8 kModeMask = 0xc0;
constexpr u8 kModeLoad = 0x40;
constexpr u8 kModePins = 0x80;
constexpr u8 kModeConfig = 0xc0;
constexpr u8 kSelect = 1U << 3;
constexpr u8 kClock = 1U << 2;
constexpr u8 kInput = 1U << 1;
constexpr u8 kOutput = 1U << 0;

/// MSR: no link is shown by a one; there is auxiliary power.
constexpr u8 kNoLink = 1U << 2;
constexpr u8 kAuxiliary = 1U << 4;

// BMCR and BMSR.
constexpr u16 kModeReset = 1U << 15;
constexpr u16 kPowerDown = 1U << 11;
constexpr u16 kModeDefault = 0x3100;
constexpr u16 kAbilities = 0x7809;
constexpr u16 kNegotiated = 1U << 5;
constexpr u16 kLinkUp = 1U << 2;

/// What is in the EEPROM (7): a mark, what the PCI function is, the address.
SerialEeprom::Words eeprom_words(const state::MacAddress& address) {
    SerialEeprom::Words words{};
    words[0] = 0x8129;
    words[1] = 0x10ec;
    words[2] = 0x8139;
    words[3] = 0x10ec;
    words[4] = 0x8139;
    for (std::size_t index = 0; index < 3; ++index) {
        words[7 + index] = static_cast<u16>(address.bytes[2 * index] | address.bytes[2 * index + 1] << 8);
    }
    return words;
}

struct Writable {
    u32 offset;
    u32 size;
    u32 mask;  ///< of each byte if the size is more than 4
};
/// Registers that hold what is written (5). What is locked by 9346CR is apart.
constexpr auto kWritable = std::to_array<Writable>({{reg::kAddress, 6, 0xff},
                                                    {reg::kMulticast, 8, 0xff},
                                                    {reg::kTransmitStatus, 16, 0xff},
                                                    {reg::kTransmitStart, 16, 0xff},
                                                    {reg::kReceiveStart, 4, 0xffffffff},
                                                    {reg::kCommand, 1, command::kTransmit | command::kReceive},
                                                    {reg::kReadPointer, 2, 0xffff},
                                                    {reg::kMask, 2, 0xe17f | 0x80},
                                                    {reg::kTransmitConfig, 4, 0x030707f0},
                                                    {reg::kReceiveConfig, 4, 0x0f03ffbf},
                                                    {reg::kEeprom, 1, 0xce},
                                                    {reg::kTimer, 4, 0xffffffff},
                                                    {reg::kMultipleInterrupt, 2, 0x0fff},
                                                    {reg::kModeControl, 2, 0x3900},
                                                    {reg::kAdvertisement, 2, 0x2fff},
                                                    {reg::kWay, 2, 0xffff},
                                                    {reg::kLinkStatus, 2, 0xffff},
                                                    {reg::kLargest, 2, 0x3fff},
                                                    {reg::kPlusCommand, 2, 0x007b},
                                                    {reg::kReceiveRing, 4, 0xffffff00},
                                                    {reg::kReceiveRing + 4, 4, 0xffffffff},
                                                    {reg::kEarly, 1, 0x3f}});
constexpr auto kLocked = std::to_array<Writable>({{reg::kConfig0, 1, 0x07},
                                                  {reg::kConfig1, 1, 0xf3},
                                                  {reg::kConfig3, 1, 0x60},
                                                  {reg::kConfig4, 1, 0xff},
                                                  {reg::kConfig5, 1, 0x7f}});

u8 mask_in(std::span<const Writable> rows, u32 offset) {
    for (const Writable& row : rows) {
        if (offset >= row.offset && offset - row.offset < row.size) {
            return static_cast<u8>(row.size > 4 ? row.mask : row.mask >> 8 * (offset - row.offset));
        }
    }
    return 0;
}

bool overlaps(u32 first, u32 end, u32 offset, u32 size) {
    return first < offset + size && offset < end;
}

}  // namespace

Chip::Chip(const state::MacAddress& address, const network_card::CardEnds& ends, ChipPort& port)
    : initial_words_(eeprom_words(address)), ends_(ends), port_(port), timer_(ends.timers.add(&timer_fired, this)) {
    eeprom_.words() = initial_words_;
    reset();
    ends_.cable.set_receiver(this);
}

Chip::~Chip() {
    ends_.cable.set_receiver(nullptr);
    ends_.io.cancel(this);
    ends_.timers.remove(timer_);
}

void Chip::reset() {
    const std::lock_guard guard(lock_);
    cable_ = ends_.cable.link_up();
    state_ = {};
    eeprom_.release();
    set<u8>(reg::kConfig1, 0x0c);
    set<u8>(reg::kConfig3, 0x01);
    set<u16>(reg::kModeControl, kModeDefault);
    set<u16>(reg::kAdvertisement, 0x05e1);
    load_eeprom();
    reset_registers();
}

/// CR.RST (5.6): everything but addresses, CONFIG and the transceiver.
void Chip::reset_registers() {
    State kept = std::exchange(state_, {});
    const auto keep = [&](u32 first, u32 end) {
        std::copy(kept.registers.begin() + first, kept.registers.begin() + end, state_.registers.begin() + first);
    };
    keep(reg::kAddress, reg::kTransmitStatus);
    keep(reg::kEeprom, reg::kTimer);
    keep(reg::kConfig3, reg::kMultipleInterrupt);
    keep(reg::kModeControl, reg::kConfig5 + 1);
    for (u32 index = 0; index < 4; ++index) {
        set<u32>(reg::kTransmitStatus + 4 * index, tsd::kOwn);
    }
    set<u16>(reg::kReadPointer, 0xfff0);
    // The version of the C+.
    set<u32>(reg::kTransmitConfig, 0x74800000);
    state_.tally = kept.tally;
    state_.counter_since_ns = ends_.timers.now_ns();
    update_timer();
    drive_line();
    schedule_ready();
}

void Chip::load_eeprom() {
    for (u32 index = 0; index < 3; ++index) {
        set<u16>(reg::kAddress + 2 * index, eeprom_.words()[7 + index]);
    }
}

void Chip::bus_changed() {
    const std::lock_guard guard(lock_);
    schedule_transmission();
    schedule_ready();
}

bool Chip::link() const {
    return cable_ && (get<u16>(reg::kModeControl) & kPowerDown) == 0;
}

u32 Chip::counter() const {
    return static_cast<u32>((ends_.timers.now_ns() - state_.counter_since_ns) / kTickNs);
}

u64 Chip::read(u64 offset, unsigned size) {
    const std::lock_guard guard(lock_);
    u64 value = 0;
    for (unsigned index = 0; index < size; ++index) {
        value |= u64{read_byte(static_cast<u32>(offset + index))} << 8 * index;
    }
    return value;
}

u8 Chip::read_byte(u32 offset) {
    const auto part = [&](u32 first, u32 value) { return static_cast<u8>(value >> 8 * (offset - first)); };
    if (offset >= reg::kCounter && offset < reg::kCounter + 4) {
        return part(reg::kCounter, counter());
    }
    switch (offset) {
        case reg::kCommand: {
            const u16 read_at = static_cast<u16>(get<u16>(reg::kReadPointer) + 16);
            const bool empty = read_at % ring_size() == get<u16>(reg::kWritePointer) % ring_size();
            return static_cast<u8>(get<u8>(offset) | (empty ? command::kEmpty : 0));
        }
        case reg::kEeprom:
            return static_cast<u8>(get<u8>(offset) | (eeprom_.output() ? kOutput : 0));
        case reg::kMedia:
            return static_cast<u8>(kAuxiliary | (link() ? 0 : kNoLink));
        case reg::kTransmitSummary:
        case reg::kTransmitSummary + 1: {
            u32 summary = 0;
            for (u32 index = 0; index < 4; ++index) {
                const u32 status = get<u32>(reg::kTransmitStatus + 4 * index);
                summary |= (bit(status, 13) ? 1U : 0U) << index | (bit(status, 30) ? 1U : 0U) << (4 + index) |
                           (bit(status, 14) ? 1U : 0U) << (8 + index) | (bit(status, 15) ? 1U : 0U) << (12 + index);
            }
            return part(reg::kTransmitSummary, summary);
        }
        case reg::kModeStatus:
        case reg::kModeStatus + 1:
            return part(reg::kModeStatus, u32{kAbilities} | (link() ? kNegotiated | kLinkUp : 0));
        case reg::kPartner:
        case reg::kPartner + 1:
            return part(reg::kPartner, link() ? 0x45e1 : 0);
        case reg::kExpansion:
            return link() ? 1 : 0;
        default:
            return get<u8>(offset);
    }
}

u8 Chip::writable(u32 offset) const {
    const bool unlocked = (get<u8>(reg::kEeprom) & kModeMask) == kModeConfig;
    return static_cast<u8>(mask_in(kWritable, offset) | (unlocked ? mask_in(kLocked, offset) : 0));
}

void Chip::write_byte(u32 offset, u8 value) {
    u8& stored = state_.registers[offset];
    if (offset == reg::kStatus || offset == reg::kStatus + 1) {
        stored = static_cast<u8>(stored & ~value);
        return;
    }
    const u8 mask = writable(offset);
    stored = static_cast<u8>((stored & ~mask) | (value & mask));
}

void Chip::write(u64 offset, unsigned size, u64 value) {
    const std::lock_guard guard(lock_);
    const u32 first = static_cast<u32>(offset);
    const u32 end = first + size;
    const auto written_byte = [&](u32 at) { return static_cast<u8>(value >> 8 * (at - first)); };
    if (overlaps(first, end, reg::kCommand, 1) && (written_byte(reg::kCommand) & command::kReset) != 0) {
        reset_registers();
        return;
    }
    const u16 mode_before = get<u16>(reg::kModeControl);
    for (u32 at = first; at < end; ++at) {
        write_byte(at, written_byte(at));
    }
    if (overlaps(first, end, reg::kModeControl + 1, 1)) {
        const u16 mode = static_cast<u16>(written_byte(reg::kModeControl + 1) << 8);
        if ((mode & kModeReset) != 0) {
            set<u16>(reg::kModeControl, kModeDefault);
        }
        if (((mode_before ^ get<u16>(reg::kModeControl)) & kPowerDown) != 0 && cable_) {
            raise(interrupt::kLinkChanged);
        }
    }
    if (overlaps(first, end, reg::kPoll, 1)) {
        const u8 poll = written_byte(reg::kPoll);
        state_.polled[0] = state_.polled[0] || (poll & poll::kNormal) != 0;
        state_.polled[1] = state_.polled[1] || (poll & poll::kHigh) != 0;
        raise((poll & poll::kInterrupt) != 0 ? interrupt::kSoftware : u16{0});
    }
    written(first, end);
}

/// What follows from registers that hold what was written.
void Chip::written(u32 first, u32 end) {
    if (overlaps(first, end, reg::kCounter, 4)) {
        state_.counter_since_ns = ends_.timers.now_ns();
        update_timer();
    }
    if (overlaps(first, end, reg::kTimer, 4)) {
        update_timer();
    }
    if (overlaps(first, end, reg::kMissed, 4)) {
        set<u32>(reg::kMissed, 0);
    }
    if (overlaps(first, end, reg::kEeprom, 1)) {
        eeprom_written();
    }
    if (is_plus() && overlaps(first, end, reg::kTally, 4)) {
        dump_tally();
    }
    if (overlaps(first, end, reg::kNormalRing, 8) && is_plus()) {
        state_.queues[0] = {};
    }
    if (overlaps(first, end, reg::kHighRing, 8) && is_plus()) {
        state_.queues[1] = {};
    }
    if (overlaps(first, end, reg::kReceiveRing, 8)) {
        state_.receive_index = 0;
    }
    if (overlaps(first, end, reg::kMask, 4)) {
        drive_line();
    }
    // Room may have come: in the ring when its pointer moves, in descriptors at any time.
    if (overlaps(first, end, reg::kCommand, 9) || overlaps(first, end, reg::kReceiveConfig, 4)) {
        schedule_ready();
    }
    schedule_transmission();
}

void Chip::eeprom_written() {
    const u8 value = get<u8>(reg::kEeprom);
    const bool pins = (value & kModeMask) == kModePins;
    eeprom_.drive(pins && (value & kSelect) != 0, (value & kClock) != 0, (value & kInput) != 0);
    if ((value & kModeMask) == kModeLoad) {
        load_eeprom();
        set<u8>(reg::kEeprom, static_cast<u8>(value & ~kModeMask));
    }
}

void Chip::raise(u16 causes) {
    set<u16>(reg::kStatus, static_cast<u16>(get<u16>(reg::kStatus) | causes));
    drive_line();
}

void Chip::drive_line() {
    port_.set_line((get<u16>(reg::kStatus) & get<u16>(reg::kMask)) != 0);
}

/// TimerInt (5.18): 0 is never. Once a round of the counter.
void Chip::update_timer() {
    const u32 at = get<u32>(reg::kTimer);
    if (at == 0) {
        ends_.timers.cancel(timer_);
        return;
    }
    constexpr i64 kRound = (i64{1} << 32) * kTickNs;
    const i64 now = ends_.timers.now_ns();
    i64 due = state_.counter_since_ns + at * kTickNs;
    due += due <= now ? ((now - due) / kRound + 1) * kRound : 0;
    ends_.timers.arm(timer_, due);
}

void Chip::timer_fired(void* context) {
    auto& chip = *static_cast<Chip*>(context);
    const std::lock_guard guard(chip.lock_);
    if (chip.get<u32>(reg::kTimer) != 0 && chip.counter() >= chip.get<u32>(reg::kTimer)) {
        chip.raise(interrupt::kTimeOut);
        chip.update_timer();
    }
}

void Chip::link_changed(bool up) {
    const std::lock_guard guard(lock_);
    cable_ = up;
    raise(interrupt::kLinkChanged);
}

void Chip::schedule_transmission() {
    if (!scheduled_ && has_to_send()) {
        scheduled_ = true;
        ends_.io.post(call_method<&Chip::transmit, Chip>, this);
    }
}

void Chip::schedule_ready() {
    if (std::exchange(starved_, false)) {
        ends_.io.post(call_method<&Chip::room_came, Chip>, this);
    }
}

/// Nobody is told when a driver gives descriptors back.
void Chip::ask_again_later() {
    constexpr i64 kPauseNs = 2'000'000;
    if (!std::exchange(asking_, true)) {
        ends_.io.post(call_method<&Chip::ask_again, Chip>, this, kPauseNs);
    }
}

void Chip::ask_again() {
    {
        const std::lock_guard guard(lock_);
        asking_ = false;
    }
    ends_.cable.ready();
}

}  // namespace kelvin::device::rtl
