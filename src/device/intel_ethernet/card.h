// SPDX-License-Identifier: Apache-2.0
// A controller as a PCI function: what cards of all models have in common.
#pragma once

#include <atomic>
#include <optional>

#include "bus/pci/function.h"
#include "device/intel_ethernet/controller.h"
#include "device/network_card/card_options.h"

namespace kelvin::device::intel {

class Card : public bus::pci::Function, private ControllerPort, private bus::Savable {
  public:
    void reset() override;
    Savable* savable() override { return this; }
    std::optional<bus::Bootable> bootable() const override { return bootable_; }

  protected:
    /// `options` has been settled. Registers are range 0.
    Card(const network_card::CardOptions& options, const bus::pci::Identity& identity, const Model& model,
         const network_card::CardEnds& ends);
    /// While it is being made.
    void add_ports(unsigned bar, u64 size) { add_bar(bar, bus::pci::Bar::Kind::io, size, ports_); }

  private:
    /// IOADDR and IODATA (8254x 13.2.2): the registers by two ports.
    class Ports final : public bus::WordRegisters {
      public:
        explicit Ports(Controller& controller) : controller_(controller) {}
        u32 address() const { return address_; }
        void set_address(u32 address) { address_ = address; }

      private:
        u32 read_word(u64 offset) override;
        void write_word(u64 offset, u32 value, u32 mask) override;

        Controller& controller_;
        std::atomic<u32> address_ = 0;
    };
    struct Saved;

    bool config_written(u32 offset, unsigned size) override;
    void quiesce() override { controller_.quiesce(); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    bool is_bus_master() const override { return Function::is_bus_master(); }
    bool uses_messages() const override { return msix_enabled(); }
    void send_message(u16 vector) override { raise(vector); }
    void set_line(bool level) override { set_intx(level); }

    const bus::Bootable bootable_;
    Controller controller_;
    Ports ports_{controller_};
    bool was_bus_master_ = false;  // when configuration space was last written
    bool used_messages_ = false;   // likewise
};

}  // namespace kelvin::device::intel
