// SPDX-License-Identifier: Apache-2.0
// The IDE function of Intel's PIIX3 and PIIX4: two channels at the ports and interrupts that PCs always had, and a bus
// master. A part of a board, which gives the ports and the wires.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "bus/pci/function.h"
#include "device/ide/channel.h"

namespace kelvin::device {

class PiixIde final : public bus::pci::Function, private bus::Savable {
  public:
    enum class Model : u8 { piix3, piix4 };
    static constexpr unsigned kChannels = 2;
    /// Where the board puts command_block() and control_block(); interrupts are 14 and 15 of the 8259 pair.
    static constexpr std::array<u16, kChannels> kCommandBlocks = {0x1f0, 0x170};
    static constexpr std::array<u16, kChannels> kControlBlocks = {0x3f6, 0x376};

    /// On the I/O loop's thread. `io`, `dma` and what the wires lead to outlive it. Buses are called `name`.0 and .1.
    PiixIde(const bus::pci::FunctionOptions& options, Model model, EventLoop& io, const memory::Dma& dma,
            const std::array<Wire, kChannels>& interrupts, const std::string& name = "ide");
    ~PiixIde() override;

    memory::MmioHandler& command_block(unsigned channel) { return channels_.at(channel)->command_block(); }
    memory::MmioHandler& control_block(unsigned channel) { return channels_.at(channel)->control_block(); }

    void reset() override;
    Savable* savable() override { return this; }
    std::span<bus::Bus* const> buses() override { return buses_; }

  private:
    class BusMaster final : public memory::MmioHandler {
      public:
        explicit BusMaster(PiixIde& ide) : ide_(ide) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        PiixIde& ide_;
    };

    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    EventLoop& io_;
    BusMaster bus_master_{*this};
    std::array<std::unique_ptr<ide::Channel>, kChannels> channels_;
    std::array<bus::Bus*, kChannels> buses_{};
};

}  // namespace kelvin::device
