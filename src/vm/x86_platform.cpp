// SPDX-License-Identifier: Apache-2.0
// The boards "microvm", "q35" and "pc", whose processors KVM executes.
#include "vm/x86_platform.h"

#include <fmt/format.h>

#include "accel/kvm/vcpu.h"
#include "machine/microvm.h"
#include "machine/pc.h"
#include "vm/firmware_files.h"
#include "vm/flash_images.h"
#include "vm/kvm_messages.h"
#include "vm/smbios_files.h"
#include "vm/x86_processors.h"

namespace kelvin::vm {

namespace {

/// Debian's package seabios has it.
constexpr std::string_view kPcFirmware = "bios-256k.bin";

u64 whole_pages(u64 size) {
    return size & ~u64{4095};
}

machine::BootFiles boot_files(const BootSpec& boot) {
    return {boot.kernel, boot.initrd, boot.arguments, boot.device_tree};
}

class X86Platform final : public Platform, private accel::X86Board, private machine::PowerSwitch {
  public:
    static Result<std::unique_ptr<Platform>> create(const MachineSpec& spec, const PlatformPorts& ports);

    machine::Board& board() override { return *board_; }
    Result<std::unique_ptr<accel::Vcpu>> make_vcpu(unsigned index) override;
    void reset() override {
        machine_->reset();
        board_->reset();
    }
    bool starts_all_processors() const override { return true; }
    std::vector<std::string> notes() const override { return processors_.notes(); }
    std::string statistics() const override { return {}; }
    std::string closing_words() const override { return {}; }

  private:
    explicit X86Platform(const PlatformPorts& ports) : ports_(ports) {}
    Result<> build(const MachineSpec& spec);
    Result<> build_microvm(const MachineSpec& spec, std::span<const Wire> interrupts);
    Result<> build_pc(const MachineSpec& spec, std::span<const Wire> interrupts);
    void switch_off() override { ports_.power.system_off(machine::kAllCpus); }
    void reset_machine() override { ports_.power.system_reset(machine::kAllCpus); }
    void processor_shut_down(unsigned cpu) override { ports_.power.system_reset(cpu); }
    void processor_failed(unsigned cpu, const Error& error) override { ports_.power.system_failed(cpu, error); }

    const PlatformPorts ports_;
    X86Processors processors_;

    // In this order: each uses those before it.
    std::unique_ptr<kvm::Machine> machine_;
    std::unique_ptr<KvmMessages> messages_;
    std::unique_ptr<machine::Board> board_;
    const memory::PortMap* port_map_ = nullptr;  // the board's
};

Result<std::unique_ptr<Platform>> X86Platform::create(const MachineSpec& spec, const PlatformPorts& ports) {
    std::unique_ptr<X86Platform> platform(new X86Platform(ports));
    KELVIN_TRY(platform->build(spec));
    return std::unique_ptr<Platform>(std::move(platform));
}

Result<> X86Platform::build(const MachineSpec& spec) {
    if (spec.cpu.count > kMaxX86Cpus) {
        return user_error(fmt::format("{} processors were asked for; there can be {}", spec.cpu.count, kMaxX86Cpus),
                          fmt::format("-smp {}", kMaxX86Cpus));
    }
    kvm::Host host = KELVIN_TRY(kvm::Host::open());
    processors_ = KELVIN_TRY(X86Processors::choose(spec.cpu, host));
    machine_ = KELVIN_TRY(kvm::Machine::create(std::move(host)));
    std::vector<Wire> interrupts;
    for (unsigned number = 0; number < kvm::Machine::kInterrupts; ++number) {
        interrupts.push_back(machine_->interrupt(number));
    }
    const bool is_pc = spec.x86_board != vm::X86Board::microvm && !spec.is_none;
    KELVIN_TRY(is_pc ? build_pc(spec, interrupts) : build_microvm(spec, interrupts));
    return machine_->set_memory(board_->memory(), [this](const Error& error) { ports_.power.system_failed(0, error); });
}

Result<> X86Platform::build_microvm(const MachineSpec& spec, std::span<const Wire> interrupts) {
    machine::MicrovmConfig config;
    config.cpus = spec.cpu.count;
    config.ram_size = whole_pages(spec.ram_size);
    config.may_be_empty = spec.start_paused || spec.is_none;
    config.boot = boot_files(spec.boot);
    auto board = KELVIN_TRY(machine::Microvm::create(config, ports_.console, interrupts));
    port_map_ = &board->ports();
    board_ = std::move(board);
    return ok();
}

Result<> X86Platform::build_pc(const MachineSpec& spec, std::span<const Wire> interrupts) {
    machine::PcConfig config;
    config.chipset = spec.x86_board == vm::X86Board::q35 ? machine::pc::Chipset::q35 : machine::pc::Chipset::i440fx;
    config.cpus = spec.cpu.count;
    config.ram_size = whole_pages(spec.ram_size);
    config.clock_offset = spec.clock_offset;
    config.serial_console = spec.firmware_on_serial;
    config.menu = {spec.boot_order.menu, spec.boot_order.menu_wait_ms};
    config.smbios = KELVIN_TRY(describe_smbios(spec));
    config.firmware_files = KELVIN_TRY(read_firmware_files(spec.firmware_files));
    config.boot = boot_files(spec.boot);
    if (spec.boot.kernel.empty() || !spec.boot.firmware.empty()) {
        const std::string name = spec.boot.firmware.empty() ? std::string(kPcFirmware) : spec.boot.firmware;
        const std::string path = KELVIN_TRY(find_firmware(name, spec.boot.firmware_folders));
        config.firmware = KELVIN_TRY(read_whole_file(path, "-bios"));
    }
    messages_ = std::make_unique<KvmMessages>(*machine_);
    const machine::PcPorts ports = {
        ports_.console, ports_.timers,  ports_.io, ports_.input, static_cast<machine::PowerSwitch&>(*this),
        interrupts,     messages_.get()};
    auto board = KELVIN_TRY(machine::Pc::create(config, ports));
    port_map_ = &board->ports();
    board_ = std::move(board);
    return ok();
}

Result<std::unique_ptr<accel::Vcpu>> X86Platform::make_vcpu(unsigned index) {
    const accel::X86Ports ports = {port_map_, static_cast<accel::X86Board*>(this)};
    std::unique_ptr<kvm::KvmVcpu> vcpu =
        KELVIN_TRY(kvm::KvmVcpu::create(*machine_, index, processors_.at(index), ports));
    return std::unique_ptr<accel::Vcpu>(std::move(vcpu));
}

}  // namespace

Result<std::unique_ptr<Platform>> make_x86_platform(const MachineSpec& spec, const PlatformPorts& ports) {
    return X86Platform::create(spec, ports);
}

}  // namespace kelvin::vm
