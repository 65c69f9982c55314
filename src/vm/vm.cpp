// SPDX-License-Identifier: Apache-2.0
#include "vm/vm.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/timer_service.h"
#include "cpu/arm64/model.h"
#include "firmware/kernel_image.h"
#include "vm/firmware_files.h"
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

}  // namespace

Vm::Vm(const MachineSpec& spec, EventLoop& loop, backend::CharacterDevices& characters, VmOwner& owner)
    : spec_(spec),
      loop_(loop),
      characters_(characters),
      owner_(owner),
      events_(loop, [&owner](const std::string& name, const state::Json& data) { owner.device_event(name, data); }) {}

Vm::~Vm() {
    stop_cpus();
    if (machine_ != nullptr) {
        // A device's timer may still drive an interrupt line.
        machine_->disconnect_cpus();
    }
    devices_.reset();  // what it reports is for this object
    loop_.cancel(this);
}

Result<std::unique_ptr<Vm>> Vm::create(const MachineSpec& spec, EventLoop& loop, backend::CharacterBackend& console,
                                       backend::CharacterDevices& characters, VmOwner& owner) {
    std::unique_ptr<Vm> vm(new Vm(spec, loop, characters, owner));
    KELVIN_TRY(vm->build(console));
    return vm;
}

Result<> Vm::build(backend::CharacterBackend& console) {
    KELVIN_TRY(check_ram_size(spec_.ram_size, read_host_memory()));
    arm64::Model model = KELVIN_TRY(arm64::find_model(spec_.cpu.model, spec_.cpu.properties));
    if (spec_.gic == GicVersion::v3) {
        arm64::add_gic_cpu_interface(model);
    }
    machine::VirtConfig config = KELVIN_TRY(board_config(spec_, model));
    config.smbios = KELVIN_TRY(describe_smbios(spec_));
    config.firmware_files = KELVIN_TRY(read_firmware_files(spec_.firmware_files));
    firmware_ = KELVIN_TRY(find_default_firmware(spec_));
    flash_ = KELVIN_TRY(open_flash_images(spec_, firmware_));
    std::ranges::transform(flash_, config.flash.begin(), [](const auto& image) { return image.get(); });
    KELVIN_TRY(make_timers());
    machine_ = KELVIN_TRY(machine::VirtArm64::create(config, console, *timers_));
    accel::TranslatorOptions options = spec_.translator;
    options.metered = instructions_ != nullptr;
    accelerator_ = KELVIN_TRY(accel::make_translator(machine_->memory(), options));
    psci_ = std::make_unique<machine::Psci>(static_cast<PowerControl&>(*this), spec_.cpu.count, false);
    KELVIN_TRY(add_devices());
    return add_cpus(model);
}

std::vector<std::string> Vm::notes() const {
    std::vector<std::string> all = drives_.notes();
    if (!firmware_.empty()) {
        all.push_back(fmt::format("the firmware is '{}'; it forgets its variables at the end", firmware_));
    }
    if (!machine_->note().empty()) {
        all.push_back(machine_->note());
    }
    return all;
}

Result<> Vm::add_devices() {
    for (const state::Json& node : spec_.block_nodes) {
        KELVIN_TRY(drives_.add_node(node));
    }
    for (const DriveSpec& drive : spec_.drives) {
        KELVIN_TRY(drives_.add(drive));
    }
    networks_ = std::make_unique<Networks>(io_.loop, *timers_);
    for (const NetworkSpec& network : spec_.networks) {
        KELVIN_TRY(networks_->add(network));
    }
    balloon_ =
        std::make_unique<backend::MemoryBalloon>(spec_.ram_size, io_.loop, loop_, static_cast<BalloonObserver*>(this));
    backends_ = std::make_unique<Backends>(drives_, *networks_, characters_, *balloon_);
    for (const ObjectSpec& object : spec_.objects) {
        KELVIN_TRY(backends_->add_object(object));
    }
    const Devices::Ports ports = {
        machine_->memory(), *timers_, io_.loop, loop_, *backends_, static_cast<bus::DeviceEvents&>(*this),
        spec_.cpu.count};
    devices_ = std::make_unique<Devices>(ports, machine_->buses(), spec_.globals, static_cast<DevicesObserver*>(this));
    for (const DeviceSpec& device : spec_.devices) {
        KELVIN_TRY(devices_->add(device, false));
    }
    return ok();
}

