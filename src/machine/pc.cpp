// SPDX-License-Identifier: Apache-2.0
#include "machine/pc.h"

#include <fmt/format.h>

#include <algorithm>

#include "accel/x86_ports.h"
#include "bus/saved_registers.h"
#include "device/acpi/power_management.h"
#include "device/ahci/ahci.h"
#include "device/chipset/north_bridge.h"
#include "device/chipset/south_bridge.h"
#include "device/chipset/system_ports.h"
#include "device/firmware_config/fw_cfg_ports.h"
#include "device/ide/piix_ide.h"
#include "device/ps2/i8042.h"
#include "device/rtc/mc146818.h"
#include "device/serial/uart_16550.h"
#include "machine/pc_acpi.h"
#include "machine/pc_firmware.h"
#include "machine/pc_isa.h"

namespace kelvin::machine {

namespace {

using memory::Locking;

// Where a kernel finds tables that is started without firmware.
constexpr u64 kExtendedBiosData = 0x9fc00;
constexpr u64 kExtendedBiosDataPointer = 0x40e;
constexpr u64 kMpTable = 0xf0000;
constexpr u64 kAcpiTables = 64 << 10;  // the room for them below the end of low RAM
constexpr unsigned kConfigWindow = 0;  // of the host bridge: ports

/// Sleep and reset as the chipset asks for them.
class PowerRelay final : public device::SleepListener {
  public:
    explicit PowerRelay(PowerSwitch& power) : power_(power) {}
    void sleep_requested(u8 type) override {
        if (type == kOff) {
            power_.switch_off();
        }
    }
    void reset_line(bool level) {
        if (level) {
            power_.reset_machine();
        }
    }

  private:
    static constexpr u8 kOff = 0;  // as \_S5 says
    PowerSwitch& power_;
};

/// Ports that have no place of their own: what PCI devices have mapped, and power management.
class PlacedPorts final : public memory::MmioHandler {
  public:
    PlacedPorts(device::MovablePorts& power, memory::MmioHandler& pci) : power_(power), pci_(pci) {}
    u64 read(u64 port, unsigned size) override {
        memory::MmioHandler* const power = power_.find(port);
        return (power != nullptr ? *power : pci_).read(port, size);
    }
    void write(u64 port, unsigned size, u64 value) override {
        memory::MmioHandler* const power = power_.find(port);
        (power != nullptr ? *power : pci_).write(port, size, value);
    }

