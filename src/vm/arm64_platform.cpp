// SPDX-License-Identifier: Apache-2.0
// The board "virt", whose processors the translator executes.
#include <fmt/format.h>

#include <algorithm>

#include "accel/accelerator.h"
#include "cpu/arm64/model.h"
#include "firmware/kernel_image.h"
#include "firmware/x86_kernel.h"
#include "machine/psci.h"
#include "machine/virt_arm64.h"
#include "vm/arm64_platform.h"
#include "vm/firmware_files.h"
#include "vm/flash_images.h"
#include "vm/host_memory.h"
#include "vm/smbios_files.h"

namespace kelvin::vm {

namespace {

/// GICv2 serves no more processors (IHI 0048B 1.2).
constexpr unsigned kMaxCpusGicv2 = 8;

Result<GicVersion> gic_version(const MachineSpec& spec) {
    const unsigned count = spec.cpu.count;
    const GicVersion version = spec.gic.value_or(count <= kMaxCpusGicv2 ? GicVersion::v2 : GicVersion::v3);
    if (count > kMaxCpus) {
        return user_error(fmt::format("{} processors were asked for; there can be {}", count, kMaxCpus),
                          fmt::format("-smp {}", kMaxCpus));
    }
    if (version == GicVersion::v2 && count > kMaxCpusGicv2) {
        return user_error(fmt::format("{} processors were asked for; a GICv2 serves {} at most", count, kMaxCpusGicv2),
                          fmt::format("-M virt,gic-version=3 serves {}", kMaxCpus));
    }
    return version;
}

Result<machine::VirtConfig> board_config(const MachineSpec& spec, const arm64::Model& model) {
    const GicVersion gic = KELVIN_TRY(gic_version(spec));
    if (spec.translator.check_every != 0 && spec.cpu.count > 1) {
        return user_error("what a processor does cannot be checked while others write the memory that it reads",
                          "leave out check, or -smp");
    }
    if (spec.instruction_time && spec.cpu.count > 1) {
        return user_error(fmt::format("-icount needs -smp 1, and {} processors were asked for", spec.cpu.count),
                          "which of several executes its instruction first is for the host to decide");
    }
    const u64 reach = (u64{1} << std::min<unsigned>(model.physical_bits, 48)) - machine::virt::kRamBase.value;
    if (spec.ram_size > reach) {
        return user_error(fmt::format("{} can address {} of memory; {} were asked for", model.name,
                                      firmware::format_size(reach), firmware::format_size(spec.ram_size)),
                          "give the machine less memory: -m");
    }
    machine::VirtConfig config;
    config.cpus = spec.cpu.count;
    config.cpu_compatible = model.compatible;
    config.pmu = model.has(arm64::Feature::pmuv3);
    const CpuTopology& topology = spec.cpu.topology;
    config.topology = {topology.clusters, topology.cores, topology.threads};
    config.gic_version = static_cast<unsigned>(gic);
    config.its = spec.its;
    config.acpi = spec.acpi;
    config.menu = {spec.boot_order.menu, spec.boot_order.menu_wait_ms};
    // Processors number pages; a size that is no multiple of them would leave half a page at the end.
    config.ram_size = spec.ram_size & ~u64{4095};
    config.repeatable = spec.instruction_time.has_value();
    config.clock_offset = spec.clock_offset;
    config.may_be_empty = spec.start_paused || spec.is_none;
    config.boot = {spec.boot.kernel, spec.boot.initrd, spec.boot.arguments, spec.boot.device_tree};
    if (config.ram_size == 0) {
        return user_error("less than 4 KiB of memory were asked for", "-m counts MiB where no unit is given");
    }
    return config;
}

class Arm64Platform final : public Platform {
  public:
    static Result<std::unique_ptr<Platform>> create(const MachineSpec& spec, const PlatformPorts& ports);

    machine::Board& board() override { return *board_; }
    Result<std::unique_ptr<accel::Vcpu>> make_vcpu(unsigned index) override;
    bool starts_all_processors() const override { return false; }
    std::vector<std::string> notes() const override;
    std::string statistics() const override { return accelerator_->statistics(); }
    std::string closing_words() const override { return accelerator_->closing_words(); }

  private:
    Arm64Platform(const PlatformPorts& ports, arm64::Model model) : ports_(ports), model_(std::move(model)) {}
    Result<> build(const MachineSpec& spec);

    const PlatformPorts ports_;
    const arm64::Model model_;
    std::string firmware_;  // that was found, as none was named