Result<> Vm::add_object(const ObjectSpec& spec) {
    Result<> outcome = ok();
    io_.loop.call([&] { outcome = backends_->add_object(spec); });
    return outcome;
}

Result<> Vm::remove_object(const std::string& id) {
    Result<> outcome = ok();
    io_.loop.call([&] { outcome = backends_->remove_object(id); });
    return outcome;
}

Result<> Vm::make_timers() {
    if (spec_.instruction_time) {
        auto clock = std::make_unique<InstructionClock>(spec_.instruction_time->shift, spec_.instruction_time->sleeps);
        instructions_ = clock.get();
        timers_ = std::move(clock);
    } else {
        timers_ = KELVIN_TRY(HostTimerService::create());
    }
    timers_->pause();
    return ok();
}

Result<> Vm::add_cpus(const arm64::Model& model) {
    for (unsigned index = 0; index < spec_.cpu.count; ++index) {
        accel::Arm64Ports ports = machine_->cpu_ports(index);
        ports.firmware = psci_.get();
        ports.clock = timers_.get();
        ports.timers = timers_.get();
        ports.instructions = instructions_;
        auto vcpu = accelerator_->make_arm64_vcpu(index, model, ports);
        machine_->connect_cpu(index, vcpu->irq(), vcpu->fiq());
        // What is to be seen of it until it is switched on.
        vcpu->reset(0, 0);
        cpus_.push_back(std::make_unique<CpuThread>(std::move(vcpu), static_cast<CpuThreadOwner&>(*this),
                                                    fmt::format("CPU {}", cpus_.size())));
    }
    return ok();
}

Result<> Vm::begin() {
    const auto path_of = [this](const bus::Bus& bus) { return machine_->firmware_path(bus); };
    KELVIN_TRY(machine_->set_boot_order(boot_order(devices_->bootables(path_of), spec_.boot_order, first_start_)));
    first_start_ = false;
    const machine::BootEntry entry = KELVIN_TRY(machine_->load());
    cpus_.front()->switch_on({entry.pc, entry.x0});
    cpus_.front()->wait_until_still();
    off_ = false;
    return ok();
}

Result<> Vm::start() {
    if (spec_.is_none) {
        return ok();
    }
    KELVIN_TRY(begin());
    if (!spec_.start_paused) {
        resume();
    }
    return ok();
}

void Vm::pause() {
    if (running_) {
        running_ = false;
        stop_cpus();
        if (debug_observer_ != nullptr) {
            debug_observer_->machine_paused();
        }
    }
}

void Vm::resume() {
    if (!running_ && !off_ && !spec_.is_none) {
        running_ = true;
        go_on_after_disk();
        clear_debug_orders();
        allow_cpus();
    }
}

void Vm::stop_cpus() {
    for (const auto& cpu : cpus_) {
        cpu->allow(false);
    }
    for (const auto& cpu : cpus_) {
        cpu->wait_until_still();
    }
    if (timers_ != nullptr) {
        timers_->pause();
    }
}

void Vm::allow_cpus() {
    timers_->resume();
    for (unsigned index = 0; index < cpus_.size(); index++) {
        if (held_.empty() || !held_[index]) {
            cpus_[index]->allow(true);
        }
    }
}

void Vm::reset() {
    stop_cpus();
    for (const auto& cpu : cpus_) {
        cpu->switch_off();
    }
    devices_->reset();
    paused_by_disk_ = false;  // what a disk's failure kept is forgotten
    machine_->reset();
    if (auto begun = begin(); !begun) {
        running_ = false;
        off_ = true;
        owner_.machine_failed(begun.error());
        return;
    }
    if (running_) {
        allow_cpus();
    }
}

