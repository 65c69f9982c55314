// SPDX-License-Identifier: Apache-2.0
// The registers of a slot whose card comes and goes while the system runs (PCI Express Base 5.0, 6.7 and 7.5.3.9 to
// 7.5.3.11): attention button, indicators, power controller, presence, link.
//
//     card comes    present; its button is pressed too, for systems that wait for that; the system powers the slot
//     card shall go button pressed; the system lets go of the card, switches power off, then the power indicator
#pragma once

#include "bus/pci/config_space.h"

namespace kelvin::device {

/// The host bridge's configuration lock guards all of it.
class Slot {
  public:
    /// Of the Express capability at `at` in `config`, which outlives it. Without `hot_plug` the slot is always on.
    Slot(bus::pci::ConfigSpace& config, u32 at, bool hot_plug);

    void set_number(u32 number);

    /// A card is in it after power-on.
    void begin_with(bool card);
    /// The registers were loaded; nothing happens because of that.
    void loaded(bool card);
    void insert();
    void remove();
    void press_button();
    /// The guest has written there.
    void written(u32 offset, unsigned size);

    bool hot_plug() const { return hot_plug_; }
    bool is_occupied() const;
    /// The card may be talked to.
    bool link_up() const;
    /// Neither power nor light: the card may be taken out.
    bool is_off() const;
    /// The system is about to let go of the card, or to take it.
    bool is_busy() const;
    /// What the interrupt line shows: an event that the system asked to hear about.
    bool interrupt_pending() const;

  private:
    u16 control() const;
    u16 status() const;
    void raise(u16 events);
    void set_occupied(bool occupied);
    void update_link();

    bus::pci::ConfigSpace& config_;
    const u32 at_;
    const bool hot_plug_;
};

}  // namespace kelvin::device