    // In this order: each uses those before it.
    FlashImages flash_;
    std::unique_ptr<machine::VirtArm64> board_;
    std::unique_ptr<accel::Accelerator> accelerator_;
    std::unique_ptr<machine::Psci> psci_;
};

Result<std::unique_ptr<Platform>> Arm64Platform::create(const MachineSpec& spec, const PlatformPorts& ports) {
    arm64::Model model = KELVIN_TRY(arm64::find_model(spec.cpu.model, spec.cpu.properties));
    if (spec.gic == GicVersion::v3) {
        arm64::add_gic_cpu_interface(model);
    }
    std::unique_ptr<Arm64Platform> platform(new Arm64Platform(ports, std::move(model)));
    KELVIN_TRY(platform->build(spec));
    return std::unique_ptr<Platform>(std::move(platform));
}

Result<> Arm64Platform::build(const MachineSpec& spec) {
    machine::VirtConfig config = KELVIN_TRY(board_config(spec, model_));
    config.smbios = KELVIN_TRY(describe_smbios(spec));
    config.firmware_files = KELVIN_TRY(read_firmware_files(spec.firmware_files));
    firmware_ = KELVIN_TRY(find_default_firmware(spec));
    flash_ = KELVIN_TRY(open_flash_images(spec, firmware_));
    std::ranges::transform(flash_, config.flash.begin(), [](const auto& image) { return image.get(); });
    board_ = KELVIN_TRY(machine::VirtArm64::create(config, ports_.console, ports_.timers));
    accel::TranslatorOptions options = spec.translator;
    options.metered = ports_.instructions != nullptr;
    accelerator_ = KELVIN_TRY(accel::make_translator(board_->memory(), options));
    psci_ = std::make_unique<machine::Psci>(ports_.power, spec.cpu.count, false);
    return ok();
}

Result<std::unique_ptr<accel::Vcpu>> Arm64Platform::make_vcpu(unsigned index) {
    accel::Arm64Ports ports = board_->cpu_ports(index);
    ports.firmware = psci_.get();
    ports.clock = &ports_.timers;
    ports.timers = &ports_.timers;
    ports.instructions = ports_.instructions;
    std::unique_ptr<accel::Arm64Vcpu> vcpu = accelerator_->make_arm64_vcpu(index, model_, ports);
    board_->connect_cpu(index, vcpu->irq(), vcpu->fiq());
    return std::unique_ptr<accel::Vcpu>(std::move(vcpu));
}

std::vector<std::string> Arm64Platform::notes() const {
    std::vector<std::string> all;
    if (!firmware_.empty()) {
        all.push_back(fmt::format("the firmware is '{}'; it forgets its variables at the end", firmware_));
    }
    if (!board_->note().empty()) {
        all.push_back(board_->note());
    }
    return all;
}

}  // namespace

Result<std::unique_ptr<Platform>> make_arm64_platform(const MachineSpec& spec, const PlatformPorts& ports) {
    return Arm64Platform::create(spec, ports);
}

Result<> check_machine(const MachineSpec& spec) {
    KELVIN_TRY(check_ram_size(spec.ram_size, read_host_memory()));
    const bool is_x86 = spec.architecture == Architecture::x86_64;
    if (!is_x86) {
        const arm64::Model model = KELVIN_TRY(arm64::find_model(spec.cpu.model, spec.cpu.properties));
        KELVIN_TRY(board_config(spec, model));
    }
    for (const auto& [role, path] : {std::pair("kernel", spec.boot.kernel), std::pair("initrd", spec.boot.initrd)}) {
        if (!path.empty()) {
            KELVIN_TRY(firmware::InputFile::open(role, path));
        }
    }
    const bool by_firmware = !spec.boot.firmware.empty() || spec.pflash[0];
    if (spec.boot.kernel.empty() || by_firmware) {
        return ok();
    }
    if (is_x86) {
        KELVIN_TRY(firmware::X86Kernel::open(spec.boot.kernel));
    } else {
        KELVIN_TRY(firmware::KernelImage::open(spec.boot.kernel));
    }
    return ok();
}

Result<std::vector<u8>> device_tree_of(const MachineSpec& spec) {
    const arm64::Model model = KELVIN_TRY(arm64::find_model(spec.cpu.model, spec.cpu.properties));
    const machine::VirtConfig config = KELVIN_TRY(board_config(spec, model));
    machine::BootFacts facts;
    if (!spec.boot.arguments.empty()) {
        facts.arguments = spec.boot.arguments;
    }
    return machine::make_device_tree(config, facts);
}

}  // namespace kelvin::vm
