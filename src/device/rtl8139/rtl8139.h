// SPDX-License-Identifier: Apache-2.0
// Realtek's RTL8139C+ on PCI.
#pragma once

#include "bus/device_type.h"
#include "bus/pci/function.h"
#include "device/network_card/card_options.h"
#include "device/rtl8139/chip.h"

namespace kelvin::device {

class Rtl8139 final : public bus::pci::Function, private rtl::ChipPort, private bus::Savable {
  public:
    using Options = network_card::CardOptions;
    static Result<std::unique_ptr<Rtl8139>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been settled.
    Rtl8139(const Options& options, const network_card::CardEnds& ends);

    void reset() override;
    Savable* savable() override { return this; }
    std::optional<bus::Bootable> bootable() const override { return bootable_; }

  private:
    bool config_written(u32 offset, unsigned size) override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    bool is_bus_master() const override { return Function::is_bus_master(); }
    void set_line(bool level) override { set_intx(level); }

    const bus::Bootable bootable_;
    rtl::Chip chip_;
    bool was_bus_master_ = false;  // when configuration space was last written
};

}  // namespace kelvin::device
