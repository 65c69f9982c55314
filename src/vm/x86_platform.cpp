// SPDX-License-Identifier: Apache-2.0
// The board "microvm", whose processors KVM executes.
#include "vm/x86_platform.h"

#include <fmt/format.h>

#include "accel/kvm/vcpu.h"
#include "machine/microvm.h"
#include "vm/x86_processors.h"

namespace kelvin::vm {

namespace {

class X86Platform final : public Platform, private accel::X86Board {
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
    void processor_shut_down(unsigned cpu) override { ports_.power.system_reset(cpu); }
    void processor_failed(unsigned cpu, const Error& error) override { ports_.power.system_failed(cpu, error); }

    const PlatformPorts ports_;
    X86Processors processors_;

    // In this order: each uses those before it.
    std::unique_ptr<kvm::Machine> machine_;
    std::unique_ptr<machine::Microvm> board_;
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
    machine::MicrovmConfig config;
    config.cpus = spec.cpu.count;
    config.ram_size = spec.ram_size & ~u64{4095};
    config.may_be_empty = spec.start_paused || spec.is_none;
    config.boot = {spec.boot.kernel, spec.boot.initrd, spec.boot.arguments, spec.boot.device_tree};
    board_ = KELVIN_TRY(machine::Microvm::create(config, ports_.console, interrupts));
    return machine_->set_memory(board_->memory(), [this](const Error& error) { ports_.power.system_failed(0, error); });
}

Result<std::unique_ptr<accel::Vcpu>> X86Platform::make_vcpu(unsigned index) {
    const accel::X86Ports ports = {&board_->ports(), static_cast<accel::X86Board*>(this)};
    std::unique_ptr<kvm::KvmVcpu> vcpu =
        KELVIN_TRY(kvm::KvmVcpu::create(*machine_, index, processors_.at(index), ports));
    return std::unique_ptr<accel::Vcpu>(std::move(vcpu));
}

}  // namespace

Result<std::unique_ptr<Platform>> make_x86_platform(const MachineSpec& spec, const PlatformPorts& ports) {
    return X86Platform::create(spec, ports);
}

}  // namespace kelvin::vm
