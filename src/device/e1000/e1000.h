// SPDX-License-Identifier: Apache-2.0
// Intel's 82540EM on PCI.
#pragma once

#include "bus/device_type.h"
#include "bus/pci/function.h"
#include "device/intel_ethernet/controller.h"
#include "device/network_card/card_options.h"

namespace kelvin::device {

class E1000 final : public bus::pci::Function, private intel::ControllerPort, private bus::Savable {
  public:
    using Options = network_card::CardOptions;
    static Result<std::unique_ptr<E1000>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been settled.
    E1000(const Options& options, const network_card::CardEnds& ends);

    void reset() override;
    Savable* savable() override { return this; }
    std::optional<bus::Bootable> bootable() const override { return bootable_; }

  private:
    /// IOADDR and IODATA (8254x 13.2.2): the registers by two ports.
    class Ports final : public bus::WordRegisters {
      public:
        explicit Ports(intel::Controller& controller) : controller_(controller) {}
        void reset() { address_ = 0; }
        u32 address() const { return address_; }
        void set_address(u32 address) { address_ = address; }

      private:
        u32 read_word(u64 offset) override;
        void write_word(u64 offset, u32 value, u32 mask) override;
        intel::Controller& controller_;
        std::atomic<u32> address_ = 0;
    };
    struct Saved;

    bool config_written(u32 offset, unsigned size) override;
    void quiesce() override { controller_.quiesce(); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    bool is_bus_master() const override { return Function::is_bus_master(); }
    bool uses_messages() const override { return false; }
    void send_message(u16) override {}
    void set_line(bool level) override { set_intx(level); }

    const bus::Bootable bootable_;
    bool was_bus_master_ = false;  // when configuration space was last written
    intel::Controller controller_;
    Ports ports_{controller_};
};

}  // namespace kelvin::device