  private:
    device::MovablePorts& power_;
    memory::MmioHandler& pci_;
};

}  // namespace

/// Wires point at what stands before them.
struct Pc::Devices {
    memory::AddressMap memory;
    memory::PortMap ports;
    std::shared_ptr<const memory::RamBlock> low_ram;
    memory::RamBlock rom;
    std::unique_ptr<PowerRelay> relay;
    std::unique_ptr<device::WallClock> wall_clock;
    std::unique_ptr<device::Mc146818> clock;
    std::unique_ptr<device::Uart16550> serial;
    std::unique_ptr<bus::isa::IsaBus> isa_slots;
    std::unique_ptr<device::FwCfg> fw_cfg;
    std::unique_ptr<device::FwCfgPorts> fw_cfg_ports;
    std::unique_ptr<device::PowerManagement> power;
    std::unique_ptr<device::PowerPorts> power_ports;
    std::unique_ptr<device::MovablePorts> placed_power;
    std::unique_ptr<device::PirqRouter> router;
    std::unique_ptr<device::Ich9Lpc> lpc;
    std::unique_ptr<device::Piix3Isa> isa;
    std::unique_ptr<device::Piix4Power> piix4;
    std::unique_ptr<bus::pci::HostBridge> pci;
    device::NorthBridge* north = nullptr;  // of the host bridge
    std::unique_ptr<device::ConfigPorts> config_ports;
    std::unique_ptr<device::ControlPortA> control_port;
    std::unique_ptr<device::I8042> keyboard;
    backend::Input* input = nullptr;
    std::unique_ptr<PlacedPorts> placed_ports;
    EventLoop* io = nullptr;
    std::unique_ptr<bus::pci::Function> disks;  // made and destroyed on the I/O loop's thread
    std::vector<std::unique_ptr<bus::Savable>> savers;
};

Pc::Pc(const PcConfig& config)
    : config_(config),
      low_ram_(pc::low_ram(config.chipset, config.ram_size)),
      high_ram_(config.ram_size - low_ram_),
      devices_(std::make_unique<Devices>()) {}

Pc::~Pc() {
    if (devices_->keyboard != nullptr) {
        devices_->io->call([this] { devices_->input->remove(*devices_->keyboard); });
    }
    if (devices_->disks != nullptr) {
        devices_->pci->root().detach(*devices_->disks);
        devices_->io->call([this] { devices_->disks.reset(); });
    }
}

Result<std::unique_ptr<Pc>> Pc::create(const PcConfig& config, const PcPorts& ports) {
    constexpr u64 kLeast = u64{8} << 20;
    KELVIN_ASSERT(ports.interrupts.size() == pc::kInterrupts);
    if (config.ram_size < kLeast) {
        return user_error(fmt::format("{} of memory were asked for; a PC has {} at least",
                                      firmware::format_size(config.ram_size), firmware::format_size(kLeast)),
                          "-m counts MiB where no unit is given");
    }
    std::unique_ptr<Pc> board(new Pc(config));
    if (config.firmware.empty()) {
        board->kernel_ = KELVIN_TRY(X86Boot::open(config.boot));
    }
    KELVIN_TRY(board->build(ports));
    return board;
}

Result<> Pc::build(const PcPorts& ports) {
    Devices& d = *devices_;
    d.io = &ports.io;
    d.relay = std::make_unique<PowerRelay>(ports.power);
    KELVIN_TRY(build_memory());
    KELVIN_TRY(build_firmware());
    KELVIN_TRY(build_clock(ports));
    KELVIN_TRY(build_pci(ports));
    KELVIN_TRY(build_chipset(ports));
    KELVIN_TRY(build_ports(ports));
    KELVIN_TRY(build_keyboard(ports));
    KELVIN_TRY(build_disks(ports));
    return describe_to_firmware();
}

Result<> Pc::build_memory() {
    Devices& d = *devices_;
    d.low_ram = std::make_shared<const memory::RamBlock>(KELVIN_TRY(memory::RamBlock::allocate(low_ram_)));
    ram_ = {Gpa{0}, {d.low_ram->data(), d.low_ram->size()}};
    KELVIN_TRY(d.memory.add_ram(Gpa{0}, d.low_ram, 0, pc::kConventionalEnd, "ram"));
    KELVIN_TRY(
        d.memory.add_ram(Gpa{pc::kLegacyEnd}, d.low_ram, pc::kLegacyEnd, low_ram_ - pc::kLegacyEnd, "extended-ram"));
    if (high_ram_ != 0) {
        memory::RamBlock block = KELVIN_TRY(memory::RamBlock::allocate(high_ram_));
        KELVIN_TRY(d.memory.add_ram(Gpa{pc::kHighRam}, std::move(block), "high-ram"));
    }
    return ok();
}

/// Below 1 MiB the end of it is seen again, until the chipset shows RAM there.
Result<> Pc::build_firmware() {
    constexpr u64 kMostBelow = 128 << 10;
    constexpr u64 kUnit = 64 << 10;
    constexpr u64 kMost = 8 << 20;
    constexpr u64 kEnd = 4 * pc::kGiB;
    Devices& d = *devices_;
    const std::vector<u8>& content = config_.firmware;
    if (content.size() % kUnit != 0 || content.size() > kMost) {
        return user_error(fmt::format("the firmware is {} long; it must be a multiple of 64 KiB, of 8 MiB at most",
                                      firmware::format_size(content.size())),
                          "-bios FILE names another; /usr/share/seabios/bios-256k.bin is what PCs usually have");
    }
    u64 below = 0;
    if (!content.empty()) {
        d.rom = KELVIN_TRY(memory::RamBlock::allocate(content.size()));
        std::ranges::copy(content, d.rom.data());
        below = std::min(content.size(), kMostBelow);
        KELVIN_TRY(d.memory.add_rom(Gpa{kEnd - content.size()}, content.size(), content, "firmware"));
    }
    std::unique_ptr<device::ShadowRam> shadow =
        KELVIN_TRY(device::ShadowRam::create(d.memory, ram_.slice(device::ShadowRam::kBase, device::ShadowRam::kSize),
                                             {d.rom.data() + (d.rom.size() - below), below}));
    using Model = device::NorthBridge::Model;
    auto north = std::make_unique<device::NorthBridge>(is_q35() ? Model::q35 : Model::i440fx, std::move(shadow));
    d.north = north.get();
    north_ = std::move(north);
    return ok();
}

Result<> Pc::build_clock(const PcPorts& ports) {
    Devices& d = *devices_;
    d.wall_clock = std::make_unique<device::HostWallClock>(config_.clock_offset);
    d.clock = std::make_unique<device::Mc146818>(
        *d.wall_clock, ports.timers, device::Mc146818::Wires{ports.interrupts[pc::kClockInterrupt], Wire()});
    pc::fill_cmos(*d.clock, {low_ram_, high_ram_, config_.cpus});
    return d.ports.add(pc::kClock, device::Mc146818::kPorts, *d.clock, "rtc", Locking::handler);
}

Result<> Pc::build_pci(const PcPorts& ports) {
    Devices& d = *devices_;
    using Window = bus::pci::HostBridge::Window;
    const unsigned pirqs = is_q35() ? device::Ich9Lpc::kInterrupts : device::Piix3Isa::kInterrupts;
    const std::span<const Wire> own =
        is_q35() ? ports.interrupts.subspan(pc::kFirstPirq, pirqs) : std::span<const Wire>();
    d.router =
        std::make_unique<device::PirqRouter>(pirqs, ports.interrupts.first(device::PirqRouter::kIsaInterrupts), own);
    bus::pci::HostBridge::Board board;
    const u64 high = pc::pci_high(high_ram_);
    board.windows = {Window{Gpa{0}, memory::PortMap::kPorts, 0, true},
                     Window{Gpa{low_ram_}, pc::kPciEnd - low_ram_, low_ram_, false},
                     Window{Gpa{high}, pc::kPciHighEnd - high, high, false}};
    for (unsigned number = 0; number < pirqs; ++number) {
        board.interrupts.push_back(d.router->input(number));
    }
    board.wire_of = is_q35() ? &pc::pirq_of_q35 : &pc::pirq_of_i440fx;
    board.msi = ports.messages;
    board.memory = &d.memory;
    board.function = std::move(north_);
    d.pci = std::make_unique<bus::pci::HostBridge>(std::move(board));
    d.pci->root().set_name(is_q35() ? "pcie.0" : "pci.0");
    using Vga = bus::pci::LegacyVga;
    KELVIN_TRY(d.memory.add_mmio(Vga::kMemory, Vga::kMemorySize, d.pci->vga_memory(), "vga", Locking::handler));
    KELVIN_TRY(d.ports.add(Vga::kPorts, Vga::kPortCount, d.pci->vga_ports(), "vga", Locking::handler));
    KELVIN_TRY(d.ports.add(Vga::kDispiPorts, Vga::kDispiPortCount, d.pci->dispi_ports(), "dispi", Locking::handler));
    KELVIN_TRY(d.memory.add_mmio(Gpa{low_ram_}, pc::kPciEnd - low_ram_, d.pci->window(1), "pci", Locking::handler));
    return d.memory.add_mmio(Gpa{high}, pc::kPciHighEnd - high, d.pci->window(2), "high-pci", Locking::handler);
}

Result<> Pc::build_chipset(const PcPorts& ports) {
    Devices& d = *devices_;
    const unsigned events = is_q35() ? device::Ich9Lpc::kEventBytes : device::Piix4Power::kEventBytes;
    d.power = std::make_unique<device::PowerManagement>(
        device::PowerManagement::Config{.event_bytes = events}, ports.timers, *d.relay,
        device::PowerManagement::Wires{ports.interrupts[pc::kAcpiInterrupt], Wire()});
    d.power_ports = std::make_unique<device::PowerPorts>(
        *d.power, is_q35() ? device::Ich9Lpc::kEvents : device::Piix4Power::kEvents);
    d.placed_power = std::make_unique<device::MovablePorts>(*d.power_ports, pc::kPowerPorts);
    bus::pci::PciBus& root = d.pci->root();
    if (is_q35()) {
        d.lpc = std::make_unique<device::Ich9Lpc>(*d.router, *d.placed_power);
        return root.attach(*d.lpc, false);
    }
    d.isa = std::make_unique<device::Piix3Isa>(*d.router);
    KELVIN_TRY(root.attach(*d.isa, false));
    d.piix4 = std::make_unique<device::Piix4Power>(*d.placed_power);
    return root.attach(*d.piix4, false);
}

Result<> Pc::build_ports(const PcPorts& ports) {
    Devices& d = *devices_;
    const Wire reset = wire_to<&PowerRelay::reset_line>(*d.relay);
    d.serial = std::make_unique<device::Uart16550>(&ports.console, ports.interrupts[pc::kSerialInterrupt]);
    d.fw_cfg = std::make_unique<device::FwCfg>(d.memory);
    d.fw_cfg_ports = std::make_unique<device::FwCfgPorts>(*d.fw_cfg);
    d.config_ports = std::make_unique<device::ConfigPorts>(d.pci->ecam(), reset);
    d.control_port = std::make_unique<device::ControlPortA>(reset);
    d.placed_ports = std::make_unique<PlacedPorts>(*d.placed_power, d.pci->window(kConfigWindow));
    d.ports.set_others(d.placed_ports.get());
    d.isa_slots = pc::make_isa_slots(config_.chipset, d.ports, ports.interrupts.first(bus::isa::kInterrupts));
    KELVIN_TRY(d.ports.add(pc::kSerial, device::Uart16550::kSize, *d.serial, "serial0", Locking::handler));
    KELVIN_TRY(d.ports.add(device::FwCfgPorts::kPort, device::FwCfgPorts::kPorts, *d.fw_cfg_ports, "fw-cfg"));
    KELVIN_TRY(d.ports.add(device::ConfigPorts::kPort, device::ConfigPorts::kPorts, *d.config_ports,
                           "pci-configuration", Locking::handler));
    KELVIN_TRY(d.ports.add(device::ControlPortA::kPort, 1, *d.control_port, "port92", Locking::handler));
    return d.ports.add(pc::kPowerCommand, 2, d.power->command_ports(), "power-command", Locking::handler);
}

Result<> Pc::build_keyboard(const PcPorts& ports) {
    constexpr unsigned kKeyboardInterrupt = 1;
    constexpr unsigned kMouseInterrupt = 12;
    constexpr u16 kData = 0x60;
    constexpr u16 kCommand = 0x64;
    Devices& d = *devices_;
    d.keyboard =
        std::make_unique<device::I8042>(device::I8042::Wires{.keyboard = ports.interrupts[kKeyboardInterrupt],
                                                             .mouse = ports.interrupts[kMouseInterrupt],
                                                             .a20 = Wire(),
                                                             .reset = wire_to<&PowerRelay::reset_line>(*d.relay)});
    d.input = &ports.input;
    ports.io.call([&] { ports.input.add(*d.keyboard); });
    KELVIN_TRY(d.ports.add(kData, 1, d.keyboard->data_port(), "i8042-data", Locking::handler));
    return d.ports.add(kCommand, 1, d.keyboard->command_port(), "i8042-command", Locking::handler);
}

/// ICH9's has SATA ports, PIIX3's two channels where PCs always had them.
Result<> Pc::build_disks(const PcPorts& ports) {
    constexpr u8 kAhci = 0x1f << 3 | 2;
    constexpr u8 kIde = 1 << 3 | 1;
    constexpr unsigned kFirstInterrupt = 14;
    Devices& d = *devices_;
    if (is_q35()) {
        device::Ahci::Options options;
        options.function.addr = bus::pci::Devfn{kAhci};
        ports.io.call([&] { d.disks = std::make_unique<device::Ahci>(options, ports.io, d.memory, "ide"); });
        return d.pci->root().attach(*d.disks, false);
    }
    using device::PiixIde;
    bus::pci::FunctionOptions options;
    options.addr = bus::pci::Devfn{kIde};
    std::unique_ptr<PiixIde> made;
    ports.io.call([&] {
        made = std::make_unique<PiixIde>(
            options, PiixIde::Model::piix3, ports.io, d.memory,
            std::array{ports.interrupts[kFirstInterrupt], ports.interrupts[kFirstInterrupt + 1]});
    });
    PiixIde& ide = *made;
    d.disks = std::move(made);
    for (unsigned channel = 0; channel < PiixIde::kChannels; ++channel) {
        KELVIN_TRY(d.ports.add(PiixIde::kCommandBlocks[channel], device::ide::Channel::kCommandPorts,
                               ide.command_block(channel), fmt::format("ide{}", channel), Locking::handler));
        KELVIN_TRY(d.ports.add(PiixIde::kControlBlocks[channel], 1, ide.control_block(channel),
                               fmt::format("ide{}-control", channel), Locking::handler));
    }
    return d.pci->root().attach(*d.disks, false);
}

std::vector<MemoryRange> Pc::memory_ranges() const {
    using Kind = MemoryRange::Kind;
    std::vector<MemoryRange> ranges = {
        {0, kExtendedBiosData, Kind::usable},
        {kExtendedBiosData, pc::kLegacyEnd - kExtendedBiosData, Kind::reserved},
        {pc::kLegacyEnd, low_ram_ - pc::kLegacyEnd - kAcpiTables, Kind::usable},
        {low_ram_ - kAcpiTables, kAcpiTables, Kind::acpi},
    };
    if (is_q35()) {
        ranges.push_back({pc::kEcam, pc::kEcamSize, Kind::reserved});
    }
    if (high_ram_ != 0) {
        ranges.push_back({pc::kHighRam, high_ram_, Kind::usable});
    }
    return ranges;
}

firmware::AcpiFiles::Content Pc::acpi() const {
    using device::Ich9Lpc;
    using device::Piix4Power;
    return pc::build_acpi(
        {.chipset = config_.chipset,
         .cpus = config_.cpus,
         .low_ram = low_ram_,
         .high_ram = high_ram_,
         .events_at = is_q35() ? Ich9Lpc::kEvents : Piix4Power::kEvents,
         .event_bytes = static_cast<u8>(2 * (is_q35() ? Ich9Lpc::kEventBytes : Piix4Power::kEventBytes))});
}

Result<> Pc::describe_to_firmware() {
    pc::FirmwareFacts facts;
    facts.cpus = config_.cpus;
    facts.ram_size = config_.ram_size;
    facts.high_ram = high_ram_;
    facts.low_ram = low_ram_;
    facts.high_end = pc::pci_high(high_ram_);
    facts.serial_console = config_.serial_console;
    facts.menu = config_.menu;
    firmware::Smbios smbios = config_.smbios;
    smbios.ram_size = config_.ram_size;
    return pc::describe_to_firmware(*devices_->fw_cfg, facts, acpi(), smbios, config_.firmware_files);
}

memory::AddressMap& Pc::memory() {
    return devices_->memory;
}

memory::PortMap& Pc::ports() {
    return devices_->ports;
}

bus::pci::HostBridge* Pc::pci() {
    return devices_->pci.get();
}

std::string Pc::describe_memory() {
    return "memory\n" + devices_->memory.describe() + "ports\n" + devices_->ports.describe();
}

void Pc::reset() {
    Devices& d = *devices_;
    d.serial->reset();
    d.clock->reset();
    d.fw_cfg->reset();
    d.config_ports->reset();
    d.control_port->reset();
    d.keyboard->reset();
    d.power->reset();
    if (is_q35()) {
        d.lpc->reset();
    } else {
        d.isa->reset();
        d.piix4->reset();
    }
    d.io->call([&] { d.disks->reset(); });
    d.pci->remap();
}

Result<BootEntry> Pc::load() {
    return kernel_ ? load_kernel() : BootEntry{accel::kX86ResetVector, 0};
}

/// Chipset and interrupts as firmware leaves them, so that what the tables say is true.
void Pc::set_up_as_firmware() {
    Devices& d = *devices_;
    d.north->set_up(Gpa{pc::kEcam});
    d.pci->change_topology([] {});
    if (is_q35()) {
        d.lpc->set_up(pc::kPowerBase, pc::kIsaRoutes);
    } else {
        d.isa->set_up(pc::kIsaRoutes);
        d.piix4->set_up(pc::kPowerBase);
    }
}

Result<BootEntry> Pc::load_kernel() {
    set_up_as_firmware();
    firmware::AcpiFiles::Content content = acpi();
    const u64 tables = low_ram_ - kAcpiTables;
    KELVIN_ASSERT(content.tables.size() <= kAcpiTables);
    firmware::AcpiFiles::place(content, kExtendedBiosData, tables);
    std::ranges::copy(content.tables, ram_.slice(Gpa{tables}, kAcpiTables).begin());
    std::ranges::copy(content.root, ram_.slice(Gpa{kExtendedBiosData}, content.root.size()).begin());
    const std::span<u8> pointer = ram_.slice(Gpa{kExtendedBiosDataPointer}, 2);
    pointer[0] = static_cast<u8>(kExtendedBiosData >> 4);
    pointer[1] = static_cast<u8>(kExtendedBiosData >> 12);
    const std::vector<u8> processors = pc::mp_table(config_.chipset, config_.cpus, kMpTable);
    std::ranges::copy(processors, ram_.slice(Gpa{kMpTable}, processors.size()).begin());
    const firmware::RamView usable = {Gpa{0}, ram_.bytes.first(tables)};
    return kernel_->load(usable, memory_ranges(), kExtendedBiosData, "");
}

std::vector<bus::Bus*> Pc::buses() {
    std::vector<bus::Bus*> all = {&devices_->pci->root()};
    std::ranges::copy(devices_->disks->buses(), std::back_inserter(all));
    all.push_back(devices_->isa_slots.get());
    return all;
}

std::vector<bus::Part> Pc::parts() {
    Devices& d = *devices_;
    d.savers.clear();
    std::vector<bus::Part> all;
    const auto add = [&]<class Device>(const char* name, const char* type, Device& device) {
        d.savers.push_back(std::make_unique<bus::SavedRegisters<Device>>(device));
        all.push_back({name, type, d.savers.back().get()});
    };
    all.push_back({"disks", is_q35() ? "ich9-ahci" : "piix3-ide", d.disks->savable()});
    all.push_back({"pci", "pci-host-bridge", d.pci.get()});
    add("serial0", "uart-16550", *d.serial);
    add("rtc", "mc146818", *d.clock);
    add("i8042", "i8042", *d.keyboard);
    add("fw-cfg", "fw_cfg", *d.fw_cfg);
    add("power", "acpi-power", *d.power);
    add("pci-configuration", "pci-config-ports", *d.config_ports);
    add("port92", "port92", *d.control_port);
    return all;
}

std::string Pc::firmware_path(const bus::Bus& bus) const {
    const Devices& d = *devices_;
    const bool is_disks = std::ranges::find(d.disks->buses(), &bus) != d.disks->buses().end();
    return is_disks ? "/pci@i0cf8/" + d.pci->root().firmware_node(*d.disks) : "/pci@i0cf8";
}

Result<> Pc::set_boot_order(const std::string& lines) {
    constexpr std::string_view kName = "bootorder";
    devices_->fw_cfg->remove_file(kName);
    if (lines.empty()) {
        return ok();
    }
    std::vector<u8> content(lines.begin(), lines.end());
    content.push_back(0);
    return devices_->fw_cfg->add_file(kName, std::move(content));
}

void Pc::press_power_key() {
    devices_->power->press_power_button();
}

}  // namespace kelvin::machine