void Vm::press_power_key() {
    machine_->press_power_key();
}

std::string Vm::describe_registers(unsigned index) {
    if (index >= cpus_.size()) {
        return fmt::format("there is no CPU {}\n", index);
    }
    std::string text;
    while_still([&] { text = cpus_[index]->vcpu().describe_registers(); });
    return text;
}

void Vm::guest_off() {
    running_ = false;
    off_ = true;
    stop_cpus();
    owner_.guest_switched_off();
    if (!spec_.pause_on_shutdown) {
        owner_.machine_ended();
    } else if (debug_observer_ != nullptr) {
        debug_observer_->machine_paused();
    }
}

void Vm::guest_reset() {
    if (spec_.exit_on_reset) {
        guest_off();
    } else {
        reset();
        owner_.guest_was_reset();
    }
}

void Vm::device_event(std::string_view name, state::Json data) {
    events_.add(name, std::move(data));
}

void Vm::disk_failed(state::Json report, bool stops) {
    if (report.is_null() && !stops) {
        return;
    }
    const std::lock_guard lock(failures_lock_);
    failures_.push_back({std::move(report), stops});
    loop_.post(call_method<&Vm::report_failures, Vm>, this);
}

void Vm::report_failures() {
    std::vector<DiskFailure> failures;
    {
        const std::lock_guard lock(failures_lock_);
        failures.swap(failures_);
    }
    for (const DiskFailure& failure : failures) {
        if (!failure.report.is_null()) {
            owner_.device_event("BLOCK_IO_ERROR", failure.report);
        }
        if (failure.stops && running_) {
            pause();
            paused_by_disk_ = true;
            owner_.disk_paused_machine();
        }
    }
}

/// Requests that were kept are tried again. Before the processors run: they may fail again, and pause the machine.
void Vm::go_on_after_disk() {
    paused_by_disk_ = false;
    drives_.retry();
}

void Vm::balloon_changed(u64 actual_bytes) {
    owner_.device_event("BALLOON_CHANGE", {{"actual", actual_bytes}});
}

machine::PowerControl::State Vm::cpu_state(unsigned cpu) {
    return cpus_[cpu]->power();
}

machine::PowerControl::State Vm::cpu_on(unsigned cpu, u64 entry, u64 context) {
    return cpus_[cpu]->switch_on({entry, context});
}

void Vm::cpu_off(unsigned cpu) {
    cpus_[cpu]->switch_off();
}

void Vm::system_off(unsigned cpu) {
    cpus_[cpu]->switch_off();
    loop_.post(call_method<&Vm::guest_off, Vm>, this);
}

void Vm::system_reset(unsigned cpu) {
    cpus_[cpu]->switch_off();
    loop_.post(call_method<&Vm::guest_reset, Vm>, this);
}

Result<> check_machine(const MachineSpec& spec) {
    KELVIN_TRY(check_ram_size(spec.ram_size, read_host_memory()));
    const arm64::Model model = KELVIN_TRY(arm64::find_model(spec.cpu.model, spec.cpu.properties));
    KELVIN_TRY(board_config(spec, model));
    for (const auto& [role, path] : {std::pair("kernel", spec.boot.kernel), std::pair("initrd", spec.boot.initrd)}) {
        if (!path.empty()) {
            KELVIN_TRY(firmware::InputFile::open(role, path));
        }
    }
    const bool by_firmware = !spec.boot.firmware.empty() || spec.pflash[0];
    if (!spec.boot.kernel.empty() && !by_firmware) {
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

Result<> Vm::set_link(const std::string& name, bool up) {
    const std::string network = networks_->network_of(devices_->owner_of(name));
    return networks_->set_link(network.empty() ? name : network, up);
}

}  // namespace kelvin::vm
