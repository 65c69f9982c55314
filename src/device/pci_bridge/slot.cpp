// SPDX-License-Identifier: Apache-2.0
#include "device/pci_bridge/slot.h"

#include "bus/pci/express_registers.h"

namespace kelvin::device {

namespace express = bus::pci::express;

namespace {

constexpr u16 kEvents =
    express::kButtonPressed | express::kPresenceChanged | express::kCommandCompleted | express::kLinkChanged;
constexpr u16 kWritableControl = express::kSimpleEvents | express::kHotPlugInterrupt | express::kAttentionIndicator |
                                 express::kPowerIndicator | express::kPowerOff | express::kLinkChangeInterrupt;
constexpr u32 kCapabilities = express::kHasAttentionButton | express::kHasPowerController |
                              express::kHasAttentionIndicator | express::kHasPowerIndicator |
                              express::kSurpriseRemoval | express::kHotPlugCapable;
constexpr u16 kControlOff = express::kAttentionIndicatorOff | express::kPowerIndicatorOff | express::kPowerOff;
constexpr u16 kControlOn = express::kAttentionIndicatorOff | express::kPowerIndicatorOn;

}  // namespace

Slot::Slot(bus::pci::ConfigSpace& config, u32 at, bool hot_plug) : config_(config), at_(at), hot_plug_(hot_plug) {
    config_.define<u16>(at_ + express::kLinkControl, 0, express::kLinkControlWritable);
    config_.define<u16>(at_ + express::kLinkStatus, express::kLinkX1);
    config_.define<u32>(at_ + express::kSlotCapabilities, hot_plug ? kCapabilities : 0);
    config_.define<u16>(at_ + express::kSlotControl, 0, hot_plug ? kWritableControl : u16{0});
    config_.define<u16>(at_ + express::kSlotStatus, 0, 0, kEvents);
    begin_with(false);
}

void Slot::set_number(u32 number) {
    const u32 capabilities = hot_plug_ ? kCapabilities : 0;
    config_.define<u32>(at_ + express::kSlotCapabilities, capabilities | number << express::kSlotNumberShift);
}

u16 Slot::control() const {
    return config_.get<u16>(at_ + express::kSlotControl);
}

u16 Slot::status() const {
    return config_.get<u16>(at_ + express::kSlotStatus);
}

void Slot::begin_with(bool card) {
    config_.set<u16>(at_ + express::kSlotStatus, card ? express::kPresent : u16{0});
    if (hot_plug_) {
        config_.set<u16>(at_ + express::kSlotControl, card ? kControlOn : kControlOff);
    }
    update_link();
    config_.set<u16>(at_ + express::kSlotStatus, static_cast<u16>(status() & ~kEvents));
}

void Slot::loaded(bool card) {
    const u16 events = static_cast<u16>(status() & kEvents);
    config_.set<u16>(at_ + express::kSlotStatus, static_cast<u16>(card ? express::kPresent : 0));
    update_link();
    config_.set<u16>(at_ + express::kSlotStatus, static_cast<u16>((status() & ~kEvents) | events));
}

void Slot::raise(u16 events) {
    if (hot_plug_) {
        config_.set<u16>(at_ + express::kSlotStatus, static_cast<u16>(status() | events));
    }
}

void Slot::set_occupied(bool occupied) {
    const u16 rest = static_cast<u16>(status() & ~express::kPresent);
    config_.set<u16>(at_ + express::kSlotStatus, static_cast<u16>(rest | (occupied ? express::kPresent : 0)));
    raise(express::kPresenceChanged);
    update_link();
}

void Slot::insert() {
    set_occupied(true);
    raise(express::kButtonPressed);
}

void Slot::remove() {
    set_occupied(false);
}

void Slot::press_button() {
    raise(express::kButtonPressed);
}

bool Slot::is_occupied() const {
    return (status() & express::kPresent) != 0;
}

bool Slot::link_up() const {
    return (config_.get<u16>(at_ + express::kLinkStatus) & express::kLinkActive) != 0;
}

bool Slot::is_off() const {
    return (control() & express::kPowerOff) != 0 &&
           (control() & express::kPowerIndicator) == express::kPowerIndicatorOff;
}

bool Slot::is_busy() const {
    return (control() & express::kPowerIndicator) == express::kPowerIndicatorBlinks;
}

void Slot::update_link() {
    const bool disabled = (config_.get<u16>(at_ + express::kLinkControl) & express::kLinkDisable) != 0;
    const bool up = is_occupied() && (control() & express::kPowerOff) == 0 && !disabled;
    if (up != link_up()) {
        config_.set<u16>(at_ + express::kLinkStatus,
                         static_cast<u16>(express::kLinkX1 | (up ? express::kLinkActive : 0)));
        raise(express::kLinkChanged);
    }
}

void Slot::written(u32 offset, unsigned size) {
    const u32 control_at = at_ + express::kSlotControl;
    if (offset < control_at + 2 && control_at < offset + size) {
        raise(express::kCommandCompleted);
    }
    update_link();
}

/// 6.7.3.4.
bool Slot::interrupt_pending() const {
    const u16 events = status();
    const u16 wanted = control();
    const bool simple = (events & wanted & express::kSimpleEvents) != 0;
    const bool link = (events & express::kLinkChanged) != 0 && (wanted & express::kLinkChangeInterrupt) != 0;
    return (wanted & express::kHotPlugInterrupt) != 0 && (simple || link);
}

}  // namespace kelvin::device
