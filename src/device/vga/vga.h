// SPDX-License-Identifier: Apache-2.0
// Video cards with a linear frame buffer, as QEMU's docs/specs/standard-vga.rst describes them: "VGA" with everything
// that IBM's had, "secondary-vga" without the places of old, "bochs-display" without IBM's registers at all.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "bus/device_type.h"
#include "bus/pci/function.h"
#include "bus/pci/legacy_vga.h"
#include "bus/saved_registers.h"
#include "device/vga/core.h"

namespace kelvin::device {

enum class VgaKind : u8 { vga, secondary, bochs };

class VgaCard : public bus::pci::Function, private backend::Screen, private bus::Savable {
  public:
    struct Options {
        bus::pci::FunctionOptions function;
        u32 vgamem_mb = 16;
        bool edid = true;
        u32 xres = 1280;
        u32 yres = 800;

        template <class Visitor>
        void fields(Visitor& visit) {
            function.fields(visit);
            visit("vgamem_mb", vgamem_mb, "MiB of video memory, 1 to 256");
            visit("edid", edid, "the monitor tells its sizes");
            visit("xres", xres, "the monitor's preferred width");
            visit("yres", yres, "and height");
        }
        Result<> check() const;
    };

    VgaCard(const Options& options, VgaKind kind, memory::RamBlock memory, const bus::Surroundings& surroundings);
    ~VgaCard() override;

    void reset() override;
    Savable* savable() override { return this; }
    std::string_view default_rom() const override;

  protected:
    vga::Core& core() { return core_; }
    bool answers_io() const { return answers_io_; }
    bool answers_memory() const { return answers_memory_; }

  private:
    /// Range 2: the monitor's description, the ports of old as memory, and Bochs's registers.
    class Registers final : public memory::MmioHandler {
      public:
        explicit Registers(VgaCard& card) : card_(card) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;

      private:
        u8 read_byte(u64 offset);
        VgaCard& card_;
    };

    void draw(backend::Picture& picture) override { core_.draw(picture); }
    std::optional<std::vector<std::string>> text() override { return core_.text(); }
    bool config_written(u32 offset, unsigned size) override;
    void config_loaded() override { config_written(0, 0); }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    const VgaKind kind_;
    const memory::RamBlock memory_;
    vga::Core core_;
    Registers registers_{*this};
    std::array<u8, 128> edid_{};
    backend::Screens& screens_;
    bus::SavedRegisters<vga::Core> saved_core_{core_};
    std::atomic<bool> answers_io_ = false;
    std::atomic<bool> answers_memory_ = false;
};

/// With the places of old.
class Vga final : public VgaCard, public bus::pci::LegacyVga {
  public:
    static Result<std::unique_ptr<Vga>> create(const Options& options, const bus::Surroundings& surroundings);
    Vga(const Options& options, memory::RamBlock memory, const bus::Surroundings& surroundings)
        : VgaCard(options, VgaKind::vga, std::move(memory), surroundings) {}

    memory::MmioHandler& vga_memory() override { return window_; }
    memory::MmioHandler& vga_ports() override { return ports_; }
    memory::MmioHandler& dispi_ports() override { return dispi_; }

  private:
    struct Window final : bus::ByteRegisters {
        explicit Window(Vga& owner) : card(owner) {}
        u8 read_byte(u64 offset) override;
        void write_byte(u64 offset, u8 value) override;
        Vga& card;
    };
    struct Ports final : bus::ByteRegisters {
        explicit Ports(Vga& owner) : card(owner) {}
        u8 read_byte(u64 offset) override;
        void write_byte(u64 offset, u8 value) override;
        Vga& card;
    };
    struct DispiPorts final : memory::MmioHandler {
        explicit DispiPorts(Vga& owner) : card(owner) {}
        u64 read(u64 offset, unsigned size) override;
        void write(u64 offset, unsigned size, u64 value) override;
        Vga& card;
    };

    Window window_{*this};
    Ports ports_{*this};
    DispiPorts dispi_{*this};
};

class SecondaryVga final : public VgaCard {
  public:
    static Result<std::unique_ptr<SecondaryVga>> create(const Options& options, const bus::Surroundings& surroundings);
    SecondaryVga(const Options& options, memory::RamBlock memory, const bus::Surroundings& surroundings)
        : VgaCard(options, VgaKind::secondary, std::move(memory), surroundings) {}
};

class BochsDisplay final : public VgaCard {
  public:
    static Result<std::unique_ptr<BochsDisplay>> create(const Options& options, const bus::Surroundings& surroundings);
    BochsDisplay(const Options& options, memory::RamBlock memory, const bus::Surroundings& surroundings)
        : VgaCard(options, VgaKind::bochs, std::move(memory), surroundings) {}
};

}  // namespace kelvin::device
