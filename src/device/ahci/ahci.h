// SPDX-License-Identifier: Apache-2.0
// The SATA controller of Intel's ICH9 in AHCI mode: six ports, each with a bus for one drive.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bus/device_type.h"
#include "bus/pci/function.h"
#include "device/ahci/port.h"

namespace kelvin::device {

class Ahci final : public bus::pci::Function, private ahci::PortListener, private bus::Savable {
  public:
    struct Options {
        bus::pci::FunctionOptions function = {};

        template <class Visitor>
        void fields(Visitor& visit) {
            function.fields(visit);
        }
    };
    static Result<std::unique_ptr<Ahci>> create(const Options& options, const bus::Surroundings& surroundings);

    /// On the I/O loop's thread, as all devices. Buses are called `name`.0 to .5.
    Ahci(const Options& options, EventLoop& io, const memory::Dma& dma, const std::string& name);
    ~Ahci() override;

    void reset() override;
    Savable* savable() override { return this; }
    std::span<bus::Bus* const> buses() override { return buses_; }

  private:
    /// The registers, in memory.
    class Registers final : public memory::MmioHandler {
      public:
        explicit Registers(Ahci& ahci) : ahci_(ahci) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        Ahci& ahci_;
    };
    /// The same ones by index and data, in port space (10.14).
    class IndexedRegisters final : public memory::MmioHandler {
      public:
        explicit IndexedRegisters(Ahci& ahci) : ahci_(ahci) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        Ahci& ahci_;
    };
    struct State {
        u32 control = 0;
        u32 interrupts = 0;
        u32 index = 0;
        state::Json function;
        std::vector<state::Json> ports;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("control", control);
            visit("interrupts", interrupts);
            visit("index", index);
            visit("function", function);
            visit("ports", ports);
        }
        Result<> check() const;
    };

    u32 read_word(u64 offset);
    void write_word(u64 offset, u32 value);
    void reset_controller();
    void port_changed(unsigned number, bool wants_interrupt) override;
    void update_line();
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    EventLoop& io_;
    Registers registers_{*this};
    IndexedRegisters indexed_{*this};

    std::mutex lock_;  // guards what follows, to the ports; inside theirs, outside the interrupt controller's
    u32 control_ = 0;  // GHC
    u32 interrupts_ = 0;
    u32 wanting_ = 0;  // ports that have an interrupt
    u32 index_ = 0;

    std::vector<std::unique_ptr<ahci::Port>> ports_;
    std::vector<bus::Bus*> buses_;
};

}  // namespace kelvin::device
